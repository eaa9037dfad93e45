"""Rows in and out of tables: every form, and for every mistake the line and the mend."""

import csv
import io
import json
import sys
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.errors import InputError, MissingExtra
from reeljudge.tables import numbered_rows, place_word, read_rows, write_rows

ROWS = [
    {"id": "a", "prompt": 'один, "zwei"\n三', "score": 4, "human": {"quality": [4, 5]}, "none": None},
    {"id": "b", "prompt": "", "score": 3.5, "extra": True, "list": [1, "x", None]},
]

NAMES = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def write(path, content):
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content)
    return path


class TestForms:
    @pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "T.JSONL"])
    def test_json_forms_keep_everything(self, tmp_path, name):
        assert write_rows(tmp_path / name, iter(ROWS)) == 2
        assert list(read_rows(tmp_path / name)) == ROWS
        assert list(tmp_path.iterdir()) == [tmp_path / name]

    @settings(max_examples=60, deadline=None)
    @given(rows=st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), min_size=1, max_size=5))
    @pytest.mark.parametrize("suffix", [".jsonl", ".json"])
    def test_json_round_trip(self, tmp_path_factory, suffix, rows):
        path = tmp_path_factory.mktemp("t") / f"t{suffix}"
        write_rows(path, rows)
        assert list(read_rows(path)) == rows

    @pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
    def test_csv_gives_text_and_none(self, tmp_path, name):
        write_rows(tmp_path / name, ROWS)
        first, second = read_rows(tmp_path / name)
        assert list(first) == ["id", "prompt", "score", "human", "none", "extra", "list"]
        assert first["prompt"] == ROWS[0]["prompt"]
        assert (first["score"], second["score"]) == ("4", "3.5")
        assert json.loads(first["human"]) == {"quality": [4, 5]}
        assert (first["none"], first["extra"], second["prompt"]) == (None, None, None)
        assert json.loads(second["list"]) == [1, "x", None]

    def test_parquet_keeps_types(self, tmp_path):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        rows = [
            {"n": 1, "x": 0.5, "s": "a", "l": [1, 2], "mixed": 1},
            {"n": None, "s": "b", "h": {"q": 3}, "mixed": "x", "deep": [{"q": 3}], "big": 2**70},
        ]
        assert write_rows(tmp_path / "t.parquet", rows) == 2
        first, second = read_rows(tmp_path / "t.parquet")
        empty, late = {"deep": None, "big": None}, {"deep": '[{"q": 3}]', "big": str(2**70)}
        assert first == {"n": 1, "x": 0.5, "s": "a", "l": [1, 2], "mixed": "1", "h": None} | empty
        assert second == {"n": None, "x": None, "s": "b", "l": None, "mixed": '"x"', "h": '{"q": 3}'} | late
        assert [number for number, _ in numbered_rows(tmp_path / "t.parquet")] == [1, 2]
        assert place_word(tmp_path / "t.parquet") == "row"

    def test_parquet_over_many_batches(self, tmp_path):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        # The column is empty at first, then whole, then fractional: its type is known only at the end.
        rows = [{"i": i, "late": None if i < 5000 else i if i < 9000 else i + 0.5} for i in range(10_000)]
        write_rows(tmp_path / "t.parquet", iter(rows))
        assert list(read_rows(tmp_path / "t.parquet")) == rows

    @pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.csv", "t.parquet"])
    def test_no_rows(self, tmp_path, name):
        if name.endswith("parquet"):
            pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        assert write_rows(tmp_path / name, []) == 0
        assert (tmp_path / name).exists()

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("t", b'{"a": 1}\n{"a": 2}\n'),
            ("t.txt", b'[{"a": 1}, {"a": 2}]'),
            ("t.json", b'{"a": 1}\n{"a": 2}\n'),
            ("t.jsonl", b' [ {"a": 1},\n{"a": 2} ]\n'),
            ("t.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}'),
            ("t.json", b'\xef\xbb\xbf\n\n[{"a":1},{"a":2}]'),
        ],
    )
    def test_forms_are_told_by_content_too(self, tmp_path, name, content):
        assert list(read_rows(write(tmp_path / name, content))) == [{"a": 1}, {"a": 2}]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("t.csv", "a,b\n1,2\n"),
            ("t.csv", "\ufeffa,b\r\n1,2\r\n"),
            ("t.csv", "\n\na;b\n\n1;2\n\n"),
            ("t.csv", "a\tb\n1\t2\n"),
            ("t.tsv", "a\tb\n1\t2\n"),
            ("t.csv", ' a , "b"\n1,2'.replace(' "b"', "b")),
        ],
    )
    def test_csv_as_people_save_it(self, tmp_path, name, content):
        assert list(read_rows(write(tmp_path / name, content))) == [{"a": "1", "b": "2"}]

    def test_long_cells(self, tmp_path):
        text = "long " * 100_000
        write_rows(tmp_path / "t.csv", [{"reply": text}])
        assert next(read_rows(tmp_path / "t.csv"))["reply"] == text

    def test_nan_is_missing(self, tmp_path):
        path = write(tmp_path / "t.jsonl", '{"a": NaN, "b": [NaN, 1], "c": Infinity}\n')
        assert next(read_rows(path)) == {"a": None, "b": [None, 1], "c": float("inf")}
        with pytest.raises(InputError, match=r"t\.jsonl, row 1: cannot be written as JSON"):
            write_rows(tmp_path / "t.jsonl", [{"a": float("nan")}])

    def test_half_a_character_survives(self, tmp_path):
        write_rows(tmp_path / "t.jsonl", [{"a": "\ud83d"}])
        assert next(read_rows(tmp_path / "t.jsonl")) == {"a": "\ud83d"}


class TestPlaces:
    def test_lines_of_jsonl(self, tmp_path):
        path = write(tmp_path / "t.jsonl", '\n{"a":1}\n\n{"a":2}\n')
        assert [number for number, _ in numbered_rows(path)] == [2, 4]

    def test_lines_of_a_list(self, tmp_path):
        path = write(tmp_path / "t.json", '[\n{"a":\n1},\n\n{"a":2}, {"a":3}\n]')
        assert [number for number, _ in numbered_rows(path)] == [2, 5, 5]
        assert place_word(path) == "line"

    def test_lines_of_csv_where_a_record_starts(self, tmp_path):
        path = write(tmp_path / "t.csv", 'a,b\n1,"two\nlines"\n3,4\n')
        assert [number for number, _ in numbered_rows(path)] == [2, 4]

    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), max_size=6),
        chunk=st.integers(1, 40),
        indent=st.sampled_from([None, 0, 3]),
    )
    def test_a_list_is_read_alike_in_pieces_of_any_size(self, tmp_path_factory, rows, chunk, indent):
        path = write(tmp_path_factory.mktemp("t") / "t.json", json.dumps(rows, indent=indent))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("reeljudge.tables.json_list.CHUNK", chunk)
            assert list(read_rows(path)) == rows


MISTAKES = {
    "empty.jsonl": (b"", "empty.jsonl: the file is empty"),
    "blank.csv": (b"\xef\xbb\xbf \n\n", "blank.csv: the file is empty"),
    "bad.jsonl": (b'{"a": 1}\n{"a": }\n', "bad.jsonl, line 2: not valid JSON .*column 7.*mend or remove"),
    "spread.jsonl": (b'{\n "a": 1\n}\n', "spread.jsonl, line 1: not valid JSON .*each object on one line"),
    "scalar.jsonl": (b'{"a": 1}\n17\n', "scalar.jsonl, line 2: a JSON number; every line must be an object"),
    "null.jsonl": (b'{"a": 1}\nnull\n', "line 2: a JSON null"),
    "deep.jsonl": (b'{"a": 1}\n' + b'{"a":' * 100_000, "deep.jsonl, line 2: not valid JSON"),
    "digits.jsonl": (b'{"a": ' + b"1" * 5000 + b"}", "digits.jsonl, line 1: not valid JSON"),
    "latin.jsonl": (b'{"a": 1}\n\n{"a": "caf\xe9"}\n', r"latin.jsonl, line 3: not UTF-8 \(byte 0xe9\)"),
    "latin.csv": (b"a,b\n1,caf\xe9\n", r"latin.csv, line 2: not UTF-8 \(byte 0xe9\)"),
    "latin.json": (b'[{"a": 1},\n{"a": "\xff"}]', r"latin.json, line 2: not UTF-8 \(byte 0xff\)"),
    "utf16.csv": ("a,b\n1,2\n".encode("utf-16"), "utf16.csv: not UTF-8 but UTF-16"),
    "open.json": (b'[{"a": 1},\n{"a": 2}\n', "open.json, line 3: the list is not closed"),
    "cut.json": (b'[{"a": 1},\n{"a": 2, "b', "cut.json, line 2: not valid JSON"),
    "comma.json": (b'[{"a": 1}\n{"a": 2}]', "comma.json, line 2: expected , or ]"),
    "items.json": (b'[{"a": 1},\n 3]', "items.json, line 2: the list holds a number"),
    "inner.json": (b'[{"a": 1},\n{"b": 2,\n"c": oops}]', "inner.json, line 3: not valid JSON"),
    "after.json": (b'[{"a": 1}]\n\nmore', "after.json, line 3: text after the end of the list"),
    "word.json": (b"hello", "word.json: neither a JSON list of objects nor one object per line"),
    "word": (b"hello", "word: not a kind of table that can be read; use .jsonl"),
    "numbers.csv": (b"1,2,3\n4,5,6\n", "numbers.csv, line 1: no header"),
    "twice.csv": (b"a,b,a\n1,2,3\n", "twice.csv: two columns are named 'a'"),
    "nameless.csv": (b"a,,c\n1,2,3\n", "nameless.csv, line 1: column 2 has no name"),
    "wide.csv": (b"a,b\n1,2\n3,4,5\n", "wide.csv, line 3: 3 cells where the header has 2; .*quotes"),
    "narrow.csv": (b"a,b\n1\n", "narrow.csv, line 2: 1 cells where the header has 2"),
    "quote.csv": (b'a,b\n1,2\n3,"four\n', "quote.csv, line 3: not valid CSV .*check the quotes"),
    "quoted.csv": (b'a,b\n1,"x"y\n', "quoted.csv, line 2: not valid CSV"),
    "not.parquet": (b"a,b\n1,2\n", "not.parquet: not a Parquet file that can be read"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_file_place_and_mend(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    content, says = MISTAKES[name]
    with pytest.raises(InputError, match=says) as caught:
        list(read_rows(write(tmp_path / name, content)))
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path):
    for path, says in (
        (tmp_path / "missing.jsonl", "no such file"),
        (tmp_path, "a folder, where a table is expected"),
        ("a\0b.jsonl", "cannot be opened"),
    ):
        with pytest.raises(InputError, match=says):
            list(read_rows(path))


def test_good_rows_come_before_the_mistake(tmp_path):
    rows = read_rows(write(tmp_path / "t.jsonl", '{"a": 1}\n{"a": 2}\noops\n'))
    assert [next(rows), next(rows)] == [{"a": 1}, {"a": 2}]
    with pytest.raises(InputError, match="line 3"):
        next(rows)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "t.jsonl"
    write_rows(path, ROWS)

    def rows():
        yield {"a": 1}
        raise ZeroDivisionError

    for name in ("t.jsonl", "t.csv"):
        with pytest.raises(ZeroDivisionError):
            write_rows(tmp_path / name, rows())
    assert list(read_rows(path)) == ROWS
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(InputError, match=r"use \.jsonl"):
        write_rows(tmp_path / "t.xlsx", ROWS)
    with pytest.raises(InputError, match="cannot be written: there is no folder"):
        write_rows(tmp_path / "missing" / "t.jsonl", ROWS)
    with pytest.raises(InputError, match="row 2: cannot be written as JSON"):
        write_rows(tmp_path / "t.jsonl", [{}, {"a": object()}])


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path / "t.parquet", b"PAR1")
    for use in (lambda: list(read_rows(path)), lambda: write_rows(path, ROWS)):
        with pytest.raises(MissingExtra, match=r"pip install 'reeljudge\[parquet\]'"):
            use()


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(NAMES.map(str.strip).filter(bool), min_size=2, max_size=4, unique=True),
    cells=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=4, max_size=4)
    ),
)
def test_csv_as_other_programs_write_it(tmp_path_factory, names, cells):
    """Whatever Python's csv module writes reads back, rows of nothing but blanks left out."""
    numbers = [name for name in names if name.replace(".", "").replace("_", "").strip("+-eE").isdigit()]
    if len(numbers) == len(names) or any(
        name.lower().strip("+-") in ("inf", "nan", "infinity") for name in names
    ):
        return
    text = io.StringIO()
    writer = csv.writer(text)
    kept = [row[: len(names)] for row in cells]
    writer.writerows([names, *kept])
    path = write(tmp_path_factory.mktemp("t") / "t.csv", text.getvalue())
    expected = [
        {name: value or None for name, value in zip(names, row, strict=True)}
        for row in kept
        if any(value.strip() for value in row)
    ]
    assert list(read_rows(path)) == expected


@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.csv"])
def test_memory_stays_flat(tmp_path, name):
    write_rows(
        tmp_path / name, ({"video": f"clips/{i:06d}.mp4", "prompt": "a red ball " * 5} for i in range(50_000))
    )
    assert (tmp_path / name).stat().st_size > 3_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(tmp_path / name)) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()
