import json
import re
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from reeljudge.clips import Clip
from reeljudge.errors import InputError, UsageError
from reeljudge.judges import Judge, JudgeOptions, Request, Sampling, open_judge
from reeljudge.judges.recorded import RecordedJudge
from reeljudge.rubrics import Question, Rubric, load_rubric

JOINT = load_rubric("videoscore2")
EACH = load_rubric("gradeo")
ONE = EACH.model_copy(update={"dimensions": EACH.dimensions[:1]})


def file_of(folder: Path, *rows: Any, name: str = "replies.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def opened(path: Path, **options: Any) -> RecordedJudge:
    judge = open_judge(f"recorded:{path}", JudgeOptions(**options))
    assert isinstance(judge, RecordedJudge)
    return judge


def request(id: str, dimension: str | None = None, rubric: Rubric = JOINT, samples: int = 1) -> Request:
    clip = Clip(id=id, video=f"{id}.mp4", path=Path(f"{id}.mp4"), prompt="a red ball")
    return Request((clip,), (), Question(dimension, "?"), rubric, Sampling(samples=samples))


def texts(judge: RecordedJudge, *asked: Request) -> list[str | None]:
    return [answer.replies[0].text if answer.replies else None for answer in judge.answer(asked)]


def error_of(judge: RecordedJudge, asked: Request) -> str:
    (answer,) = judge.answer([asked])
    assert answer.replies == ()
    assert answer.error is not None
    return str(answer.error)


def test_it_is_a_judge_that_needs_no_frames(tmp_path: Path) -> None:
    path = file_of(tmp_path, {"id": "a", "reply": "x"})
    judge = opened(path)
    assert isinstance(judge, Judge)
    assert judge.name == f"recorded:{path}"
    assert not judge.needs_frames
    assert opened(path, decode=True).needs_frames
    assert opened(path, batch_size=3).batch_size == 3
    judge.close()
    judge.close()


def test_replies_by_id_in_any_order(tmp_path: Path) -> None:
    judge = opened(file_of(tmp_path, *({"id": f"c{n}", "reply": f"reply {n} – ünï"} for n in range(50))))
    order = [7, 49, 0, 7, 23]
    assert texts(judge, *(request(f"c{n}") for n in order)) == [f"reply {n} – ünï" for n in order]


def test_all_fields(tmp_path: Path) -> None:
    row = {
        "id": "a",
        "dimension": "quality",
        "sample": 1,
        "reply": "text",
        "finish": "length",
        "tokens": 9,
        "x": 1,
    }
    judge = opened(file_of(tmp_path, {"id": "a", "dimension": "quality", "reply": "first"}, row))
    (answer,) = judge.answer([request("a", "quality", EACH, samples=2)])
    first, second = answer.replies
    assert (first.text, first.sample, first.finish, first.tokens, first.digits) == (
        "first",
        0,
        None,
        None,
        (),
    )
    assert (second.text, second.sample, second.finish, second.tokens) == ("text", 1, "length", 9)
    assert (first.dimension, second.dimension) == ("quality", "quality")


def test_numbers_as_ids_and_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 7, "reply": "seven"}\n\n  \n{"id": "8", "reply": "eight"}')
    assert texts(opened(path), request("7"), request("8")) == ["seven", "eight"]


def test_half_a_surrogate_pair(tmp_path: Path) -> None:
    assert texts(opened(file_of(tmp_path, '{"id": "a", "reply": "4 \\ud83d"}')), request("a")) == ["4 \ufffd"]


class TestNoScoreIsInvented:
    def test_an_id_that_is_not_there(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, {"id": "a", "reply": "x"})
        judge = opened(path)
        assert error_of(judge, request("b")) == f"no recorded reply for id 'b' in {path}"
        assert texts(judge, request("b"), request("a")) == [None, "x"]

    def test_a_row_without_a_dimension_serves_a_joint_rubric(self, tmp_path: Path) -> None:
        judge = opened(file_of(tmp_path, {"id": "a", "dimension": None, "reply": "x"}))
        assert texts(judge, request("a")) == ["x"]

    def test_a_row_about_one_dimension_serves_no_joint_rubric(self, tmp_path: Path) -> None:
        judge = opened(file_of(tmp_path, {"id": "a", "dimension": "visual_quality", "reply": "x"}))
        assert "asks for all in one reply" in error_of(judge, request("a"))

    def test_a_row_without_a_dimension_serves_none_of_seven_questions(self, tmp_path: Path) -> None:
        judge = opened(file_of(tmp_path, {"id": "a", "reply": "Rating Score: 4"}))
        for name in EACH.names:
            assert f'add "dimension": "{name}"' in error_of(judge, request("a", name, EACH))

    def test_a_row_without_a_dimension_serves_the_only_question(self, tmp_path: Path) -> None:
        judge = opened(file_of(tmp_path, {"id": "a", "reply": "x"}))
        (answer,) = judge.answer([request("a", "quality", ONE)])
        assert [(reply.dimension, reply.text) for reply in answer.replies] == [("quality", "x")]

    def test_unless_another_row_of_that_id_names_one(self, tmp_path: Path) -> None:
        rows = [
            {"id": "a", "reply": "x"},
            {"id": "a", "dimension": "safety", "reply": "y"},
            {"id": "b", "reply": "z"},
        ]
        judge = opened(file_of(tmp_path, *rows))
        error_of(judge, request("a", "quality", ONE))
        assert texts(judge, request("b", "quality", ONE)) == ["z"]

    def test_each_question_has_its_own_row(self, tmp_path: Path) -> None:
        judge = opened(
            file_of(tmp_path, *({"id": "a", "dimension": n, "reply": f"on {n}"} for n in EACH.names))
        )
        asked = [request("a", name, EACH) for name in EACH.names]
        assert texts(judge, *asked) == [f"on {name}" for name in EACH.names]

    def test_fewer_samples_than_asked_for(self, tmp_path: Path) -> None:
        rows = [{"id": "a", "sample": n, "reply": f"{n}"} for n in range(2)]
        assert "sample 2 in" in error_of(opened(file_of(tmp_path, *rows)), request("a", samples=3))

    def test_two_rows_with_one_reply(self, tmp_path: Path) -> None:
        rows = [{"id": "a", "reply": "4"}, "", {"id": "b", "reply": "3"}, {"id": "a", "reply": "5"}]
        with pytest.raises(InputError, match=r"lines 1 and 4 both hold id 'a'"):
            opened(file_of(tmp_path, *rows))

    def test_equal_replies_twice_are_two_rows_all_the_same(self, tmp_path: Path) -> None:
        row = {"id": "a", "dimension": "quality", "sample": 3, "reply": "4"}
        with pytest.raises(
            InputError, match=r"lines 1 and 2 both hold id 'a', dimension 'quality', sample 3"
        ):
            opened(file_of(tmp_path, row, row))

    def test_a_file_that_changes_under_the_judge(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, {"id": "a", "reply": "four"}, {"id": "b", "reply": "five"})
        judge, broken = opened(path), opened(path)
        path.write_text(path.read_text().replace('"a"', '"c"').replace('"b"', '"a"'))
        for id in ("a", "b"):
            assert "has changed" in error_of(judge, request(id))
        path.write_text("x" * 200)
        assert "has changed" in error_of(broken, request("b"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not valid JSON"),
        ("[1]", "must be one object"),
        ('{"reply": "x"}', "no 'id'"),
        ('{"id": "", "reply": "x"}', "no 'id'"),
        ('{"id": true, "reply": "x"}', "no 'id'"),
        ('{"id": "a", "repl": "x"}', "no 'reply' .* Did you mean 'repl'"),
        ('{"id": "a", "score": 4}', "no 'reply'"),
        ('{"id": "a", "reply": null}', "must be a text"),
        ('{"id": "a", "reply": ["x"]}', "must be a text"),
        ('{"id": "a", "reply": "x", "finish": "eos"}', "'finish' must be stop, length or score"),
        ('{"id": "a", "reply": "x", "dimension": 3}', "'dimension' must be a name"),
        ('{"id": "a", "reply": "x", "sample": "1"}', "'sample' must be an integer"),
        ('{"id": "a", "reply": "x", "sample": -1}', "'sample' must be an integer"),
        ('{"id": "a", "rubric": "gradeo", "replies": ["x"]}', "'replies' must hold objects"),
        ("\udcff", "not valid JSON"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"id": "ok", "reply": "x"}\n' + line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}, line 2: .*{says}"):
        opened(path)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        opened(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="the file is empty"):
        opened(file_of(tmp_path))
    with pytest.raises(InputError, match=r"verdicts\.jsonl: no such file"):
        opened(tmp_path)
    with pytest.raises(UsageError, match="recorded:FILE"):
        open_judge("recorded:")


class TestVerdictsOfARun:
    @staticmethod
    def verdict(id: str, rubric: str, *replies: Any, **fields: Any) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "key": "k",
            "status": "scored",
            "id": id,
            "rubric": rubric,
            "replies": replies,
            **fields,
        }

    def test_their_replies_are_replayed(self, tmp_path: Path) -> None:
        reply = {"dimension": None, "sample": 0, "text": "joint", "finish": "stop", "tokens": 212}
        many = [{"dimension": name, "sample": 0, "text": f"on {name}"} for name in EACH.names]
        rows = [self.verdict("a", "videoscore2", reply), self.verdict("a", "gradeo", *many)]
        file_of(tmp_path, *rows, name="verdicts.jsonl")
        judge = opened(tmp_path)  # a run folder
        asked = [request("a"), *(request("a", name, EACH) for name in EACH.names)]
        assert texts(judge, *asked) == ["joint", *(f"on {name}" for name in EACH.names)]
        (answer,) = judge.answer([request("a")])
        assert (answer.replies[0].finish, answer.replies[0].tokens) == ("stop", 212)

    def test_a_later_line_replaces_an_earlier_one(self, tmp_path: Path) -> None:
        lines = [
            self.verdict("a", "videoscore2", {"dimension": None, "text": text}) for text in ("old", "new")
        ]
        lines.insert(1, self.verdict("b", "videoscore2", {"dimension": None, "text": "b"}))
        assert texts(opened(file_of(tmp_path, *lines)), request("a"), request("b")) == ["new", "b"]

    def test_a_rubric_that_was_not_judged(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, self.verdict("a", "gradeo", {"dimension": "quality", "text": "x"}))
        assert "it holds verdicts on gradeo" in error_of(opened(path), request("a"))

    def test_a_row_that_failed_has_no_reply(self, tmp_path: Path) -> None:
        path = file_of(
            tmp_path, self.verdict("a", "videoscore2"), self.verdict("b", "videoscore2", {"text": "b"})
        )
        assert texts(opened(path), request("a"), request("b")) == [None, "b"]

    def test_a_last_line_that_was_cut_off(self, tmp_path: Path) -> None:
        path = file_of(tmp_path, self.verdict("a", "videoscore2", {"text": "a"}))
        path.write_text(path.read_text() + '{"schema_version":1,"key":"0')
        assert texts(opened(path), request("a")) == ["a"]


def test_identity_is_the_content(tmp_path: Path) -> None:
    first = opened(file_of(tmp_path, {"id": "a", "reply": "x"}, name="one.jsonl")).identity()
    same = opened(file_of(tmp_path, {"id": "a", "reply": "x"}, name="two.jsonl")).identity()
    other = opened(file_of(tmp_path, {"id": "a", "reply": "y"}, name="three.jsonl")).identity()
    assert first == same
    assert first != other
    assert len(first["sha256"]) == 64
    assert json.loads(json.dumps(first)) == first


def test_memory_does_not_grow_with_the_replies(tmp_path: Path) -> None:
    text = "It rolls over the grass. " * 400
    path = tmp_path / "large.jsonl"
    count = 4_000

    def rows() -> Iterable[str]:
        return (json.dumps({"id": f"clip-{n}", "reply": f"{n} {text}"}) + "\n" for n in range(count))

    with path.open("w") as file:
        file.writelines(rows())
    assert path.stat().st_size > 40_000_000
    tracemalloc.start()
    judge = opened(path)
    for start in range(0, count, 64):
        judge.answer([request(f"clip-{n}") for n in range(start, min(start + 64, count))])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
    assert texts(judge, request("clip-3999")) == [f"3999 {text}"]
