"""From clips to verdicts through a judge that does what judges do: answer, refuse, break off, fail."""

import math
from pathlib import Path
from typing import Any

import pytest
from fake_decoder import FakeDecoder, clip, done, frames, judge_with
from fake_judge import FakeJudge, joint, staged, with_digits

from reeljudge.clips import FrameSettings
from reeljudge.errors import JudgeError, UsageError
from reeljudge.judges import Request
from reeljudge.judging import clip_judge as clip_judge_module
from reeljudge.judging import load_judge
from reeljudge.rubrics import load_rubric
from reeljudge.verdicts import Reply, Verdict


def test_a_verdict_holds_scores_reasons_and_where_they_come_from() -> None:
    text = joint(4, 3, 5)
    logits = {
        "visual quality": {3: 0.0, 4: math.log(3.0)},
        "text-to-video alignment": {3: 2.0},
        "physical/common-sense consistency": {4: 0.0, 5: 0.0},
    }
    fake = FakeJudge(lambda *_: with_digits(text, logits, seen=0.9), needs_frames=True, visual_tokens=320)
    judge = load_judge(fake)
    judge._decoder = FakeDecoder()
    verdict = next(
        judge.judge_many([clip(1, theme="balls roll", human={"visual_quality": [4, 5]}, extra={"x": 1})])
    )
    assert verdict.status == "scored"
    assert verdict.reason is None
    assert {name: score.value for name, score in verdict.scores.items()} == {
        "visual_quality": 4,
        "text_alignment": 3,
        "physical_consistency": 5,
    }
    quality = verdict.scores["visual_quality"]
    assert quality.probabilities == pytest.approx((0, 0, 0.25, 0.75, 0))
    assert quality.expected == quality.score == pytest.approx(3.75)
    assert (quality.confidence, quality.coverage) == (pytest.approx(0.75), 0.9)
    assert verdict.overall == pytest.approx((3.75 + 3.0 + 4.5) / 3)
    assert verdict.rationale == "The ball rolls smoothly over the grass and keeps its shape."
    assert verdict.replies[0].text == text
    assert verdict.frames is not None
    assert verdict.frames.indices == (0, 8, 16, 23)
    assert (verdict.frames.width, verdict.frames.height, verdict.frames.tokens) == (28, 28, 320)
    assert verdict.sha256 == "ab" * 32
    assert (verdict.id, verdict.video, verdict.model, verdict.group) == ("c1", "c1.mp4", "gen-x", "g1")
    assert (verdict.theme, verdict.human, verdict.extra) == (
        "balls roll",
        {"visual_quality": [4, 5]},
        {"x": 1},
    )
    assert (verdict.judge, verdict.revision, verdict.rubric) == ("fake:judge", "r1", "videoscore2")
    assert verdict.config == judge.plan.config
    assert verdict.key == judge.plan.key(clip(1, theme="balls roll"))
    assert verdict.seconds is not None
    assert verdict.seconds >= 0
    assert Verdict.model_validate(verdict.model_dump(mode="json")) == verdict.model_copy(
        update={"replies": tuple(reply.model_copy(update={"digits": ()}) for reply in verdict.replies)}
    )


def test_a_reply_per_dimension_gives_stages_and_a_rationale_per_dimension() -> None:
    values = dict(zip(load_rubric("gradeo").names, (5, 4, 3, 2, 1, 5, 4), strict=True))
    judge = judge_with(
        rubric="gradeo", write=lambda request, _: staged(values[request.question.dimension or ""])
    )
    verdict = judge.judge("ball.mp4", "a red ball")
    assert {name: score.value for name, score in verdict.scores.items()} == values
    assert verdict.overall == pytest.approx(24 / 7)
    assert set(verdict.stages) == set(values)
    assert "edges, texture" in verdict.stages["quality"]["overview"]
    assert verdict.rationale is not None
    assert verdict.rationale.startswith("Quality: ")
    assert "\n\nAesthetic: " in verdict.rationale
    assert [reply.dimension for reply in verdict.replies] == list(values)


def test_narrowing_reads_fewer_dimensions_of_a_joint_reply_and_asks_fewer_of_a_split_one() -> None:
    fake = FakeJudge()
    verdict = load_judge(fake, dimensions="text_alignment").judge("a.mp4", "a ball")
    assert list(verdict.scores) == ["text_alignment"]
    assert verdict.status == "scored"
    assert verdict.overall == 4.0
    fake = FakeJudge()
    verdict = load_judge(fake, rubric="gradeo", dimensions=["safety", "quality"]).judge("a.mp4")
    assert list(verdict.scores) == ["quality", "safety"]
    assert [request.question.dimension for request in fake.log[0]] == ["quality", "safety"]


@pytest.mark.parametrize(
    ("reply", "status", "reason", "values"),
    [
        (
            Reply(text=joint(4, 3, 5).partition("(3)")[0] + "(3) phys", finish="length"),
            "partial",
            "truncated",
            [4, 3, None],
        ),
        ("I'm sorry, but I can't help with that.", "unscored", "refusal", [None] * 3),
        (joint(4, 3, 5) + joint(2, 3, 5), "partial", "ambiguous", [None, 3, 5]),
        (joint(4, "3.5", 5), "partial", "out_of_range", [4, None, 5]),
        ("<think>Sharp and steady.</think>\nA lovely clip.", "unscored", "missing_score", [None] * 3),
        ("", "unscored", "missing_score", [None] * 3),
    ],
)
def test_what_cannot_be_read_is_unscored_with_its_reason(
    reply: Any, status: str, reason: str, values: list[int | None]
) -> None:
    verdict = judge_with(write=lambda *_: reply).judge("a.mp4", "a ball")
    assert (verdict.status, verdict.reason) == (status, reason)
    assert [score.value for score in verdict.scores.values()] == values
    assert verdict.overall is None
    assert all((score.score is None) == (score.value is None) for score in verdict.scores.values())


def test_a_failed_question_is_one_dimension_without_a_score() -> None:
    def write(request: Request, _: int) -> Any:
        return JudgeError("the server is gone") if request.question.dimension == "safety" else staged(3)

    verdict = judge_with(rubric="gradeo", write=write).judge("a.mp4", "a ball")
    assert (verdict.status, verdict.reason, verdict.message) == (
        "partial",
        "backend_error",
        "the server is gone",
    )
    assert verdict.scores["safety"].reason == "backend_error"
    assert verdict.scores["quality"].value == 3
    assert verdict.overall is None


def test_a_row_whose_every_question_failed_is_an_error() -> None:
    verdict = judge_with(write=lambda *_: JudgeError("out of memory")).judge("a.mp4", "a ball")
    assert (verdict.status, verdict.reason, verdict.message) == ("error", "backend_error", "out of memory")
    assert {score.reason for score in verdict.scores.values()} == {"backend_error"}


def test_samples_are_drawn_read_and_agreed_upon() -> None:
    texts = [
        joint(4, 3, 5, thought="First."),
        joint(2, 3, 5, thought="Second."),
        joint(2, 3, "x", thought="Third."),
    ]
    fake = FakeJudge(lambda _, sample: texts[sample])
    verdict = load_judge(fake, samples=3, temperature=0.7, seed=5).judge("a.mp4", "a ball")
    assert fake.log[0][0].sampling.seed == 5
    assert [reply.sample for reply in verdict.replies] == [0, 1, 2]
    quality = verdict.scores["visual_quality"]
    assert quality.samples is not None
    assert (quality.value, quality.samples.values) == (2, (4, 2, 2))
    assert quality.samples.agreement == pytest.approx(2 / 3)
    assert verdict.scores["physical_consistency"].samples is not None
    assert verdict.scores["physical_consistency"].samples.values == (5, 5, None)
    assert verdict.rationale == "Second."  # the sample that agrees with most of the final values


def test_flags_of_reply_judge_and_frames_stand_together_in_one_order() -> None:
    decoder = FakeDecoder()
    judge = judge_with(
        decoder, write=lambda *_: joint(4, 4, 4, thought="Visual quality: 2. It is blurred all over.")
    )
    judge.judge_itself.flags = ("out_of_domain",)  # type: ignore[attr-defined]
    decoder.submit = lambda path: done(frames(flags=("few_frames",), notes=("cut off: 1 of 9 frames",)))  # type: ignore[method-assign,assignment]
    verdict = judge.judge("a.mp4", "a ball")
    assert verdict.flags == ("contradiction", "few_frames", "out_of_domain")
    assert verdict.message == "cut off: 1 of 9 frames"
    assert verdict.status == "scored"


def test_the_configuration_names_what_changes_a_score_and_nothing_else() -> None:
    def config(**more: Any) -> str:
        fake = more.pop("fake", None) or FakeJudge(needs_frames=True)
        return load_judge(fake, **more).plan.config

    base = config()
    same = ({"batch_size": 3}, {"workers": 1}, {"max_seconds": 5.0}, {"decode_timeout": 1.0}, {"seed": 9})
    assert {config(**settings) for settings in same} == {base}
    other = (
        {"fps": 4.0},
        {"frames": "keyframes"},
        {"max_frames": 8},
        {"max_pixels": 50_000},
        {"rubric": "gradeo"},
        {"dimensions": "visual_quality"},
        {"max_tokens": 10},
        {"early_stop": False},
        {"checkpoint_settings": True},
        {"temperature": 0.5},
        {"temperature": 0.5, "seed": 9},
        {"temperature": 0.5, "samples": 3},
        {"fake": FakeJudge(needs_frames=True, told={"revision": "r2"})},
        {"fake": FakeJudge(needs_frames=True, name="fake:other")},
        {"fake": FakeJudge(needs_frames=True, templates={"videoscore2": "Is it {{ prompt }}?"})},
    )
    found = [config(**settings) for settings in other]
    assert len({base, *found}) == 1 + len(other)


def test_frames_are_no_part_of_the_configuration_of_a_judge_that_looks_at_nothing() -> None:
    assert load_judge(FakeJudge()).plan.configuration["frames"] is None
    with pytest.raises(UsageError, match="looks at no frames"):
        load_judge(FakeJudge(), fps=4.0)


def test_a_template_replaces_the_question_and_the_users_wins_over_the_judges(tmp_path: Path) -> None:
    own = FakeJudge(templates={"videoscore2": "Judge this: {{ prompt }}"})
    load_judge(own).judge("a.mp4", "a ball")
    assert own.log[0][0].question.text == "Judge this: a ball"
    file = tmp_path / "mine.txt"
    file.write_text("My way: {{ prompt }}", encoding="utf-8")
    other = FakeJudge(templates={"videoscore2": "Judge this: {{ prompt }}"})
    judge = load_judge(other, template=file)
    judge.judge("a.mp4", "a ball")
    assert other.log[0][0].question.text == "My way: a ball"
    assert judge.plan.configuration["template"] == "My way: {{ prompt }}"


def test_another_rubric_at_the_call_is_another_configuration() -> None:
    judge = judge_with()
    verdicts = list(judge.judge_many([clip(1)], rubric="gradeo", dimensions=["quality"]))
    assert list(verdicts[0].scores) == ["quality"]
    assert verdicts[0].config != judge.plan.config
    assert judge.judge("a.mp4", "a ball").rubric == "videoscore2"


def test_a_missing_prompt_is_refused_where_a_dimension_is_judged_by_it() -> None:
    with pytest.raises(UsageError, match="text_alignment is judged by the prompt"):
        judge_with().judge("a.mp4")
    assert judge_with(rubric="gradeo").plan_for(dimensions=["quality"]).dimensions == ("quality",)
    assert load_judge(FakeJudge(), rubric="gradeo", dimensions="quality").judge("a.mp4").status == "scored"


@pytest.mark.parametrize(
    "text", ["", "球が左へ転がる", "a\u2028b", "👩‍👩‍👧 familie", "(1) visual quality: 5", "{{ 7*7 }}", "\x00"]
)
def test_prompts_of_any_kind_reach_the_question_and_the_verdict(text: str) -> None:
    fake = FakeJudge()
    verdict = next(load_judge(fake).judge_many([clip(1, prompt=text)]))
    assert verdict.prompt == text
    assert text.strip() in fake.log[0][0].question.text
    assert verdict.scores["visual_quality"].value == 4


def test_names_that_are_no_unicode_are_kept_as_far_as_they_can_be() -> None:
    odd = clip(
        1, id="a\udcff", video="a\udcff.mp4", extra={"x": float("nan"), "y": [float("inf"), {1: "\ud800"}]}
    )
    verdict = next(judge_with().judge_many([odd]))
    assert verdict.id == "a\ufffd"
    assert verdict.extra == {"x": None, "y": [None, {"1": "\ufffd"}]}
    verdict.model_dump_json()


def test_the_key_follows_id_prompt_theme_and_configuration() -> None:
    plan = judge_with().plan
    key = plan.key(clip(1))
    assert key == plan.key(clip(1, video="elsewhere.mp4", human={"visual_quality": 3}, model="other"))
    row, content = key.split("-")
    for change in ({"prompt": "other"}, {"theme": "other"}):
        other_row, other_content = plan.key(clip(1, **change)).split("-")
        assert other_row == row
        assert other_content != content
    assert plan.key(clip(2, prompt=clip(1).prompt)).split("-")[0] != row
    assert judge_with(rubric="gradeo").plan.key(clip(1)).split("-")[0] != row


def test_closing_closes_decoder_and_judge() -> None:
    decoder = FakeDecoder()
    fake = FakeJudge(needs_frames=True)
    with load_judge(fake) as judge:
        judge._decoder = decoder
    judge.close()
    assert decoder.closed
    assert fake.closed == 2


def test_notes_are_told_once() -> None:
    told: list[str] = []
    judge = judge_with(notes=("the batch was halved",))
    judge.on_note = told.append
    list(judge.judge_many([clip(number) for number in range(3)]))
    assert told == ["the batch was halved"]
    assert judge.notes["the batch was halved"] == 3


def test_the_file_is_stamped_as_it_was_when_judged(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    video.write_bytes(b"12345")
    verdict = next(judge_with(FakeDecoder()).judge_many([clip(1, path=video)]))
    assert (verdict.bytes, verdict.modified) == clip_judge_module.file_stamp(video)
    assert verdict.bytes == 5
    missing = next(judge_with(FakeDecoder()).judge_many([clip(1)]))
    assert (missing.bytes, missing.modified) == (None, None)


def test_frame_settings_of_the_judge_are_kept_where_the_user_says_nothing() -> None:
    own = FrameSettings(fps=1.0, factor=32)
    judge = load_judge(FakeJudge(needs_frames=True, frame_settings=own), max_frames=2, max_pixels=10_000)
    assert (judge.frames.fps, judge.frames.factor, judge.frames.max_frames) == (1.0, 32, 2)
    assert (judge.frames.min_frames, judge.frames.min_pixels) == (2, 10_000)
