"""Replies: greedy is greedy, alone and in any batch; samples depend on themselves; memory may run out."""

from collections.abc import Callable

import pytest
import torch
from conftest import make_frames, make_request, texts
from plain_transformers import PlainQwen
from transformers import GenerationConfig

from reeljudge.judges import Judge
from reeljudge.judges.local.choosing import draw, generator
from reeljudge.judges.local.judge import LocalJudge, end_tokens
from reeljudge.judges.protocol import Request
from reeljudge.rubrics import Rubric

OLD = ("qwen2_5_vl", "qwen2_vl")
FAMILIES = (*OLD, "qwen3_vl")


@pytest.fixture
def requests(rubric: Rubric) -> list[Request]:
    """Clips of different lengths and sizes, questions of different lengths, two of them about one clip."""
    first = make_frames(0, count=8, height=64, width=96)
    frames = [
        first,
        make_frames(1, count=2, height=64, width=64),
        make_frames(2, count=4, height=64, width=160),
        first,
    ]
    return [
        make_request(rubric, frames[0], "How good is it?", clip="a", max_tokens=20),
        make_request(rubric, frames[1], "And this one? " * 20, clip="b", max_tokens=31),
        make_request(rubric, frames[2], "?", clip="c", max_tokens=9),
        make_request(rubric, frames[3], "Does it follow the prompt: a red ball?", clip="a", max_tokens=25),
    ]


def fitting(requests: list[Request], family: str) -> list[Request]:
    """The same with frames whose sides suit the family."""
    if family == "qwen3_vl":
        return requests
    cut = {}
    for request in requests:
        frames = request.frames[0]
        height, width = frames.height // 28 * 28, frames.width // 28 * 28
        cut.setdefault(id(frames), _cropped(frames, height, width))
    return [_with_frames(request, cut[id(request.frames[0])]) for request in requests]


def _cropped(frames, height: int, width: int):
    from dataclasses import replace

    return replace(frames, pixels=frames.pixels[:, :height, :width].copy())


def _with_frames(request: Request, frames) -> Request:
    from dataclasses import replace

    return replace(request, frames=(frames,))


def test_it_is_a_judge(judge: Callable[..., LocalJudge]) -> None:
    assert isinstance(judge(), Judge)
    assert judge().needs_frames


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_replies_are_those_of_plain_generate(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], requests: list[Request], family: str
) -> None:
    requests = fitting(requests, family)
    together = judge(family).answer(requests)
    for request, answer in zip(requests, together, strict=True):
        inputs = plain(family).inputs_of(request.frames[0], request.question.text)
        expected = plain(family).greedy(inputs, request.sampling.max_tokens)
        assert texts(answer) == [plain(family).decode(expected)]
        assert answer.replies[0].tokens == len(expected)
        assert texts(judge(family).answer([request])[0]) == texts(answer)
    # The test means something only if replies depend on clip and question.
    assert len({texts(answer)[0] for answer in together}) == len(together)


def test_layers_with_a_sliding_window(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], requests: list[Request]
) -> None:
    requests = fitting(requests, "qwen2_5_vl")
    windowed = judge(window=20).answer(requests)
    for request, answer in zip(requests, windowed, strict=True):
        inputs = plain(window=20).inputs_of(request.frames[0], request.question.text)
        expected = plain(window=20).greedy(inputs, request.sampling.max_tokens)
        assert texts(answer) == [plain().decode(expected)]
    assert [texts(answer) for answer in judge().answer(requests)] != [texts(answer) for answer in windowed]


def test_replies_depend_on_frames_and_on_time(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    from dataclasses import replace

    frames = make_frames(20, count=8)
    slower = replace(frames, seconds_per_grid=2.0)
    backwards = replace(frames, pixels=frames.pixels[::-1].copy())
    replies = [
        texts(answer)[0]
        for answer in judge().answer([make_request(rubric, f) for f in (frames, slower, backwards)])
    ]
    assert len(set(replies)) == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_one_vision_pass_and_one_prefix_for_each_clip(
    judge: Callable[..., LocalJudge], requests: list[Request], family: str, monkeypatch
) -> None:
    network = judge(family)._network
    seen, prefixes = [], []
    monkeypatch.setattr(network, "see", lambda video, see=network.see: seen.append(video) or see(video))
    read = network.read_prefix
    monkeypatch.setattr(network, "read_prefix", lambda *a: prefixes.append(a) or read(*a))
    # The clip's two questions are not neighbours, and there are samples.
    from dataclasses import replace

    sampled = [
        replace(r, sampling=replace(r.sampling, samples=3, temperature=1.0))
        for r in fitting(requests, family)
    ]
    answers = judge(family).answer(sampled)
    assert [len(answer.replies) for answer in answers] == [3, 3, 3, 3]
    assert (len(seen), len(prefixes)) == (3, 3)


def test_a_clip_is_seen_once_although_its_questions_come_in_two_batches(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    network = judge()._network
    seen = []
    monkeypatch.setattr(network, "see", lambda video, see=network.see: seen.append(video) or see(video))
    first, second = make_frames(40), make_frames(41)
    questions = [make_request(rubric, first, f"Question {n}?") for n in range(3)]
    other = make_request(rubric, second)
    together = [texts(answer) for answer in judge().answer([*questions, other])]
    assert len(seen) == 2
    split = judge().answer(questions[:2]) + judge().answer([questions[2], other])
    assert len(seen) == 4
    assert [texts(answer) for answer in split] == together


def test_more_requests_than_fit_at_once(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    requests = [make_request(rubric, make_frames(i), max_tokens=5 + i % 7) for i in range(11)]
    alone = [texts(judge().answer([request])[0]) for request in requests]
    widths = []
    forward = judge()._network.forward
    monkeypatch.setattr(
        judge()._network, "forward", lambda tokens, *a: widths.append(len(tokens)) or forward(tokens, *a)
    )
    assert [texts(answer) for answer in judge().answer(requests)] == alone
    assert max(widths) == judge().batch_size


def test_no_requests_no_answers(judge: Callable[..., LocalJudge]) -> None:
    assert judge().answer([]) == []


def test_the_limit_ends_a_reply(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    for limit in (1, 2, 7):
        reply = judge().answer([make_request(rubric, make_frames(0), max_tokens=limit)])[0].replies[0]
        assert (reply.finish, reply.tokens) == ("length", limit)


def test_an_end_token_ends_a_reply_and_leaves_no_text(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], rubric: Rubric, monkeypatch
) -> None:
    request = make_request(rubric, make_frames(0), max_tokens=12)
    ids = plain().greedy(plain().inputs_of(request.frames[0], request.question.text), 12)
    cut = next(index for index in range(3, 12) if ids[index] not in ids[:index])
    monkeypatch.setattr(judge()._decoder, "_end_tokens", frozenset({ids[cut]}))
    reply = judge().answer([request])[0].replies[0]
    assert (reply.finish, reply.tokens) == ("stop", cut + 1)
    assert reply.text == plain().decode(ids[:cut])


def test_end_tokens_come_from_settings_and_tokenizer(judge: Callable[..., LocalJudge]) -> None:
    class Tokenizer:
        eos_token_id = 7

    assert end_tokens(GenerationConfig(eos_token_id=[3, 5]), Tokenizer()) == {3, 5, 7}
    assert end_tokens(GenerationConfig(eos_token_id=3), Tokenizer()) == {3, 7}
    assert end_tokens(GenerationConfig(), Tokenizer()) == {7}
    tokenizer = judge()._prompts._tokenizer
    wanted = {tokenizer.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>")}
    assert judge()._end_tokens == wanted


# Sampling


def test_a_sample_depends_on_seed_clip_dimension_and_index_alone(
    judge: Callable[..., LocalJudge], rubric: Rubric
) -> None:
    frames = make_frames(0)
    drawn = {"temperature": 1.0, "max_tokens": 15}
    request = make_request(rubric, frames, clip="a", samples=3, seed=1, **drawn)
    alone = texts(judge().answer([request])[0])
    assert len(set(alone)) == 3
    others = [make_request(rubric, make_frames(i), clip=f"x{i}", samples=2, **drawn) for i in range(5)]
    assert texts(judge().answer([*others[:2], request, *others[2:]])[2]) == alone
    more = make_request(rubric, frames, clip="a", samples=5, seed=1, **drawn)
    assert texts(judge().answer([more])[0])[:3] == alone
    for changed in (
        make_request(rubric, frames, clip="a", samples=3, seed=2, **drawn),
        make_request(rubric, frames, clip="b", samples=3, seed=1, **drawn),
        make_request(rubric, frames, clip="a", dimension="visual_quality", samples=3, seed=1, **drawn),
    ):
        assert not set(texts(judge().answer([changed])[0])) & set(alone)


def test_draws_follow_the_probabilities() -> None:
    scores = torch.log(torch.tensor([0.1, 0.0, 0.6, 0.3]))
    randomness = generator(0, ["clip"], None, 0)
    counts = torch.bincount(torch.tensor([draw(scores, randomness) for _ in range(4000)]), minlength=4)
    # Four standard deviations of a binomial with n = 4000 are at most 124.
    assert (counts - torch.tensor([400, 0, 2400, 1200])).abs().max() < 124
    assert counts[1] == 0


def test_a_low_temperature_comes_close_to_greedy(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    greedy = texts(judge().answer([make_request(rubric, make_frames(0))])[0])
    cold = make_request(rubric, make_frames(0), samples=2, temperature=1e-6)
    assert texts(judge().answer([cold])[0]) == greedy * 2


def test_greedy_samples_are_written_once(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    forward, widths = judge()._network.forward, []
    monkeypatch.setattr(
        judge()._network, "forward", lambda tokens, *a: widths.append(len(tokens)) or forward(tokens, *a)
    )
    answer = judge().answer([make_request(rubric, make_frames(0), samples=4)])[0]
    assert len(set(texts(answer))) == 1
    assert [reply.sample for reply in answer.replies] == [0, 1, 2, 3]
    assert max(widths) == 1


# The checkpoint's own settings


def test_the_checkpoints_settings_apply_only_when_asked_for(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], rubric: Rubric
) -> None:
    """The checkpoint's file says repetition penalty 1.05; generate() applies it even when greedy."""
    frames, question = make_frames(0), "How good is this video?"
    inputs = plain().inputs_of(frames, question)
    penalised = plain().greedy(inputs, 60, repetition_penalty=1.3)
    settings = judge()._settings
    before = settings.repetition_penalty, settings.do_sample
    settings.repetition_penalty, settings.do_sample = 1.3, False
    try:
        asked = make_request(rubric, frames, question, max_tokens=60, checkpoint_settings=True)
        answer = judge().answer([asked])[0]
        greedy = texts(judge().answer([make_request(rubric, frames, question, max_tokens=60)])[0])
    finally:
        settings.repetition_penalty, settings.do_sample = before
    assert texts(answer) == [plain().decode(penalised)]
    assert "repetition_penalty=1.3" in answer.notes[0]
    assert greedy == [plain().decode(plain().greedy(inputs, 60))]
    assert greedy != texts(answer)


def test_top_k_and_top_p_of_the_checkpoint(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    frames = make_frames(0)
    settings = judge()._settings
    greedy = texts(judge().answer([make_request(rubric, frames)])[0])
    before = settings.to_dict()
    try:
        settings.update(repetition_penalty=1.0, temperature=5.0, top_k=1, do_sample=True)
        assert texts(judge().answer([make_request(rubric, frames, checkpoint_settings=True)])[0]) == greedy
        settings.update(top_k=0, top_p=1e-9)
        assert texts(judge().answer([make_request(rubric, frames, checkpoint_settings=True)])[0]) == greedy
        settings.update(top_p=1.0)
        assert texts(judge().answer([make_request(rubric, frames, checkpoint_settings=True)])[0]) != greedy
    finally:
        settings.update(
            **{
                name: before.get(name)
                for name in ("repetition_penalty", "temperature", "top_k", "top_p", "do_sample")
            }
        )


# Requests that cannot be answered


def test_one_bad_request_spoils_no_other(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    from dataclasses import replace

    good = make_request(rubric, make_frames(0))
    odd = make_request(rubric, replace(make_frames(0), pixels=make_frames(0).pixels[:3]))
    none = replace(good, frames=())
    two = replace(good, frames=(make_frames(0), make_frames(1)))
    answers = judge().answer([odd, good, none, two])
    assert [answer.error is None for answer in answers] == [False, True, False, False]
    assert "multiple of 2 frames" in str(answers[0].error)
    assert "one clip at a time, this question has 0" in str(answers[2].error)
    assert answers[1].visual_tokens == 12


def test_a_question_longer_than_the_checkpoint_reads(
    judge: Callable[..., LocalJudge], rubric: Rubric, monkeypatch
) -> None:
    monkeypatch.setattr(judge()._config.text_config, "max_position_embeddings", 130)
    answers = judge().answer(
        [
            make_request(rubric, make_frames(0), max_tokens=99),
            make_request(rubric, make_frames(0), "word " * 90),
        ]
    )
    assert answers[1].error is not None
    assert "reads 130" in str(answers[1].error)
    # The other one has room for a part of its reply.
    length = 130 - len(judge()._prepare(make_request(rubric, make_frames(0)), {}).prompt.ids)
    assert answers[0].replies[0].tokens == length < 99
