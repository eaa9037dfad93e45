"""Refusals as servers word them, and what is sent after them."""

import pytest

from reeljudge.judges import Sampling
from reeljudge.judges.served.dialect import Dialect, derive_seed

GREEDY = Sampling()


def sent(dialect: Dialect, **extra: object) -> dict[str, object]:
    return {"model": "m", "messages": [], **dialect.fields(GREEDY, seed=1), **extra}


def test_greedy_means_greedy() -> None:
    fields = Dialect().fields(GREEDY, seed=7)
    assert fields == {
        "max_tokens": 1024,
        "seed": 7,
        "temperature": 0.0,
        "top_p": 1.0,
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
        "logprobs": True,
        "top_logprobs": 20,
    }


def test_a_checkpoints_own_settings_apply_when_asked_for() -> None:
    own = Dialect().fields(Sampling(checkpoint_settings=True), seed=7, logprobs=False)
    assert own == {"max_tokens": 1024, "seed": 7}
    warm = Dialect().fields(Sampling(checkpoint_settings=True, temperature=0.7), seed=7, logprobs=False)
    assert warm == {"max_tokens": 1024, "seed": 7, "temperature": 0.7}


@pytest.mark.parametrize(
    ("message", "param", "dropped"),
    [
        ("Unexpected fields in the request: {'top_k', 'min_p'}", None, {"top_k", "min_p"}),
        (
            "top_k: Extra inputs are not permitted; min_p: Extra inputs are not permitted",
            None,
            {"top_k", "min_p"},
        ),
        ("Unrecognized request argument supplied: repetition_penalty", None, {"repetition_penalty"}),
        ('Unknown name "top_k": Cannot find field.', None, {"top_k"}),
        ("Unsupported parameter: 'top_p' is not supported with this model.", "top_p", {"top_p"}),
        ("top_k must be at least 1", None, {"top_k"}),
        ("`temperature` and `top_p` cannot both be set for this model", None, {"top_p"}),
        ("'temperature' does not support 0 with this model", "temperature", {"temperature"}),
        ("logprobs are not supported with reasoning models", None, {"logprobs", "top_logprobs"}),
        ("no such thing here", "seed", {"seed"}),
    ],
)
def test_what_is_rejected_by_name_is_dropped(message: str, param: str | None, dropped: set[str]) -> None:
    dialect = Dialect()
    assert dialect.learn(sent(dialect), message, param)
    assert dialect.dropped == dropped
    assert not dropped & set(dialect.fields(GREEDY, seed=1))


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("This model's maximum context length is 4096 tokens", None),
        ("the image cannot be decoded", None),
        ("'max_tokens' or 'max_completion_tokens' is too large: 1024", None),
        ("top_kitchen is full", None),
        ("invalid image; seed your hopes elsewhere", "messages[0].content"),
    ],
)
def test_other_refusals_change_nothing(message: str, param: str | None) -> None:
    dialect = Dialect()
    assert not dialect.learn(sent(dialect), message, param)
    assert dialect == Dialect()


def test_max_completion_tokens_where_max_tokens_is_rejected_by_name() -> None:
    dialect = Dialect()
    says = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    assert dialect.learn(sent(dialect), says, "max_tokens")
    fields = dialect.fields(GREEDY, seed=1)
    assert fields["max_completion_tokens"] == 1024
    assert "max_tokens" not in fields
    assert dialect.dropped == set()


def test_fewer_log_probabilities_before_none() -> None:
    dialect = Dialect()
    assert dialect.learn(sent(dialect), "Requested logprobs of 20, which is greater than max allowed: 10")
    assert dialect.fields(GREEDY, seed=1)["top_logprobs"] == 5
    assert dialect.learn(sent(dialect), "Requested logprobs of 5, which is greater than max allowed: 0")
    assert "logprobs" not in dialect.fields(GREEDY, seed=1)


def test_a_late_refusal_of_what_is_already_dropped_is_sent_anew() -> None:
    dialect = Dialect()
    early = sent(dialect)
    dialect.learn(early, "unexpected top_k")
    assert dialect.learn(early, "unexpected top_k")
    assert not dialect.learn(sent(dialect), "unexpected top_k")


def test_notes_say_what_is_lost() -> None:
    dialect = Dialect(dropped={"top_k", "min_p", "temperature"})
    assert dialect.notes() == (
        "the server does not take min_p, top_k: dropped",
        "the server does not take temperature: it draws replies its own way, not greedily",
    )
    assert Dialect().notes() == ()


def test_seeds_depend_on_four_things_alone() -> None:
    seeds = {
        derive_seed(seed, clip, dimension, sample)
        for seed in (0, 1)
        for clip in ("a", "b")
        for dimension in (None, "quality")
        for sample in range(4)
    }
    assert len(seeds) == 32
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert derive_seed(0, "a", None, 0) == 196_323_704  # a run that is resumed elsewhere draws the same
