"""Where memory or the device fails: smaller batches, one error per request, or one clear line."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from conftest import make_frames, make_request, texts

from reeljudge.errors import JudgeError
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.rubrics import Rubric


@contextmanager
def memory_for(
    judge: LocalJudge, rows: int, monkeypatch, error: Exception | None = None
) -> Iterator[list[int]]:
    """Steps of more than `rows` sequences fail as they do when memory is full."""
    forward, failed = judge._network.forward, []
    limit = judge._decoder.limit

    def limited(tokens, *rest):
        if len(tokens) > rows:
            failed.append(len(tokens))
            raise error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return forward(tokens, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(judge._network, "forward", limited)
        yield failed
    judge._decoder.limit = limit


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        MemoryError(),
    ],
)
def test_out_of_memory_halves_the_batch_and_goes_on(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch, caplog, error: Exception
) -> None:
    requests = [make_request(rubric, make_frames(i), max_tokens=6 + i) for i in range(6)]
    expected = [texts(answer) for answer in judge().answer(requests)]
    with caplog.at_level(logging.WARNING), memory_for(judge(), 1, monkeypatch, error) as failed:
        answers = judge().answer(requests)
        assert [texts(answer) for answer in answers] == expected
        assert failed == [4, 2]
        assert judge()._decoder.limit == 1
        again = judge().answer(requests)
        assert failed == [4, 2]  # the judge remembers
    notes = (
        "out of memory with 4 replies at once: went on with 2",
        "out of memory with 2 replies at once: went on with 1",
    )
    assert answers[0].notes == notes
    assert answers[5].notes == ()
    assert [answer.notes for answer in again] == [()] * 6
    assert sum("out of memory" in record.message for record in caplog.records) == 2


def test_samples_are_the_same_after_memory_ran_out(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    request = make_request(rubric, make_frames(0), samples=4, temperature=1.0)
    expected = texts(judge().answer([request])[0])
    with memory_for(judge(), 2, monkeypatch):
        assert texts(judge().answer([request])[0]) == expected


def test_a_request_that_does_not_fit_is_one_error(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    requests = [
        make_request(rubric, make_frames(i, count=12 if i == 1 else 4), max_tokens=5) for i in range(4)
    ]
    expected = [texts(answer) for answer in judge().answer(requests)]
    see = judge()._network.see

    def limited(video):
        if video.tokens > 12:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return see(video)

    limit = judge()._decoder.limit
    with monkeypatch.context() as patch:
        patch.setattr(judge()._network, "see", limited)
        answers = judge().answer(requests)
    # What was halved because of it grows back.
    assert judge()._decoder.limit == limit
    assert answers[1].replies == ()
    assert "out of memory with this question alone" in str(answers[1].error)
    assert "lower --max-frames" in str(answers[1].error)
    assert [texts(answers[i]) for i in (0, 2, 3)] == [expected[i] for i in (0, 2, 3)]


def test_other_errors_are_not_taken_for_full_memory(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    with (
        memory_for(judge(), 0, monkeypatch, RuntimeError("a bug")),
        pytest.raises(RuntimeError, match="a bug"),
    ):
        judge().answer([make_request(rubric, make_frames(0))])


@pytest.mark.skipif(not hasattr(torch, "AcceleratorError"), reason="torch before 2.8 has no such error")
def test_a_device_that_breaks_down_ends_the_judge_in_one_line(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    error = torch.AcceleratorError("CUDA error: unspecified launch failure\nand more lines")
    with (
        memory_for(judge(), 0, monkeypatch, error),
        pytest.raises(JudgeError, match=r"the device failed \(AcceleratorError: CUDA error.*start again"),
    ):
        judge().answer([make_request(rubric, make_frames(0))])


def test_numbers_that_overflow_are_an_error_and_no_reply(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    logits = judge()._network.logits
    step = iter(range(100))

    def broken(hidden: torch.Tensor) -> torch.Tensor:
        result = logits(hidden).clone()
        if next(step) == 4:
            result[0, 3] = float("nan")
        return result

    monkeypatch.setattr(judge()._network, "logits", broken)
    answers = judge().answer([make_request(rubric, make_frames(i), max_tokens=9) for i in range(3)])
    assert "overflowed in float32" in str(answers[0].error)
    assert answers[0].replies == ()
    assert [len(answer.replies) for answer in answers[1:]] == [1, 1]
