"""What people call a video: each broken one is one clear line, and nothing is printed."""

import os
import re
import struct

import av
import numpy as np
import pytest
from conftest import counting_frames, encode

from reeljudge.clips import decode_here
from reeljudge.errors import ClipError, VideoUnreadable


def sound(path, cover=False):
    """A second of silence, with a picture of the album if wanted."""
    with av.open(path, "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=44100)
        if cover:
            art = out.add_stream("mjpeg")
            art.width = art.height = 64
            art.pix_fmt = "yuvj420p"
            art.disposition = av.stream.Disposition.attached_pic
            picture = av.VideoFrame.from_ndarray(counting_frames(1, 64, 64)[0], format="rgb24")
            for packet in [*art.encode(picture), *art.encode(None)]:
                out.mux(packet)
        for index in range(43):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def enormous_gif():
    """A few bytes that promise 65535 x 65535 pixels."""
    side = struct.pack("<HH", 65535, 65535)
    screen = b"GIF89a" + side + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    return screen + b"\x2c\0\0\0\0" + side + b"\0" + b"\x02\x02\x44\x01\0\x3b"


FILES = {
    "empty.mp4": (b"", "the file is empty"),
    "text.mp4": (b"no video at all, only words\n" * 40, "not a video that can be opened"),
    "noise.mp4": (bytes(range(256)) * 20, "not a video that can be opened"),
    "header.mp4": (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "not a video that can be opened"),
    "page.webm": (
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        "not a video that can be opened",
    ),
    "list.mp4": (
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        "not a video that can be opened",
    ),
    "script.mp4": (b"ffconcat version 1.0\nfile 'other.mp4'\n", "not a video that can be opened"),
    "huge.gif": (enormous_gif(), "no frame can be decoded|pixels per frame"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_video(tmp_path, capfd, name):
    content, says = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ClipError, match=f"{re.escape(str(path))}: .*({says})") as caught:
        decode_here(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_sound_without_pictures(tmp_path):
    sound(tmp_path / "sound.mp4")
    with pytest.raises(VideoUnreadable, match=r"no moving pictures in it \(only audio\)"):
        decode_here(tmp_path / "sound.mp4")


def test_cover_art_is_no_video(tmp_path):
    sound(tmp_path / "song.m4a", cover=True)
    with pytest.raises(VideoUnreadable, match=r"only audio, cover art"):
        decode_here(tmp_path / "song.m4a")


def test_a_playlist_cannot_reach_other_files(tmp_path):
    """Not even a good video beside it."""
    encode(tmp_path / "good.mp4", counting_frames(4))
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ngood.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(VideoUnreadable):
        decode_here(path)


def test_places_that_hold_no_file(tmp_path):
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, says in (
        ("missing.mp4", "no such file"),
        ("folder.mp4", "a folder, where a video file is expected"),
        ("pipe.mp4", "not a file, where a video file is expected"),
        ("x" * 400 + ".mp4", "cannot be read: File name too long"),
        ("null\0byte.mp4", "cannot be read: embedded null byte"),
        ("folder.mp4/inside.mp4", "no such file"),
    ):
        with pytest.raises(VideoUnreadable, match=says):
            decode_here(tmp_path / name)


def test_an_address_is_told_from_a_file():
    with pytest.raises(VideoUnreadable, match="download the video"):
        decode_here("https://example.org/clip.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = encode(tmp_path / "secret.mp4", counting_frames(2))
    path.chmod(0)
    with pytest.raises(VideoUnreadable, match="Permission denied"):
        decode_here(path)


def test_tags_that_are_not_utf8_do_no_harm(tmp_path):
    path = tmp_path / "tagged.mkv"
    with av.open(path, "w", metadata_encoding="latin-1") as out:
        out.metadata["title"] = "caf\xe9 \xff\xfe"
        stream = out.add_stream("libx264", rate=8)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for index, picture in enumerate(counting_frames(4, 32, 32)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert decode_here(path).total_frames == 4
