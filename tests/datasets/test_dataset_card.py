"""A card says what the rows hold, and names what they lack."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import label_of, prompt_of

from reeljudge.cli.app import run_command
from reeljudge.datasets.card import CardSettings, gaps, reliability_rows, write_card
from reeljudge.datasets.rows import training_rows
from reeljudge.errors import InputError
from reeljudge.ratings import RatingStore
from reeljudge.tables import write_rows


def rows(count: int = 8, **changes: Any) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        score = label_of(number, "quality")
        reply = f"<OVERVIEW>Plan.</OVERVIEW><ASSESSMENT>Rating Score: {score}</ASSESSMENT>"
        made.append(
            {
                "id": f"c{number}",
                "video": f"c{number}.mp4",
                "prompt": prompt_of(number),
                "rubric": "gradeo",
                "dimension": "quality",
                "scores": {"quality": score},
                "reply": reply,
                "split": "test" if number in (0, 7) else "train",  # two prompts of the same words but one
                "source": "elicited",
                "provenance": {
                    "method": "gradeo",
                    "model": {"model": "big-one"},
                    "prompts": {"analysis": "abc123"},
                    "discarded": 2,
                },
                **changes,
            }
        )
    return training_rows(made)[0]


def test_counts_and_front_matter() -> None:
    text = write_card(rows(licence="CC0", model="gen-x"), CardSettings("My set", "cc-by-4.0"))
    head = yaml.safe_load(text.split("---")[1])
    assert head["license"] == "cc-by-4.0"
    assert head["size_categories"] == ["n<1K"]
    assert head["configs"][0]["data_files"] == [
        {"split": "train", "path": "train.*"},
        {"split": "test", "path": "test.*"},
    ]
    assert "8 rows about 8 clips of 8 prompts" in text
    assert "| train | 6 | 6 | 6 | 1 |" in text
    # Labels of quality by clip: 3 4 2 3 4 2 3 4.
    assert "| quality | 0 | 2 | 3 | 3 | 0 | 3.12 |" in text
    assert "written by: big-one (8)" in text
    assert "`analysis` abc123" in text
    assert "16 attempts were discarded" in text
    assert "videos of 8 rows: CC0" in text


def test_gaps_in_words() -> None:
    found = list(gaps(rows(), CardSettings()))
    assert "No rows of aesthetic, consistency, alignment, rationality, safety, creativity (gradeo)." in found
    assert "quality: no row with the score 1 or 5." in found
    assert "The generator of 8 of 8 rows is not known." in found
    assert "How far people agree on the labels was not measured." in found
    assert any("written by a model (big-one)" in gap for gap in found)
    few = [{"dimension": "quality", "ratings_per_clip": 1.0, "alpha_ordinal": 0.31}]
    found = list(gaps(rows(), CardSettings(reliability=few)))
    assert "quality: a clip has 1 ratings at the median." in found
    assert "quality: raters agree too little to rely on single labels (alpha 0.31)." in found
    with pytest.raises(InputError, match="no rows to describe"):
        write_card([])


def test_reliability_is_that_of_the_ratings(store: RatingStore) -> None:
    """Two raters always agree, the third is one lower: never all equal, always within 1."""
    found = {row["dimension"]: row for row in reliability_rows(store, "gradeo", resamples=50)}
    assert found.keys() == {"quality", "alignment", "rationality"}
    quality = found["quality"]
    assert (quality["clips"], quality["raters"], quality["ratings_per_clip"]) == (8, 3, 3.0)
    assert (quality["exact_match"], quality["relaxed_match"]) == (0.0, 1.0)
    assert 0 < quality["alpha_ordinal"] < 1


def test_the_command(store: RatingStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "rows.jsonl", rows())
    command = ["dataset", "card", str(tmp_path / "rows.jsonl"), "--db", str(store.engine.url)]
    assert run_command(command) == 0
    text = capsys.readouterr().out
    assert "| quality | 8 | 3 | 3 |" in text
    assert "Nothing crosses: 0 prompts, 0 videos and 0 near-duplicates" in text
