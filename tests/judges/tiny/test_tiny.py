"""The bundled judge: it opens without a download, answers both rubrics, and knows where its world ends."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: the bundled judge cannot run")

from reeljudge import load_judge
from reeljudge.clips import Clip, write_video
from reeljudge.errors import JudgeError, UsageError
from reeljudge.judges import open_judge
from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.tiny.judge import FOLDER
from reeljudge.synth import check_rationale, pooled, render, sample_clip
from reeljudge.training.foreign import foreign_film

CLIPS = 24


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("clips")
    found = []
    for index in range(CLIPS):
        clip = sample_clip(4242, index, "test")
        path = folder / f"{clip.id}.mp4"
        write_video(path, render(clip, 256, None), fps=8)
        row = clip.row()
        found.append(
            Clip(clip.id, path.name, path, clip.prompt, theme=clip.theme, human=row["human"], extra=row)
        )
    return found


def test_it_judges_synthetic_clips_of_unseen_prompts(clips: list[Clip]) -> None:
    with load_judge("tiny") as judge:
        verdicts = list(judge.judge_many(clips))
    assert [verdict.status for verdict in verdicts] == ["scored"] * CLIPS
    scores = np.array([[s.value for s in verdict.scores.values()] for verdict in verdicts], float)
    truth = np.array([[clip.human[name] for name in verdicts[0].scores] for clip in clips], float)
    # Far above the majority class (about 0.25 to 0.3), with room for another machine's arithmetic.
    assert (scores == truth).mean() > 0.55
    assert (abs(scores - truth) <= 1).mean() > 0.75
    expected = np.array([[s.expected for s in verdict.scores.values()] for verdict in verdicts], float)
    assert ((expected >= 1) & (expected <= 5)).all()
    checked = [
        check_rationale(verdict.replies[0].text, clip.extra["facts"])
        for verdict, clip in zip(verdicts, clips, strict=True)
    ]
    assert pooled(checked)["share_true"] > 0.75


def test_it_sees_eight_frames_and_asks_its_own_question(clips: list[Clip]) -> None:
    with load_judge("tiny") as judge:
        (verdict,) = judge.judge_many(clips[:1])
        assert set(judge.judge_itself.templates) == {"videoscore2", "gradeo"}
    assert verdict.frames is not None
    assert verdict.frames.rule == "uniform:8"
    assert verdict.frames.indices == (0, 4, 9, 13, 18, 22, 27, 31)
    assert (verdict.frames.width, verdict.frames.height, verdict.frames.tokens) == (64, 64, 16)
    assert verdict.judge == "tiny"


def test_it_answers_gradeo_with_its_own_adapter(clips: list[Clip]) -> None:
    with load_judge("tiny", rubric="gradeo") as judge:
        verdicts = list(judge.judge_many(clips[:6]))
        assert set(judge.judge_itself.identity()["adapters"]) == {"gradeo"}
    scored = [score.status == "scored" for verdict in verdicts for score in verdict.scores.values()]
    assert np.mean(scored) > 0.9
    assert verdicts[0].stages


def test_it_says_where_its_world_ends(clips: list[Clip], tmp_path: Path) -> None:
    foreign = []
    for seed in range(10_000, 10_006):
        path = tmp_path / f"{seed}.mp4"
        film = foreign_film(seed, count=16).repeat(4, axis=1).repeat(4, axis=2)
        write_video(path, film, fps=8)
        foreign.append(Clip(path.stem, path.name, path, "a street at night"))
    with load_judge("tiny") as judge:
        own = ["out_of_domain" in verdict.flags for verdict in judge.judge_many(clips)]
        other = ["out_of_domain" in verdict.flags for verdict in judge.judge_many(foreign)]
    assert sum(own) <= 2
    assert sum(other) >= 5


def test_wrong_use() -> None:
    with pytest.raises(UsageError, match="takes nothing behind a colon"):
        open_judge("tiny:large")
    with pytest.raises(UsageError, match="--adapter"):
        open_judge("tiny", JudgeOptions(adapter="x"))
    with pytest.raises(UsageError, match="batch-size"):
        open_judge("tiny", JudgeOptions(batch_size=0))
    judge = open_judge("tiny")
    judge.close()
    judge.close()
    with pytest.raises(JudgeError, match="closed"):
        judge.answer([])


def test_what_is_bundled_is_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) < 40_000_000
    assert not [path for path in files if path.suffix in {".bin", ".pt", ".pkl"}]
