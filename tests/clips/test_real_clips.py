"""The real clips: every one decodes, and shows exactly what qwen-vl-utils would show."""

import json

import numpy as np
import pytest

from reeljudge.clips import Decoder, FrameSettings, decode_here

pytestmark = pytest.mark.corpus

QUICK = 6
"""How many of the smallest clips the default run takes."""


@pytest.fixture
def chosen(corpus_videos, request):
    if request.param == "all":
        return corpus_videos
    return sorted(corpus_videos, key=lambda path: path.stat().st_size)[:QUICK]


some_and_all = pytest.mark.parametrize(
    "chosen", ["smallest", pytest.param("all", marks=pytest.mark.slow)], indirect=True
)


@some_and_all
def test_every_clip_decodes_as_its_row_says(chosen):
    rows = {}
    for line in (chosen[0].parent / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        rows[row["file"]] = row
    with Decoder(workers=2) as decoder:
        futures = [(path, decoder.submit(path)) for path in chosen]
        for path, future in futures:
            frames, row = future.result(), rows[path.name]
            assert frames.total_frames == row["frames"], path.name
            assert (frames.source_width, frames.source_height) == (row["width"], row["height"])
            rate = row["fps"] or frames.fps  # not stated for the GIFs
            assert frames.fps == pytest.approx(rate, rel=0.01)
            assert frames.sha256 == row["sha256"]
            assert frames.notes == ()
            assert 100_352 * 0.9 < frames.height * frames.width <= 602_112
            # At two frames a second a cell of the grid spans one second, save for rounding and bounds.
            if row["frames"] / rate > 2.5:
                assert frames.seconds_per_grid == pytest.approx(1.0, abs=0.3)


@some_and_all
def test_the_same_frames_as_qwen_vl_utils(chosen, monkeypatch):
    """Indices, frame rate and pixels after resizing, through its decord reader."""
    reason = "qwen-vl-utils and decord are the oracles of this test"
    oracle = pytest.importorskip("qwen_vl_utils.vision_process", reason=reason)
    pytest.importorskip("decord", reason=reason)
    torch = pytest.importorskip("torch", reason=reason)
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("torch computes without fused multiply-add here")
    monkeypatch.setattr(oracle, "get_video_reader_backend", lambda: "decord")
    videos = [path for path in chosen if path.suffix == ".mp4"]
    assert videos
    with Decoder(workers=1) as decoder:
        futures = [decoder.submit(path) for path in videos]
        for path, future in zip(videos, futures, strict=True):
            (pixels, told), sampled = oracle.fetch_video(
                {"video": str(path), "fps": 2.0}, return_video_sample_fps=True, return_video_metadata=True
            )
            frames = future.result()
            assert [int(index) for index in told["frames_indices"]] == list(frames.indices), path.name
            assert (told["fps"], told["total_num_frames"]) == (frames.fps, frames.total_frames)
            assert 2 / frames.seconds_per_grid == pytest.approx(sampled, abs=1e-12)
            assert np.array_equal(pixels.permute(0, 2, 3, 1).numpy(), frames.pixels), path.name


@some_and_all
def test_the_same_raw_frames_as_decord(chosen):
    decord = pytest.importorskip("decord", reason="decord is the oracle of this test")
    for path in (path for path in chosen if path.suffix == ".mp4"):
        reader = decord.VideoReader(str(path))
        raw = FrameSettings(rule="uniform:12", factor=1, min_pixels=1, max_pixels=10**9, total_pixels=10**10)
        frames = decode_here(path, raw)
        assert frames.total_frames == len(reader)
        assert np.array_equal(reader.get_batch(list(frames.indices)).asnumpy(), frames.pixels), path.name
