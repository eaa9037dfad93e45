"""Digit probabilities: those of a plain forward pass, by teacher forcing and written end to end."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import make_frames, make_request
from plain_transformers import PlainQwen
from qwen_checkpoints import save_weights
from transformers import AutoModelForImageTextToText

from reeljudge.judges import JudgeOptions
from reeljudge.judges.local import open_local
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.rubrics import Rubric, Scale, read_reply, soft_score
from reeljudge.verdicts import DigitToken

ANSWER = """<think>
A sharp clip.
</think>

(1) visual quality: {}
(2) text-to-video alignment: {}
(3) physical/common-sense consistency: {}
"""

REPLIES = [
    ANSWER.format(4, 3, 2),
    "<think> 1 cat, 2 dogs; visual quality: 5 </think> visual quality: 3; text-to-video alignment: 4/5,",
    "Overall 評分: 2 🎬 — naïve 10/10",
]

FAMILIES = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")


def probabilities(digit: DigitToken) -> torch.Tensor:
    """Of the digits 1 to 5, normalised over them."""
    return torch.softmax(torch.tensor([digit.alternatives[str(value)] for value in range(1, 6)]).double(), 0)


def plain_probabilities(plain: PlainQwen, frames, question: str, ids: list[int]) -> list[torch.Tensor]:
    """The same at every digit of a reply, from one plain pass with full logits."""
    tokenizer = plain.processor.tokenizer
    scale = [tokenizer.convert_tokens_to_ids(str(value)) for value in range(1, 6)]
    digits = {tokenizer.convert_tokens_to_ids(str(value)) for value in range(10)}
    logits = plain.logits_of_reply(plain.inputs_of(frames, question), ids)
    steps = [index for index, token in enumerate(ids) if token in digits]
    return [torch.softmax(logits[step, scale].double(), 0) for step in steps]


@pytest.mark.parametrize("real", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("reply", REPLIES)
def test_digit_probabilities_of_given_replies(
    judge: Callable[..., LocalJudge],
    plain: Callable[..., PlainQwen],
    rubric: Rubric,
    family: str,
    reply: str,
    real: bool,
) -> None:
    options = {"real_tokenizer": True} if real else {}
    frames = make_frames(1, count=6, height=64, width=64) if family == "qwen3_vl" else make_frames(1, count=6)
    scored = judge(family, **options).score_reply(make_request(rubric, frames, "How good?"), reply)
    ids = plain(family, **options).processor.tokenizer.encode(reply, add_special_tokens=False)
    expected = plain_probabilities(plain(family, **options), frames, "How good?", ids)
    assert scored.text == reply
    assert scored.tokens == len(ids)
    assert len(scored.digits) == len(expected) == sum(character.isdigit() for character in reply)
    for digit, wanted in zip(scored.digits, expected, strict=True):
        torch.testing.assert_close(probabilities(digit), wanted, atol=1e-5, rtol=0)
        assert digit.seen == 1.0
        assert reply[digit.start : digit.end] == digit.text


def test_a_reply_scored_is_the_reply_written(judge: Callable[..., LocalJudge], rubric: Rubric) -> None:
    """Logits of the loop, with its cache and padding, are those of one pass over the same tokens."""
    texts = [f"Question {'very ' * number}long?" for number in range(4)]
    requests = [make_request(rubric, make_frames(n), text, max_tokens=60) for n, text in enumerate(texts)]
    found = 0
    for request, answer in zip(requests, judge().answer(requests), strict=True):
        reply = answer.replies[0]
        writing = judge()._writings(request, judge()._prepare(request, {}))[0]
        judge()._decoder.write([writing])
        scored = judge().score_reply(request, reply.text, tokens=writing.tokens)
        assert scored.text == reply.text
        for digit, wanted in zip(reply.digits, scored.digits, strict=True):
            assert (digit.start, digit.end, digit.text) == (wanted.start, wanted.end, wanted.text)
            torch.testing.assert_close(probabilities(digit), probabilities(wanted), atol=1e-5, rtol=0)
            found += 1
    assert found >= 3


def test_digit_logits_are_the_raw_ones(
    judge: Callable[..., LocalJudge], plain: Callable[..., PlainQwen], rubric: Rubric
) -> None:
    frames = make_frames(2)
    scored = judge().score_reply(make_request(rubric, frames, "How good?"), "4")
    logits = plain().logits_of_reply(
        plain().inputs_of(frames, "How good?"), plain().processor.tokenizer.encode("4")
    )
    wanted = {
        str(v): float(logits[0, plain().processor.tokenizer.convert_tokens_to_ids(str(v))]) for v in range(10)
    }
    assert scored.digits[0].alternatives == pytest.approx(wanted, abs=1e-4)


@pytest.fixture(scope="module")
def overfitted(checkpoint: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that has learned to answer two clips in the trained form, in a few seconds."""
    source = checkpoint("qwen2_5_vl", spread=0.08)
    folder = tmp_path_factory.mktemp("overfitted")
    for file in source.iterdir():
        if file.suffix != ".safetensors":
            (folder / file.name).write_bytes(file.read_bytes())
    plain = PlainQwen(source)
    tokenizer = plain.processor.tokenizer
    # The two clips and a third column: an answer that stays uncertain, so that probabilities are not 0 or 1.
    lessons = [(0, (4, 3, 2)), (1, (2, 5, 1)), (0, (4, 3, 2)), (1, (3, 5, 1))]
    batches = []
    for seed, scores in lessons:
        inputs = plain.inputs_of(make_frames(seed), "How good?")
        reply = torch.tensor([[*tokenizer.encode(ANSWER.format(*scores)), tokenizer.eos_token_id]])
        ids = torch.cat([inputs["input_ids"], reply], dim=1)
        types = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(reply)], dim=1)
        batch = dict(inputs) | {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "mm_token_type_ids": types,
        }
        batches.append((batch, inputs["input_ids"].shape[1]))
    model = AutoModelForImageTextToText.from_pretrained(source).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(60):
        optimiser.zero_grad()
        for batch, start in batches:
            logits = model(**batch).logits[0, start - 1 : -1]
            torch.nn.functional.cross_entropy(logits, batch["input_ids"][0, start:]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    save_weights(model, folder, "qwen2_5_vl")
    return folder


def test_an_overfitted_checkpoint_is_read_end_to_end(overfitted: Path, rubric: Rubric) -> None:
    judge = open_local(str(overfitted), JudgeOptions(device="cpu", dtype="float32"))
    plain = PlainQwen(overfitted)
    clips = [make_frames(0), make_frames(1)]
    requests = [
        make_request(rubric, frames, "How good?", max_tokens=200, early_stop=True) for frames in clips
    ]
    values = []
    for request, answer in zip(requests, judge.answer(requests), strict=True):
        reply = answer.replies[0]
        inputs = plain.inputs_of(request.frames[0], "How good?")
        ids = plain.greedy(inputs, 200)
        # The same reply up to the stop: ours ends with the character that completes the answer.
        assert reply.finish == "score"
        assert plain.decode(ids).startswith(reply.text)
        reading = read_reply(reply.text, rubric, finish=reply.finish)
        expected = plain_probabilities(plain, request.frames[0], "How good?", ids[: reply.tokens])
        # The last three digits are the answer's, with the numbers of the lines between them.
        answers = dict(zip(rubric.names, expected[-5::2], strict=True))
        for name, score in reading.scores.items():
            soft = soft_score(score.span, reply.digits, Scale())
            assert soft is not None
            assert soft.probabilities == pytest.approx(answers[name].tolist(), abs=1e-5)
            assert soft.expected == pytest.approx(float((answers[name] * torch.arange(1, 6)).sum()), abs=1e-5)
        values.append([score.value for score in reading.scores.values()])
        full = judge.answer([make_request(rubric, request.frames[0], "How good?", max_tokens=200)])[
            0
        ].replies[0]
        assert (full.finish, full.text, full.tokens) == ("stop", plain.decode(ids), len(ids))
    assert values[0] == [4, 3, 2]
    assert values[1][1:] == [5, 1]
    assert values[1][0] in (2, 3)
    uncertain = soft_score(
        read_reply(reply.text, rubric).scores["visual_quality"].span, reply.digits, Scale()
    )
    assert uncertain is not None
    assert 2.2 < uncertain.expected < 2.8
    judge.close()
