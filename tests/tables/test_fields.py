"""Dotted fields: finding, naming and reading them."""

import math
from pathlib import Path

import pytest

from reeljudge.errors import InputError, UsageError
from reeljudge.tables.fields import ABSENT, field_names, find, number, numbers
from reeljudge.tables.table import Table

ROW = {
    "id": "c1",
    "human": {"alignment": [2, 3, 3], "quality": None},
    "text prompt": "a cat",
    "auto": {"v1.1": 0.5, "CLIP-ft": 0.2, "v1": {"1": 9}},
    "judge.score": 4,
    "judge": {"score": 5},
    "raters": [{"name": "x", "score": 1}, {"name": "y"}],
    "pairs": [[1.0, 0.5], [0.0, 1.0]],
    "cell": "[3, 4, null]",
    "empty": [],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "c1"),
        ("human.alignment", [2, 3, 3]),
        ("human.alignment.1", 3),
        ("human.alignment.-3", 2),
        ("human.quality", None),
        ("text prompt", "a cat"),
        ("auto.v1.1", 0.5),  # the longest key wins over auto -> v1 -> 1
        ("auto.CLIP-ft", 0.2),
        ("judge.score", 4),
        ("raters.0.score", 1),
        ("raters.*.score", [1, None]),
        ("pairs.*.0", [1.0, 0.0]),
        ("pairs.1.1", 1.0),
        ("human.*", [[2, 3, 3], None]),
        ("cell.1", 4),
        ("cell.*", [3, 4, None]),
        ("empty.*", []),
    ],
)
def test_found(path: str, value: object) -> None:
    assert find(ROW, path) == value


@pytest.mark.parametrize(
    "path",
    [
        "humn",
        "human.align",
        "human.alignment.3",
        "human.alignment.-4",
        "id.x",
        "human.quality.x",
        "raters.*.z",
        "",
    ],
)
def test_absent(path: str) -> None:
    assert find(ROW, path) is ABSENT


def test_a_null_is_there_and_an_absent_field_is_not() -> None:
    assert find({"a": None}, "a") is None
    assert find({"a": None}, "b") is ABSENT
    assert not ABSENT


def test_names() -> None:
    assert field_names({"id": 1, "human": {"a": [1, 2], "b": {"c": 3}}, "text prompt": ""}) == [
        *("id", "human.a", "human.b.c", "text prompt")
    ]
    assert field_names({"raters": [{"score": 1}, {"score": 2}]}) == ["raters.*.score"]
    assert field_names({"cell": '{"a": 1}', "none": {}, "list": []}) == ["cell.a", "none", "list"]
    for name in field_names(ROW):
        assert find(ROW, name) is not ABSENT, name


@pytest.mark.parametrize(
    ("cell", "value"),
    [(3, 3.0), (2.5, 2.5), ("4", 4.0), (" 3.5 ", 3.5), (True, 1.0), (0, 0.0), ("-1", -1.0), ("1e2", 100.0)],
)
def test_numbers(cell: object, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize("cell", [None, "", "  ", math.nan, "nan", "NULL", "None", "n/a"])
def test_no_number(cell: object) -> None:
    assert number(cell) is None


@pytest.mark.parametrize("cell", ["good", "3/5", [3], {"a": 3}, math.inf, "inf", b"3"])
def test_not_a_number(cell: object) -> None:
    with pytest.raises(ValueError, match="number"):
        number(cell)


def test_cells_of_several_numbers() -> None:
    assert numbers([3, None, "4"]) == [3, None, 4]
    assert numbers("[3, 4, null]") == [3, 4, None]
    assert numbers(5) == [5]
    assert numbers(None) == [None]
    assert numbers([]) == []
    with pytest.raises(ValueError, match="list of lists"):
        numbers([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match=r"several fields \(a, b\)"):
        numbers({"a": 1, "b": 2})


def a_table(*rows: dict[str, object]) -> Table:
    return Table("votes.jsonl", rows, range(1, len(rows) + 1), "line")


def test_a_field_that_no_row_has_is_an_error_with_a_suggestion() -> None:
    table = a_table({"id": "c1", "human": {"alignment": 3}}, {"id": "c2"})
    with pytest.raises(UsageError) as error:
        table.column("human.aligment")
    text = str(error.value)
    assert "votes.jsonl" in text
    assert "Did you mean 'human.alignment'?" in text
    assert "Fields of the first row: id, human.alignment" in text


def test_a_field_that_some_rows_lack_is_missing_there() -> None:
    assert a_table({"score": 3}, {"id": "c2"}, {"score": None}).column("score") == [3, None, None]


def test_a_long_first_row_is_not_listed_in_full() -> None:
    with pytest.raises(UsageError, match="and 60 more"):
        a_table({f"field_{i}": i for i in range(100)}).column("nothing like it")


def test_a_cell_that_is_no_number_names_its_row() -> None:
    table = a_table({"id": "c1", "score": 3}, {"id": "c2", "score": "good"})
    with pytest.raises(
        InputError, match=r"votes\.jsonl, line 2 \(id 'c2'\): 'score' .*'good' is not a number"
    ):
        table.numbers("score")
    with pytest.raises(InputError, match=r"line 1 .*'m' holds several fields \(a, b\)"):
        a_table({"id": 1, "m": {"a": 1, "b": 2}}).numbers("m")


def test_values_that_stand_for_none_are_the_users_to_name() -> None:
    table = a_table({"s": -1}, {"s": [3, "-1", -1.0]}, {"s": "skip"}, {"s": 4})
    assert table.numbers("s", missing=["-1", "skip"]) == [[None], [3, None, None], [None], [4]]
    assert a_table({"s": -1}).numbers("s") == [[-1]]


def test_rows_can_be_chosen() -> None:
    table = a_table({"m": "x", "n": 1}, {"m": "y", "n": 1}, {"m": "x", "n": 2, "ok": True})
    kept = table.keep(["m=x"])
    assert [row["n"] for row in kept.rows] == [1, 2]
    assert kept.where(1).startswith("votes.jsonl, line 3")
    assert len(table.keep(["m=x", "n=2"]).rows) == 1
    assert len(table.keep(["ok=true"]).rows) == 1
    with pytest.raises(UsageError, match="m holds: x, y"):
        table.keep(["m=z"])
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        table.keep(["m"])
    with pytest.raises(UsageError, match="no row of"):
        table.keep(["q=1"])


def test_a_table_of_any_form(tmp_path: Path) -> None:
    csv = tmp_path / "t.csv"
    csv.write_text('id,text prompt,human\nc1,a cat,"[3, 4]"\nc2,,5\n')
    table = Table.read(csv)
    assert table.numbers("human") == [[3, 4], [5]]
    assert table.column("text prompt") == ["a cat", None]
    assert table.where(1) == f"{csv}, line 3 (id 'c2')"
