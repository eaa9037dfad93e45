"""A written set: complete, gone on with, never mixed with another, and its videos show what was drawn."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from reeljudge.cli import main
from reeljudge.clips import decode_here, read_manifest
from reeljudge.clips.frames import FrameSettings, Limits
from reeljudge.errors import InputError, UsageError
from reeljudge.synth import SAMPLED, SetSettings, render, sample_clip, write_set, writing

SMALL = SetSettings(seed=5, split="test", size=64)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("videos/*.mp4"))
    }


def test_a_set_holds_its_rows_and_videos(tmp_path: Path) -> None:
    written = write_set(tmp_path / "set", 5, SMALL)
    assert (written.clips, written.written, written.kept) == (5, 5, 0)
    rows = [json.loads(line) for line in written.manifest.read_text().splitlines()]
    assert rows == [json.loads(json.dumps(sample_clip(5, index, "test").row())) for index in range(5)]
    clips = list(read_manifest(written.manifest))
    assert [clip.id for clip in clips] == [f"test-5-{index:06d}" for index in range(5)]
    assert all(clip.path.exists() and clip.theme and clip.human["safety"] for clip in clips)
    assert [clip.model for clip in clips] == ["aspen", "birch", "cedar", "dogwood", "aspen"]
    assert len({clip.group for clip in clips[:4]}) == 1
    assert set(clips[0].extra) >= {"facts", "rationales", "split"}


def test_more_clips_leave_those_that_are_there_as_they_are(tmp_path: Path) -> None:
    write_set(tmp_path / "a", 3, SMALL)
    before = digests(tmp_path / "a")
    assert write_set(tmp_path / "a", 6, SMALL) == writing.Written(tmp_path / "a" / "manifest.jsonl", 6, 3, 3)
    write_set(tmp_path / "b", 6, SMALL)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert before.items() < digests(tmp_path / "a").items()
    assert write_set(tmp_path / "a", 6, SMALL).written == 0


def test_workers_change_nothing(tmp_path: Path) -> None:
    write_set(tmp_path / "one", 9, SMALL, workers=1)
    seen: list[tuple[int, int]] = []
    write_set(tmp_path / "two", 9, SMALL, workers=2, on_video=lambda *done: seen.append(done))
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert (tmp_path / "one/manifest.jsonl").read_bytes() == (tmp_path / "two/manifest.jsonl").read_bytes()
    assert seen == [(number, 9) for number in range(1, 10)]


def test_a_stop_half_way_loses_nothing(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        write_set(tmp_path / "set", 4, SMALL, on_video=stop)
    assert not (tmp_path / "set/manifest.jsonl").exists()
    written = write_set(tmp_path / "set", 4, SMALL)
    assert (written.written, written.kept) == (2, 2)
    write_set(tmp_path / "other", 4, SMALL)
    assert digests(tmp_path / "set") == digests(tmp_path / "other")


def test_some_generators_only(tmp_path: Path) -> None:
    settings = SetSettings(seed=5, split="test", size=64, generators=("dogwood", "aspen"))
    written = write_set(tmp_path / "set", 4, settings)
    clips = list(read_manifest(written.manifest))
    assert [clip.model for clip in clips] == ["aspen", "dogwood", "aspen", "dogwood"]
    assert [clip.id[-1] for clip in clips] == ["0", "3", "4", "7"]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2, SMALL)
    with pytest.raises(UsageError, match="holds another set \\(seed 5, not 6\\)"):
        write_set(tmp_path / "set", 2, SetSettings(6, "test", 64))
    with pytest.raises(UsageError, match="holds 2 clips of this set"):
        write_set(tmp_path / "set", 1, SMALL)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(InputError, match="no synthetic set"):
        write_set(tmp_path / "mine", 2, SMALL)
    with pytest.raises(InputError, match="is no folder"):
        write_set(tmp_path / "mine/notes.txt", 2, SMALL)
    (tmp_path / "set/set.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        write_set(tmp_path / "set", 2, SMALL)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"split": "tset"}, "Did you mean 'test'"),
        ({"size": 65}, "even number"),
        ({"size": 32}, "64 to 1024"),
        ({"seed": -1}, "0 or more"),
        ({"generators": ("aspn",)}, "Did you mean 'aspen'"),
        ({"generators": ()}, "needs a generator"),
    ],
)
def test_settings_that_name_no_set_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        SetSettings(**{"seed": 1, **values})  # type: ignore[arg-type]


def test_a_decoded_video_shows_the_drawn_frames(tmp_path: Path) -> None:
    """Drawn small, and written, decoded and shrunk by the judge's own resizer: nearly the same pixels."""
    settings = SetSettings(seed=5, split="test")
    written = write_set(tmp_path / "set", 6, settings)
    look = FrameSettings(rule="uniform:8", min_pixels=1, max_pixels=64 * 64, factor=32)
    for clip in read_manifest(written.manifest):
        frames = decode_here(clip.path, look, Limits())
        assert frames.indices == SAMPLED
        drawn = render(sample_clip(5, int(clip.id[-6:]), "test"), 64)
        difference = np.abs(frames.pixels.astype(int) - drawn)
        assert difference.mean() < 4.5
        assert np.abs(frames.pixels.mean(axis=(0, 1, 2)) - drawn.mean(axis=(0, 1, 2))).max() < 6


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "set")
    command = ["synth", out, "--count", "2", "--seed", "5", "--split", "test", "--size", "64"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["manifest"].endswith("manifest.jsonl")
    assert (told["clips"], told["written"], told["seed"], told["split"]) == (2, 2, 5, "test")
    assert main(command) == 0
    caught = capsys.readouterr()
    assert "2 clips" in caught.out
    assert "kept" in caught.err
    assert main([*command[:5], "6"]) == 2
    assert "another set" in capsys.readouterr().err
    assert main(["synth", out, "--count", "0", "--seed", "1"]) == 2
    assert main(["synth", out, "--count", "2"]) == 2
