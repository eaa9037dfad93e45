"""No reply makes the reader take more than linear time: eight times the text, about eight times the work."""

import time

import pytest
from hostile import HOSTILE

from reeljudge.rubrics import ask, load_rubric, read_reply

SHORT, LONG = 12_000, 96_000
# Eight times the text takes 64 times as long where time grows with the square.
MOST = 26
STAGED = {name for name in HOSTILE if "stage" in name or "tag" in name or "score" in name or "number" in name}


def seconds(text: str, rubric_name: str, dimension: str | None) -> float:
    rubric = load_rubric(rubric_name)
    names = None if dimension is None else [dimension]
    question = ask(rubric, "a a a a a a a visual quality: 4 </think> Rating Score: 4 b", dimensions=names)[0]
    start = time.process_time()
    read_reply(text, rubric, dimension, "length", question)
    return time.process_time() - start


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_time_grows_with_length_and_no_faster(name: str) -> None:
    ways: list[tuple[str, str | None]] = [("videoscore2", None)]
    if name in STAGED:
        ways.append(("gradeo", "alignment"))
    for rubric, dimension in ways:
        for _ in range(3):
            short = min(seconds(HOSTILE[name](SHORT), rubric, dimension) for _ in (1, 2))
            long = seconds(HOSTILE[name](LONG), rubric, dimension)
            if long < MOST * max(short, 0.002):
                break
        else:
            pytest.fail(f"{name}: {short:.3f} s became {long:.3f} s")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_megabyte_is_read(name: str) -> None:
    for rubric, dimension in (("videoscore2", None), ("gradeo", "quality")):
        reading = read_reply(HOSTILE[name](1_000_000), rubric, dimension, "length")
        assert reading.scores
