"""Clips on their way to the judge: batches, decoding ahead with bounds, and one that breaks."""

from concurrent.futures import Future
from threading import Thread
from typing import Any

import pytest
from fake_decoder import FakeDecoder, clip, frames, judge_with
from fake_judge import FakeJudge, staged

from reeljudge.errors import JudgeError, VideoTooLarge, VideoUnreadable
from reeljudge.judges import Request
from reeljudge.judging import load_judge


def test_one_broken_clip_is_one_verdict_and_order_is_kept() -> None:
    decoder = FakeDecoder(
        {"c1.mp4": VideoUnreadable("c1.mp4: not a video"), "c3.mp4": VideoTooLarge("c3.mp4: too long")}
    )
    judge = judge_with(decoder, batch_size=2)
    verdicts = list(judge.judge_many([clip(number) for number in range(6)]))
    assert [verdict.id for verdict in verdicts] == [f"c{number}" for number in range(6)]
    assert [verdict.status for verdict in verdicts] == [
        "scored",
        "error",
        "scored",
        "error",
        "scored",
        "scored",
    ]
    assert (verdicts[1].reason, verdicts[1].message) == ("video_unreadable", "c1.mp4: not a video")
    assert verdicts[3].reason == "video_too_large"
    assert {score.reason for score in verdicts[3].scores.values()} == {"video_too_large"}
    assert (verdicts[1].frames, verdicts[1].replies, verdicts[1].sha256) == (None, (), None)


def test_clips_of_errors_alone_ask_the_judge_nothing() -> None:
    judge = judge_with(FakeDecoder({"c0.mp4": VideoUnreadable("broken")}))
    assert [verdict.status for verdict in judge.judge_many([clip(0)])] == ["error"]
    assert isinstance(judge.judge_itself, FakeJudge)
    assert judge.judge_itself.log == []


@pytest.mark.parametrize("batch_size", [1, 3, 7, 8, 14, 100])
def test_batches_keep_to_their_size_and_a_clip_in_one_batch_where_it_fits(batch_size: int) -> None:
    decoder = FakeDecoder()
    judge = judge_with(decoder, rubric="gradeo", batch_size=batch_size)
    assert len(list(judge.judge_many([clip(number) for number in range(5)]))) == 5
    assert isinstance(judge.judge_itself, FakeJudge)
    log = judge.judge_itself.log
    assert sum(map(len, log)) == 35
    assert max(map(len, log)) <= batch_size
    if batch_size >= 7:
        assert [len(batch) for batch in log[:-1]] == [batch_size // 7 * 7] * (len(log) - 1)
        for batch in log:
            assert all(len([r for r in batch if r.clips == one.clips]) == 7 for one in batch)
    by_clip: dict[str, set[int]] = {}
    for request in (request for batch in log for request in batch):
        by_clip.setdefault(request.clips[0].id, set()).add(id(request.frames[0]))
    assert all(len(objects) == 1 for objects in by_clip.values())  # all questions share one Frames object


def test_the_same_clips_get_the_same_verdicts_whatever_the_batch() -> None:
    def write(request: Request, _: int) -> str:
        return staged(1 + (len(request.clips[0].id) + len(request.question.text)) % 5)

    found = []
    for batch_size in (1, 5, 50):
        judge = judge_with(rubric="gradeo", write=write, batch_size=batch_size)
        found.append([(v.key, v.scores, v.config) for v in judge.judge_many([clip(n) for n in range(12)])])
    assert found[0] == found[1] == found[2]


def test_decoding_runs_ahead_but_not_without_bounds() -> None:
    decoder = FakeDecoder()
    fake = FakeJudge(needs_frames=True, batch_size=2)
    judge = load_judge(fake, workers=3)
    judge._decoder = decoder
    verdicts = judge.judge_many(clip(number) for number in range(1000))
    next(verdicts)
    assert 2 < len(decoder.asked) <= judge.ahead + 2
    verdicts.close()
    assert len(decoder.asked) <= judge.ahead + 2
    # What was decoded ahead and is not wanted any more was cancelled or had ended.
    assert all(future.done() for future in decoder.futures)


def test_large_frames_are_not_decoded_far_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    size = frames().pixels.nbytes
    monkeypatch.setattr("reeljudge.judging.pipeline.FRAME_BYTES", 3 * size)
    decoder = FakeDecoder()
    fake = FakeJudge(needs_frames=True, batch_size=100)
    judge = load_judge(fake, workers=2)
    judge._decoder = decoder
    answered = 0
    for verdict in judge.judge_many(clip(number) for number in range(50)):
        answered += 1
        assert verdict.status == "scored"
        # At any time: a batch of 3 clips and one more that made it too large, and 3 ahead, or the first 4.
        assert len(decoder.asked) - answered <= 4 + 4
    assert answered == 50
    assert max(map(len, fake.log)) == 4


def test_the_first_clips_are_decoded_with_caution() -> None:
    decoder = FakeDecoder()
    decoder.submit = lambda path: decoder.asked.append(path.name) or Future()  # type: ignore[method-assign,func-returns-value]
    judge = load_judge(FakeJudge(needs_frames=True, batch_size=50), workers=2)
    judge._decoder = decoder
    stream = judge.judge_many(clip(number) for number in range(100))
    thread = Thread(target=lambda: next(stream, None), daemon=True)
    thread.start()
    thread.join(0.5)
    assert len(decoder.asked) == 4  # two per worker, until it is known how large frames are


def test_a_judge_that_cannot_go_on_ends_the_stream_after_what_is_done() -> None:
    def write(request: Request, _: int) -> Any:
        return JudgeError("x") if request.clips[0].id != "c4" else RuntimeError("never seen")

    class Dies(FakeJudge):
        def answer(self, requests: Any) -> Any:
            if any(request.clips[0].id == "c4" for request in requests):
                raise JudgeError("the server is gone for good")
            return super().answer(requests)

    stream = load_judge(Dies(batch_size=2)).judge_many([clip(number) for number in range(10)])
    assert [next(stream).id for _ in range(4)] == ["c0", "c1", "c2", "c3"]
    with pytest.raises(JudgeError, match="gone for good"):
        next(stream)


def test_a_judge_that_breaks_its_contract_is_told_so() -> None:
    class Forgets(FakeJudge):
        def answer(self, requests: Any) -> Any:
            return super().answer(requests)[:-1]

    with pytest.raises(JudgeError, match="gave 0 answers to 1 requests"):
        load_judge(Forgets()).judge("a.mp4", "a ball")
