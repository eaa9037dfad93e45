"""What people type by mistake: one clear line that says how to mend it, the right status, no traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reeljudge.cli import main

Ran = tuple[int, str, str]

LABELS = ("visual quality", "text-to-video alignment", "physical/common-sense consistency")
JUDGE = "recorded:replies.jsonl"
RUN = f"run clips.jsonl -o run --judge {JUDGE}"


def _reply(*values: int) -> str:
    lines = (
        f"({n}) {label}: {value}" for n, (label, value) in enumerate(zip(LABELS, values, strict=True), 1)
    )
    return "\n".join(("<think>The ball rolls smoothly.</think>", *lines, ""))


def _write(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, a database of ratings, and much that is neither."""
    place = tmp_path_factory.mktemp("mistakes")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        _write(
            "clips.jsonl",
            [
                {
                    "video": f"c{i}.mp4",
                    "prompt": f"p{i // 4}",
                    "model": "ab"[i % 2],
                    "human": {} if i == 3 else {"visual_quality": i % 5 + 1},
                }
                for i in range(8)
            ],
        )
        _write(
            "replies.jsonl",
            [
                {"id": f"c{i}", "reply": _reply(i % 5 + 1, 3, i * 2 % 5 + 1), "finish": "stop"}
                for i in range(8)
            ],
        )
        _write(
            "ratings.jsonl",
            [
                {
                    "id": f"c{i}",
                    "video": f"c{i}.mp4",
                    "prompt": f"p{i}",
                    "rubric": "videoscore2",
                    "dimension": "visual_quality",
                    "rater": rater,
                    "score": (i + shift * (i % 2)) % 5 + 1,
                }
                for i in range(8)
                for shift, rater in enumerate(("ann", "bob"))
            ],
        )
        _write("votes.jsonl", [{"prompt": f"p{i}", "human": "leftvote", "x": "[[A>B]]"} for i in range(5)])
        for name, text in {
            "empty.jsonl": "",
            "broken.jsonl": '{"video": "a.mp4", "prompt": "x"\n',
            "promptless.jsonl": '{"video": "a.mp4"}\n',
            "c0.mp4": "no video",
            "file.txt": "text",
        }.items():
            Path(name).write_text(text, encoding="utf-8")
        for name in ("emptydir", "dir.csv", "dir.html", "dir.jsonl"):
            Path(name).mkdir()
        assert main(RUN.split()) == 0
        assert main(["ratings", "import", "ratings.jsonl", "--from", "reeljudge", "--db", "r.db"]) == 0
    return place


@pytest.fixture
def call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], Ran]:
    monkeypatch.chdir(folder)

    def run(line: str) -> Ran:
        capsys.readouterr()
        status = main(line.split())
        return (status, *capsys.readouterr())

    return run


WRONG_USAGE = {
    "best-of run --by grup": "has no 'grup', by which clips were to be grouped. Did you mean 'group'?",
    "best-of run --curve --truth human.visual": "no clip of this run has 'human.visual'. Did you mean",
    "best-of run --curve": "--curve and --truth FIELD go together",
    "best-of run --weights visual=1": "--weights: no dimension 'visual'",
    "best-of run --weights visual_quality=x": "--weights: 'visual_quality=x'",
    "pairs run": "--min-gap",
    "pairs run --min-gap 1 --format dpoo": "Did you mean 'dpo'?",
    "pairs run --min-gap 1 --format videodpo": "name it with -o",
    "pairs run --min-gap 1 --veto foo=1": "--veto: no dimension 'foo'",
    "agree run --human human.visual_quality": "--judge",
    "agree run --human a --judge b --human-scale x": "LOW-HIGH",
    "agree run --human human.visual_quality --judge scores.visual_qualty.score": "Did you mean",
    "agree-pairs votes.jsonl --human human": "what did the judge prefer?",
    "agree-pairs votes.jsonl --human human --judge x --tie-margin 1": "--tie-margin goes with",
    "compare run --human human.visual_quality --judge overall": "twice or more",
    "export run -o t.xlsx": ".csv or .parquet",
    f"score c0.mp4 --judge {JUDGE}": "--prompt",
    "score c0.mp4 --prompt x --judge tinny": "Did you mean 'tiny'?",
    "score c0.mp4 --prompt x --judge replies.jsonl": "Did you mean 'recorded:replies.jsonl'?",
    "score c0.mp4 --prompt x --judge recorded": "recorded:FILE",
    "score c0.mp4 --prompt x --judge served:x": "--base-url",
    "score c0.mp4 --prompt x --dimensions foo": "foo",
    f"score c0.mp4 --prompt x --judge {JUDGE} --device cpu": "cannot use --device",
    f"run clips.jsonl -o r2 --judge {JUDGE} --address auto": "--address is for --engine ray",
    "report run -o r.html --embed-budget -1": "embed-budget",
    "benchmark nope": "nope",
    "benchmark tvge --protocol nope": "nope",
    "efficiency --sizes foo": "--sizes takes WIDTHxHEIGHT",
    "efficiency -o x.txt": ".html",
    "synth s1": "--count",
    "synth s1 --count 2 --seed 1 --split foo": "foo",
    "synth s1 --count 2 --seed 1 --generator foo": "foo",
    "train foo": "foo",
    "train sft none.yaml --set lr": "write KEY=VALUE",
    "ratings import ratings.jsonl --from foo --db r.db": "unknown format 'foo'",
    "ratings import ratings.jsonl --from reeljudge --db mysql://x": "mysql://",
    "ratings consensus --db r.db --rule foo": "foo",
    "ratings reliability --db r.db --pool foo": "--pool is given twice",
    "filter clips.jsonl --motion foo": "foo",
    "filter clips.jsonl --motion flow=5..1": "flow",
    "rationales elicit --db r.db --judge tiny -o x.jsonl": "choose served:MODEL or hf:MODEL",
    "rationales reconcile clips.jsonl --rule foo": "unknown rule 'foo'",
    "rationales check replies.jsonl --allow foo": "foo",
    "dataset split clips.jsonl -o s.jsonl --test 0": "give --test or --val",
    "dataset export clips.jsonl -o set --task foo": "--task 'foo' is unknown",
    "annotate clips.jsonl": "--db",
    "annotate clips.jsonl --db a.db --pages foo": "--pages 'foo'",
    "annotate clips.jsonl --db a.db --url foo": "http://",
    "annotate link --db a.db": "--rater NAME",
    "rubrics gradoe": "Did you mean 'gradeo'?",
    "rubrics none.yaml": "none.yaml",
}
"""What is typed -> what the line says."""

FAILED = {
    "show emptydir": "emptydir: no run folder (it has no run.json)",
    "show file.txt": "file.txt: no run folder (it is a file)",
    "leaderboard none": "no such run folder",
    "best-of none": "no such run folder",
    "pairs none --min-gap 1": "no such run folder",
    "pairs run --min-gap 1 -o nodir/p.csv": "nodir/p.csv",
    "pairs run --min-gap 1 -o dir.csv": "dir.csv",
    "pairs run --min-gap 1 --format videodpo -o file.txt/x": "file.txt/x",
    "export run -o nodir/t.csv": "nodir/t.csv: cannot be written: there is no folder 'nodir'; make it first",
    "export run -o dir.csv": "dir.csv",
    "agree none.csv --human a --judge b": "none.csv: no such file",
    "agree empty.jsonl --human a --judge b": "empty.jsonl: the file is empty",
    "agree broken.jsonl --human a --judge b": "broken.jsonl, line 1: not valid JSON",
    "read emptydir": "emptydir: a folder",
    f"score c0.mp4 --prompt x --judge {JUDGE.replace('replies', 'none')}": "none.jsonl: no such file",
    "score c0.mp4 --prompt x --template none.j2": "none.j2",
    f"run empty.jsonl -o r2 --judge {JUDGE}": "empty.jsonl: the file is empty",
    f"run emptydir -o r2 --judge {JUDGE}": "emptydir",
    f"run promptless.jsonl -o r2 --judge {JUDGE}": "promptless.jsonl, line 1: no 'prompt' field",
    f"run c0.mp4 -o r2 --judge {JUDGE}": "judge it with `reeljudge score`",
    f"run clips.jsonl -o file.txt/x --judge {JUDGE}": "file.txt/x: cannot be made",
    "report run -o nodir/r.html": "nodir/r.html: cannot be written",
    "report run -o dir.html": "dir.html: cannot be written",
    "report run -o r.html --labels none.csv": "none.csv: no such file",
    "benchmark tvge --data none": "none: no such folder",
    "efficiency -o nodir/x.html": "nodir",
    "synth file.txt --count 2 --seed 1": "file.txt",
    "synth run --count 2 --seed 1": "name an empty or a new folder",
    "train sft none.yaml": "give the path of a YAML file",
    "ratings import none.jsonl --from reeljudge --db r.db": "none.jsonl: no such file",
    "ratings import ratings.jsonl --from reeljudge --db nodir/r.db": "there is no folder 'nodir'",
    "ratings import ratings.jsonl --from reeljudge --db file.txt": "not a SQLite database",
    "ratings export --db none.db -o x.jsonl": "none.db: no such database",
    "ratings consensus --db none.db": "none.db: no such database",
    "ratings consensus --db r.db -o nodir/x.jsonl": "nodir/x.jsonl",
    "ratings coverage --db none.db": "none.db: no such database",
    "filter none.jsonl --motion flow": "none.jsonl: no such file",
    "rationales elicit --db none.db --judge served:x --base-url http://h -o x.jsonl": "no such database",
    "rationales check none.jsonl": "none.jsonl: no such file",
    "dataset split none.jsonl -o s.jsonl": "none.jsonl: no such file",
    "dataset split ratings.jsonl -o dir.jsonl": "dir.jsonl",
    "dataset card none.jsonl": "none.jsonl: no such file",
    "annotate none.jsonl --db a.db": "none.jsonl: no such file",
    "annotate progress clips.jsonl --db none.db": "none.db: no such database",
}
"""What is typed -> what the line says."""


def _one_line(err: str) -> str:
    assert len(err.splitlines()) == 1, err
    assert err.startswith("error: ")
    return err


@pytest.mark.parametrize("line", WRONG_USAGE)
def test_wrong_usage_is_one_line_and_status_2(call: Callable[[str], Ran], line: str) -> None:
    status, out, err = call(line)
    assert (status, out) == (2, "")
    assert WRONG_USAGE[line] in _one_line(err)


@pytest.mark.parametrize("line", FAILED)
def test_what_cannot_be_used_is_one_line_and_status_1(
    call: Callable[[str], Ran], folder: Path, line: str
) -> None:
    """... and no file is left behind, but what SQLite keeps beside a database."""
    before = {path for path in folder.rglob("*") if path.is_file()}
    status, out, err = call(line)
    assert (status, out) == (1, "")
    assert FAILED[line] in _one_line(err)
    left = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} - {
        path.relative_to(folder) for path in before
    }
    assert {path for path in left if path.name[:5] != "r.db-"} == set()


def test_clips_without_an_outside_measure_are_left_out_of_the_curve(call: Callable[[str], Ran]) -> None:
    status, out, _ = call("best-of run --curve --truth human.visual_quality --json")
    assert (status, json.loads(out)["left_out"]) == (0, 1)


def test_pairs_as_one_object(call: Callable[[str], Ran]) -> None:
    lines = [json.loads(line) for line in call("pairs run --min-gap 1")[1].splitlines()]
    found = json.loads(call("pairs run --min-gap 1 --json")[1])
    assert found["rows"] == lines
    assert (found["pairs"], found["groups"], found["of_groups"]) == (len(lines), 2, 2)
    status, out, _ = call("pairs run --min-gap 1 -o p.jsonl --json")
    told = {**found, "output": "p.jsonl"}
    del told["rows"]
    assert (status, json.loads(out)) == (0, told)
