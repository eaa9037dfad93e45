"""Decoding: the right frames, in order, upright, at their times, whatever the codec and the header say."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from conftest import CODECS, EVERY_FRAME, counting_frames, drawn_frames, encode, numbers

from reeljudge.clips import FrameSettings, Limits, decode_here, sha256_file, write_video
from reeljudge.errors import VideoTooLarge, VideoUnreadable


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_gives_its_frames_in_order(videos, name, capfd):
    path = videos(name)
    capfd.readouterr()  # encoders are talkative
    frames = decode_here(path, EVERY_FRAME)
    assert numbers(frames.pixels) == list(range(24))
    assert frames.indices == tuple(range(24))
    assert frames.timestamps == pytest.approx([index / 12 for index in range(24)], abs=2e-3)
    assert frames.fps == pytest.approx(12, rel=0.01)
    assert (frames.total_frames, frames.source_width, frames.source_height) == (24, 64, 64)
    assert frames.pixels.dtype == np.uint8
    assert frames.flags == frames.notes == ()
    assert frames.sha256 == sha256_file(path)
    assert frames.decoder == f"PyAV {av.__version__}"
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("name", ["h264.mp4", "vp9.webm", "hevc.mp4"])
def test_a_rule_gets_the_frames_that_it_chose(videos, name):
    frames = decode_here(videos(name), FrameSettings())
    assert frames.indices == (0, 8, 15, 23)  # 24 frames at 12 fps: 4, 23/3 apart
    assert numbers(frames.pixels) == [0, 8, 15, 23]
    assert frames.rule == "qwen"
    assert frames.pixels.shape == (4, 336, 336, 3)  # 64 x 64 is below 128 tokens
    assert frames.seconds_per_grid == 1.0


def test_grey_video_becomes_rgb(tmp_path):
    path = encode(tmp_path / "grey.mp4", counting_frames(24), "libx264", "gray")
    frames = decode_here(path, EVERY_FRAME)
    # Unless a stream says otherwise its luma runs from 16 to 235.
    expected = [(24 + 8 * index - 16) * 255 / 219 for index in range(24)]
    assert frames.pixels[:, 20, 20].mean(axis=1) == pytest.approx(expected, abs=1)
    assert (frames.pixels[..., 0] == frames.pixels[..., 2]).all()


def test_gif(tmp_path):
    write_video(tmp_path / "clip.gif", counting_frames(24), 10)
    frames = decode_here(tmp_path / "clip.gif", EVERY_FRAME)
    assert numbers(frames.pixels) == list(range(24))
    assert frames.timestamps == pytest.approx([index / 10 for index in range(24)])
    assert frames.fps == 10


def test_three_keyframes_become_four_pictures(videos):
    frames = decode_here(videos("h264.mp4"), FrameSettings(rule="keyframes"))
    assert frames.indices == (0, 12, 23, 23)
    assert numbers(frames.pixels) == [0, 12, 23, 23]
    assert (frames.pixels[2] == frames.pixels[3]).all()
    assert frames.seconds_per_grid == 1.0  # two cells over two seconds


def test_one_frame_is_shown_twice(tmp_path):
    path = encode(tmp_path / "one.mp4", counting_frames(1))
    frames = decode_here(path)
    assert frames.indices == (0, 0)
    assert frames.timestamps == (0.0, 0.0)
    assert (frames.pixels[0] == frames.pixels[1]).all()
    assert frames.flags == ("few_frames",)
    assert frames.notes == ()


def test_two_and_three_frames_are_no_few_frames(tmp_path):
    for count, indices in ((2, (0, 1)), (3, (0, 2))):
        frames = decode_here(encode(tmp_path / f"{count}.mp4", counting_frames(count)))
        assert frames.indices == indices
        assert frames.flags == ()


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_variable_frame_rate_keeps_its_own_times(tmp_path, suffix):
    times = [0, 40, 300, 310, 700, 900, 905, 1500]
    path = encode(tmp_path / f"clip.{suffix}", counting_frames(8), milliseconds=times)
    frames = decode_here(path, EVERY_FRAME)
    assert frames.timestamps == pytest.approx([time / 1000 for time in times], abs=2e-3)
    assert numbers(frames.pixels) == list(range(8))


def test_timestamps_start_at_the_first_frame(tmp_path):
    path = encode(tmp_path / "late.mkv", counting_frames(4), milliseconds=[5000, 5100, 5200, 5300])
    assert decode_here(path, EVERY_FRAME).timestamps == pytest.approx([0, 0.1, 0.2, 0.3], abs=2e-3)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (270, 3), (-90, 3)])
def test_the_rotation_flag_is_applied(tmp_path, rotation, turns):
    frames = drawn_frames(4, 48, 64)
    path = encode(
        tmp_path / "turned.mp4", frames, "libx264rgb", "rgb24", options={"qp": "0"}, rotation=rotation
    )
    turned = decode_here(path, EVERY_FRAME)
    # FFmpeg's rotation counts counterclockwise, as numpy's does.
    assert (turned.pixels == np.rot90(frames, turns, axes=(1, 2))).all()
    size = (48, 64) if turns % 2 else (64, 48)
    assert (turned.source_width, turned.source_height) == size


@pytest.mark.parametrize(
    ("pixels", "codec", "suffix"), [("yuv444p", "libx264", "mp4"), ("yuv420p", "libvpx-vp9", "webm")]
)
def test_odd_sides(tmp_path, pixels, codec, suffix):
    path = encode(tmp_path / f"odd.{suffix}", counting_frames(5, 35, 51), codec, pixels)
    frames = decode_here(path, EVERY_FRAME)
    assert frames.pixels.shape == (5, 35, 51, 3)
    assert numbers(frames.pixels) == list(range(5))


def test_lossless_frames_come_back_bit_for_bit(tmp_path):
    frames = drawn_frames(7, 33, 47)
    write_video(tmp_path / "exact.mp4", frames, 24, lossless=True)
    assert (decode_here(tmp_path / "exact.mp4", EVERY_FRAME).pixels == frames).all()


def test_names_with_spaces_and_other_alphabets(tmp_path):
    folder = tmp_path / "ein Ordner % 日本語"
    folder.mkdir()
    for name in ("a b.mp4", "кот:1.mp4", "-dash.mp4", "100%d.mp4", "naïve 'q'.mp4"):
        write_video(folder / name, counting_frames(4), 8)
        assert numbers(decode_here(folder / name, EVERY_FRAME).pixels) == [0, 1, 2, 3]


class TestDamage:
    """A damaged file is judged by what decodes, if that is as much as the rule shows of a whole one."""

    def cut(self, clip: Path, tmp_path: Path, packets: int) -> Path:
        """The file up to the end of its first so many packets."""
        with av.open(clip) as container:
            last = [packet for packet in container.demux(video=0) if packet.size][packets - 1]
        path = tmp_path / "cut.mp4"
        path.write_bytes(clip.read_bytes()[: last.pos + last.size])
        return path

    def test_the_frames_that_are_there_are_judged_and_noted(self, clip, tmp_path):
        whole = decode_here(clip, EVERY_FRAME)
        frames = decode_here(self.cut(clip, tmp_path, 40), EVERY_FRAME.with_(rule="uniform:8"))
        assert 38 <= frames.total_frames <= 40
        assert frames.indices[-1] == frames.total_frames - 1
        assert len(frames.notes) == 1
        assert frames.notes[0].startswith(f"damaged or cut off: {frames.total_frames} of 60 frames decode")
        for index, picture in zip(frames.indices, frames.pixels, strict=True):
            if index < 36:  # three groups of twelve are whole
                assert (picture == whole.pixels[index]).all()

    def test_too_few_frames_are_unreadable(self, clip, tmp_path):
        path = self.cut(clip, tmp_path, 9)
        with pytest.raises(VideoUnreadable, match=r"cut\.mp4: damaged .* and the rule qwen needs 10"):
            decode_here(path)
        with pytest.raises(VideoUnreadable, match="the rule uniform:16 needs 16"):
            decode_here(path, FrameSettings(rule="uniform:16"))
        assert decode_here(path, FrameSettings(rule="keyframes")).notes

    def test_without_its_index_nothing_is_readable(self, videos, tmp_path):
        path = tmp_path / "half.mp4"
        content = videos("h264.mp4").read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(VideoUnreadable, match=r"half\.mp4: not a video that can be opened"):
            decode_here(path)

    def test_a_frame_that_does_not_decode_is_not_counted(self, tmp_path):
        path = encode(tmp_path / "clip.avi", counting_frames(24), "mjpeg", "yuvj420p")
        content = bytearray(path.read_bytes())
        with av.open(path) as container:
            packet = [packet for packet in container.demux(video=0) if packet.size][5]
        content[packet.pos + 8 : packet.pos + packet.size - 8] = bytes(packet.size - 16)
        path.write_bytes(content)
        frames = decode_here(path, EVERY_FRAME.with_(rule="uniform:23"))
        assert frames.total_frames == 23
        assert numbers(frames.pixels) == [index for index in range(24) if index != 5]
        assert frames.indices == tuple(range(23))
        assert frames.notes[0].startswith("damaged or cut off: 23 of 24 frames decode")

    def test_a_header_that_promises_too_much_is_not_believed(self, tmp_path):
        path = encode(tmp_path / "clip.avi", counting_frames(12), "mpeg4")
        content = bytearray(path.read_bytes())
        at = content.index(b"avih") + 8 + 16  # the main header's count of frames
        assert int.from_bytes(content[at : at + 4], "little") == 12
        content[at : at + 4] = (1000).to_bytes(4, "little")
        at = content.index(b"strh") + 8 + 32  # and the stream's own
        content[at : at + 4] = (1000).to_bytes(4, "little")
        path.write_bytes(content)
        frames = decode_here(path, EVERY_FRAME.with_(rule="qwen", temporal_factor=2))
        assert frames.total_frames == 12
        assert frames.indices == (0, 4, 7, 11)


class TestLimits:
    def test_each_is_named_with_its_value_and_option(self, clip):
        size = clip.stat().st_size
        for limits, says in (
            (
                Limits(max_bytes=size - 1),
                f"{size:,} bytes, more than the limit max_bytes = {size - 1:,}; .*--max-bytes",
            ),
            (Limits(max_seconds=3), "seconds of video, more than the limit max_seconds = 3; .*--max-seconds"),
            (Limits(max_pixels=4000), r"4,096 pixels per frame, .* max_pixels = 4,000; .*Limits\(max_pixels"),
            (Limits(max_frames=59), r"60 frames, .* max_frames = 59; .*Limits\(max_frames"),
        ):
            with pytest.raises(VideoTooLarge, match=says) as caught:
                decode_here(clip, limits=limits)
            assert str(clip) in str(caught.value)

    def test_what_just_fits_is_decoded(self, clip):
        size = clip.stat().st_size
        exact = Limits(max_bytes=size, max_seconds=5.0, max_pixels=4096, max_frames=60)
        assert decode_here(clip, limits=exact).total_frames == 60

    def test_a_limit_never_changes_the_frames(self, clip):
        assert (decode_here(clip, limits=Limits(max_seconds=6)).pixels == decode_here(clip).pixels).all()

    @pytest.mark.parametrize("side", [96, 512])
    def test_a_picture_that_grows_on_the_way_is_refused(self, tmp_path, side):
        parts = [
            encode(tmp_path / f"{s}.ts", counting_frames(6, s, s), options={"bf": "0"}) for s in (64, side)
        ]
        path = tmp_path / "grows.ts"
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
        assert decode_here(path, EVERY_FRAME).total_frames >= 11
        with pytest.raises((VideoTooLarge, VideoUnreadable), match=r"max_pixels|damaged"):
            decode_here(path, EVERY_FRAME, Limits(max_pixels=5_000))


def test_any_settings_of_frames_reach_the_result(videos):
    chosen = FrameSettings(rule="uniform:5", factor=32, temporal_factor=3, min_pixels=1, max_pixels=64 * 64)
    frames = decode_here(videos("h264.mp4"), chosen)
    assert frames.pixels.shape == (6, 64, 64, 3)
    assert frames.indices == (0, 6, 12, 17, 23, 23)
    assert replace(frames, pixels=frames.pixels[:1]).height == 64


def test_what_an_edit_list_cuts_away_is_neither_shown_nor_missed(tmp_path):
    plain = encode(tmp_path / "plain.mp4", counting_frames(24))
    with (
        av.open(plain) as whole,
        av.open(tmp_path / "cut.mp4", "w", options={"avoid_negative_ts": "disabled"}) as out,
    ):
        stream = out.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                second = int(1 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - second, packet.dts - second, stream
                out.mux(packet)
    frames = decode_here(tmp_path / "cut.mp4", EVERY_FRAME)
    assert numbers(frames.pixels) == list(range(12, 24))
    assert frames.notes == ()
