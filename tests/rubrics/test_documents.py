"""What the pages on rubrics and on the reader show is what happens."""

import re
from pathlib import Path

import pytest

from reeljudge.errors import InputError
from reeljudge.rubrics import ask, load_rubric, read_reply

DOCS = Path(__file__).parents[2] / "docs"
RUBRICS_PAGE = (DOCS / "rubrics.md").read_text(encoding="utf-8")
READER_PAGE = (DOCS / "reader.md").read_text(encoding="utf-8")

FILES = re.findall(r"```yaml\n(.*?)```", RUBRICS_PAGE, re.DOTALL)
FORMS = re.findall(r"^\| `(.+)` \| (\d|[a-z_]+) \|$", READER_PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", FILES)
def test_the_rubrics_on_the_page_can_be_used(text: str, tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(text, encoding="utf-8")
    rubric = load_rubric(path)
    assert all("{{" not in question.text for question in ask(rubric, "a ball rolls"))
    if rubric.replies == "joint":
        lines = "\n".join(f"{dimension.label}: 4" for dimension in rubric.dimensions)
        reading = read_reply(f"<think>Fine.</think>\n{lines}", rubric)
    else:
        stages = "".join(f"<{s.tag}>Score: 4</{s.tag}>" for s in rubric.stages)
        reading = read_reply(stages, rubric, rubric.names[0])
    assert {score.value for score in reading.scores.values()} == {4}


def test_the_mistakes_on_the_page_are_told_as_shown(tmp_path: Path) -> None:
    path = tmp_path / "motion.yaml"
    for old, new in (("title: Smoothness", "tilte: Smoothness"), ("{{ prompt }}", "{{ promt }}")):
        path.write_text(FILES[0].replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_rubric(path)
        shown = str(caught.value).replace(str(tmp_path) + "/", "").replace(" (1 more after this one)", "")
        assert shown in RUBRICS_PAGE


def test_there_are_enough_forms_on_the_page() -> None:
    assert len(FORMS) >= 25


@pytest.mark.parametrize(("reply", "wanted"), FORMS)
def test_the_forms_on_the_page_read_as_shown(reply: str, wanted: str) -> None:
    score = read_reply(f"<think>Fine.</think>\n{reply}", "videoscore2").scores["visual_quality"]
    assert str(score.value if score.status == "scored" else score.reason) == wanted


def test_the_example_on_the_page_reads_as_shown() -> None:
    reply = "<think>\nSharp, but the dog is late.\n</think>\n\nvisual quality: 4\n..."
    reading = read_reply(reply, "videoscore2")
    score = reading.scores["visual_quality"]
    assert (score.value, score.span, reading.rationale) == (4, (62, 63), "Sharp, but the dog is late.")
