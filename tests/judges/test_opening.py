import pytest

from reeljudge.errors import UsageError
from reeljudge.judges import JUDGES, JudgeOptions, open_judge
from reeljudge.judges.served import ServedJudge

HERE = "http://localhost:8000/v1"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("servd:m", "unknown judge 'servd:m'. Did you mean 'served'?"),
        ("recordd:x.txt", "unknown judge 'recordd:x.txt'. Did you mean 'recorded'?"),
        ("TIGER-Lab/VideoScore2", "Did you mean 'hf:TIGER-Lab/VideoScore2'?"),
        ("replies.jsonl", "Did you mean 'recorded:replies.jsonl'?"),
        ("qqqqq", "Known: hf, recorded, served"),
        ("", "unknown judge ''"),
    ],
)
def test_unknown_kinds(name: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        open_judge(name)
    assert says in str(error.value)


@pytest.mark.parametrize("name", ["served", "served:", "served: ", "hf:", "recorded"])
def test_a_kind_without_its_target(name: str) -> None:
    with pytest.raises(UsageError, match=f"the judge '{name.split(':')[0]}' needs"):
        open_judge(name, JudgeOptions(base_url=HERE) if name.startswith("served") else None)


def test_videoscore2_takes_no_target() -> None:
    with pytest.raises(UsageError, match="takes nothing behind a colon"):
        open_judge("videoscore2:large")


@pytest.mark.parametrize(
    ("name", "options", "refused"),
    [
        ("served:m", JudgeOptions(base_url=HERE, adapter="lora", load_in="4bit"), "--adapter, --load-in"),
        ("served:m", JudgeOptions(base_url=HERE, decode=True), "--decode"),
        ("recorded:r.jsonl", JudgeOptions(base_url=HERE, timeout=3.0), "--base-url, --timeout"),
        (
            "hf:folder",
            JudgeOptions(send_as="video", concurrency=2, retries=0),
            "--send-as, --concurrency, --retries",
        ),
        ("videoscore2", JudgeOptions(base_url=HERE), "--base-url"),
    ],
)
def test_options_that_a_kind_cannot_use_are_refused_by_name(
    name: str, options: JudgeOptions, refused: str
) -> None:
    with pytest.raises(UsageError) as error:
        open_judge(name, options)
    assert f"cannot use {refused}; it takes" in str(error.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (JudgeOptions(base_url=HERE, concurrency=0), "--concurrency must be at least 1, got 0"),
        (JudgeOptions(base_url=HERE, batch_size=-2), "--batch-size must be at least 1, got -2"),
        (JudgeOptions(base_url=HERE, retries=-1), "--retries must be at least 0, got -1"),
        (JudgeOptions(base_url=HERE, timeout=0.0), "--timeout must be more than 0"),
        (JudgeOptions(base_url=HERE, timeout=float("nan")), "--timeout must be more than 0"),
    ],
)
def test_numbers_out_of_range(options: JudgeOptions, says: str) -> None:
    with pytest.raises(UsageError) as error:
        open_judge("served:m", options)
    assert says in str(error.value)


def test_a_served_judge_needs_its_place() -> None:
    with pytest.raises(UsageError, match="--base-url"):
        open_judge("served:m")


def test_a_served_model_may_hold_colons() -> None:
    judge = open_judge("served:qwen2.5vl:7b", JudgeOptions(base_url=HERE, concurrency=3, batch_size=5))
    assert isinstance(judge, ServedJudge)
    assert judge.name == "served:qwen2.5vl:7b"
    assert judge.batch_size == 5
    judge.close()


def test_every_kind_is_there() -> None:
    assert {"hf", "served", "recorded", "videoscore2"} <= set(JUDGES)
