"""Mangled videos: each is decoded or refused in one clear line; none crashes, hangs or leaks."""

from contextlib import suppress
from pathlib import Path

import pytest
from conftest import CODECS, counting_frames
from fuzzing import fuzz, mangled

from reeljudge.clips import write_video

GENERATED = ["h264.mp4", "hevc.mp4", "vp9.webm", "av1.mp4", "mpeg4.avi", "h264.mkv", "h264.ts", "mjpeg.avi"]


@pytest.fixture
def sources(videos, tmp_path):
    write_video(tmp_path / "clip.gif", counting_frames(12), 10)
    assert set(GENERATED) <= set(CODECS)
    return [*(videos(name) for name in GENERATED), tmp_path / "clip.gif"]


def check(result, count):
    outcomes = result["outcomes"]
    assert sum(outcomes.values()) == result["files"] == count
    assert not {"process died", "too slow", "unexpected error"} & set(outcomes)
    assert outcomes["VideoUnreadable"] > 0
    assert outcomes.get("decoded", 0) + outcomes.get("decoded, with a note", 0) > 0
    memory = result["worker_megabytes"]
    assert memory["after"] <= memory["after_a_quarter"] + 100


def test_mangling_is_repeatable(sources, tmp_path):
    one, two = (mangled(sources, folder, 3) for folder in (tmp_path, tmp_path))
    for _ in range(14):
        first = next(one)
        content = first.read_bytes()
        assert next(two).name == first.name
        assert first.read_bytes() == content


def test_sixty_mangled_videos(sources, tmp_path):
    check(fuzz(sources, 60, tmp_path, seed=1), 60)


@pytest.mark.slow
def test_a_thousand_mangled_videos(sources, tmp_path, request):
    real: list[Path] = []
    with suppress(pytest.skip.Exception):  # without them, the generated ones alone
        real = request.getfixturevalue("corpus_videos")
    small = [path for path in real if path.stat().st_size < 400_000]
    check(fuzz(sources + small, 1000, tmp_path, seed=2), 1000)
