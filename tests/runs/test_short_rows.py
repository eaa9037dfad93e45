"""Rows without their long fields are the rows without their long fields, whatever the fields hold."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.runs import read_verdicts
from reeljudge.runs.short_rows import LONG, short_row, short_verdicts
from reeljudge.tables.log import encode_row

NAMES = st.sampled_from(["rationale", "flags", "replies", "seconds", "frames", "scores", "a", '"', "球"])
TEXTS = st.sampled_from(
    ["", "plain", ',"flags":[],"replies":[', '","seconds":1}', "\\", '\\"', "球\n", "]}", "\u2028", "\ud800"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def verdict(**more: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "key": f"{1:016x}-{2:016x}",
        "status": "scored",
        "reason": None,
        "bytes": None,
        "modified": None,
        "id": "c",
        "prompt": "p",
        "scores": {"q": {"status": "scored", "score": 4.5, "value": 4}},
        "overall": 4.5,
        "rationale": "because",
        "stages": {},
        "flags": ["few_frames"],
        "replies": [{"text": "long"}],
        "frames": {"indices": [0, 1]},
        "seconds": 0.5,
        "human": {},
        "extra": {},
        **more,
    }


def shortened(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in LONG}


@settings(deadline=None, max_examples=200)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("prompt", "stages", "human", "extra"), VALUES)), TEXTS
)
def test_no_content_leads_the_cut_astray(more: dict[str, Any], text: str) -> None:
    row = verdict(**more, rationale=text, replies=[{"text": text}], message=text)
    line = encode_row(row)
    assert short_row(line) == shortened(json.loads(line))


@pytest.mark.parametrize("missing", ["rationale", "flags", "replies", "seconds", "frames", "extra"])
def test_rows_of_another_form_are_read_in_full(missing: str) -> None:
    row = verdict()
    del row[missing]
    assert short_row(encode_row(row)) == shortened(row)
    turned = dict(reversed(list(row.items())))
    assert short_row(json.dumps(turned).encode() + b"\n") == shortened(row)


def test_what_is_no_row_is_none() -> None:
    for line in (b"", b"{}\n", b"[1]\n", encode_row(verdict())[:-9], b"\x00\xff\n"):
        assert short_row(line) is None


def test_the_last_line_of_a_row_counts(tmp_path: Path) -> None:
    first, other = verdict(), verdict(key=f"{3:016x}-{2:016x}", id="d")
    lines = [first, other, {**first, "overall": 1.0}]
    (tmp_path / "verdicts.jsonl").write_bytes(b"".join(map(encode_row, lines)))
    assert list(short_verdicts(tmp_path)) == [shortened(row) for row in read_verdicts(tmp_path)]
    assert [row["overall"] for row in short_verdicts(tmp_path)] == [1.0, 4.5]
