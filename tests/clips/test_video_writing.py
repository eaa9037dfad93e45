"""Videos that we write: deterministic bytes, the frames that were given, honest errors."""

import av
import numpy as np
import pytest
from conftest import EVERY_FRAME, counting_frames, drawn_frames, numbers

from reeljudge.clips import decode_here, sha256_file, write_video
from reeljudge.errors import UsageError


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.gif"])
def test_what_was_written_is_read_back(tmp_path, name):
    frames = drawn_frames(9, 48, 64)
    write_video(tmp_path / name, frames, 10)
    seen = decode_here(tmp_path / name, EVERY_FRAME)
    assert seen.pixels.shape == frames.shape
    assert seen.timestamps == pytest.approx([index / 10 for index in range(9)], abs=2e-3)
    assert seen.fps == pytest.approx(10)
    assert (
        np.abs(seen.pixels.astype(int) - frames).mean() < 12
    )  # colours at half the resolution, or 256 of them
    write_video(tmp_path / f"again.{name}", frames, 10)
    assert sha256_file(tmp_path / name) == sha256_file(tmp_path / f"again.{name}")


def test_lossless(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 31, 45, 3), dtype=np.uint8)
    write_video(tmp_path / "clip.mp4", frames, 8, lossless=True)
    assert (decode_here(tmp_path / "clip.mp4", EVERY_FRAME).pixels == frames).all()


def test_an_odd_side_gets_its_last_line_once_more(tmp_path):
    frames = np.zeros((3, 33, 47, 3), np.uint8)
    frames[:, -1], frames[:, :, -1] = 200, 200
    write_video(tmp_path / "clip.mp4", frames, 8)
    pixels = decode_here(tmp_path / "clip.mp4", EVERY_FRAME).pixels
    assert pixels.shape == (3, 34, 48, 3)
    assert pixels[:, 33, 20].mean() == pytest.approx(200, abs=12)
    assert pixels[:, 20, 47].mean() == pytest.approx(200, abs=12)
    assert pixels[:, 20, 20].mean() == pytest.approx(0, abs=12)


def test_equal_frames_stay_as_many_in_a_gif(tmp_path):
    write_video(tmp_path / "still.gif", np.repeat(counting_frames(1), 6, axis=0), 10)
    assert decode_here(tmp_path / "still.gif", EVERY_FRAME).total_frames == 6


@pytest.mark.parametrize("fps", [8, 23.976, 29.97, 0.5])
def test_frame_rates(tmp_path, fps):
    write_video(tmp_path / "clip.mp4", counting_frames(6), fps)
    seen = decode_here(tmp_path / "clip.mp4", EVERY_FRAME)
    assert seen.fps == pytest.approx(fps, rel=1e-3)
    assert numbers(seen.pixels) == list(range(6))


def test_every_player_can_show_it(tmp_path):
    write_video(tmp_path / "clip.mp4", counting_frames(4), 8)
    with av.open(tmp_path / "clip.mp4") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")


@pytest.mark.parametrize(
    ("frames", "fps"),
    [
        (counting_frames(2)[0], 8),
        (counting_frames(2).astype(float), 8),
        (counting_frames(2)[..., :1], 8),
        (counting_frames(1)[:0], 8),
        (counting_frames(2), 0),
        (counting_frames(2), float("nan")),
        (counting_frames(2), float("inf")),
    ],
)
def test_what_is_no_video_is_refused(tmp_path, frames, fps):
    with pytest.raises(ValueError, match=r"frames must be|fps is"):
        write_video(tmp_path / "clip.mp4", frames, fps)
    assert not (tmp_path / "clip.mp4").exists()


def test_unknown_suffixes_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"use \.mp4"):
        write_video(tmp_path / "clip.webm", counting_frames(2), 8)
    with pytest.raises(UsageError, match="cannot be lossless"):
        write_video(tmp_path / "clip.gif", counting_frames(2), 8, lossless=True)
