"""From rows to statistics: fields, clusters, scales, repeated items, and errors that name the row."""

import pytest

from reeljudge.agreement.of_tables import Options, agree, agree_pairs, cluster_field, compare, raters
from reeljudge.agreement.scales import ValueRange
from reeljudge.errors import InputError, UsageError
from reeljudge.tables.table import Table

QUICK = Options(resamples=100)


def a_table(*rows: dict) -> Table:
    return Table("labels.jsonl", rows, range(1, len(rows) + 1), "line")


def scored(*pairs: tuple[object, object]) -> Table:
    return a_table(*({"id": f"c{i}", "human": h, "judge": j} for i, (h, j) in enumerate(pairs)))


def test_lists_are_averaged_and_nulls_left_out() -> None:
    table = scored(([3, 4], 4), ([1, None], 1), (None, 2), ([None, None], 3), (5, None), ("[2, 2]", "2"))
    found = agree(table, "human", "judge", QUICK)
    assert (found.n, found.n_scored) == (4, 3)
    assert found.accuracy == pytest.approx(3 / 4)  # 3.5 -> 4, 1, 2 right; one unscored


def test_samples_of_a_judge_are_averaged() -> None:
    table = scored((3, [2, 3, 4]), (5, [5, None]), (1, []), (2, [None]))
    found = agree(table, "human", "judge", QUICK)
    assert (found.n, found.n_scored) == (4, 2)
    assert found.accuracy_scored == 1


def test_minus_one_is_never_quietly_missing() -> None:
    table = scored((3, 4), (4, -1), (5, 5))
    with pytest.raises(
        InputError, match=r"labels\.jsonl, line 2 \(id 'c1'\): 'judge' holds -1.*--missing -1"
    ):
        agree(table, "human", "judge", QUICK)
    found = agree(table, "human", "judge", Options(missing=["-1"], resamples=100))
    assert (found.n, found.n_scored) == (3, 2)
    kept = agree(table, "human", "judge", QUICK, ValueRange(-1, 5), ValueRange(-1, 5))
    assert kept.n_scored == 3


@pytest.mark.parametrize(
    ("odd", "line"),
    [(80, 3), (0.4, 3), ([3, 80], 3)],
)
def test_another_scale_inside_a_field_names_the_row(odd: object, line: int) -> None:
    table = scored((3, 4), (4, 4), (odd, 5), (2, 2), (5, 5))
    with pytest.raises(InputError, match=rf"line {line} \(id 'c2'\): 'human' holds"):
        agree(table, "human", "judge", QUICK)


def test_a_value_outside_the_stated_scale_names_the_row() -> None:
    with pytest.raises(InputError, match=r"line 2 .*holds 5, which is outside the stated scale 1-4"):
        agree(scored((3, 4), (5, 4)), "human", "judge", QUICK, human_scale=ValueRange(1, 4))


def test_fields_that_are_not_there() -> None:
    with pytest.raises(UsageError, match="Did you mean 'human'"):
        agree(scored((3, 4)), "humann", "judge", QUICK)
    with pytest.raises(UsageError, match="'prompts'"):
        agree(scored((3, 4)), "human", "judge", Options(cluster="prompts"))
    with pytest.raises(InputError, match=r"line 1 .*several fields \(a, b\)"):
        agree(scored(({"a": 1, "b": 2}, 3)), "human", "judge", QUICK)


def test_an_item_that_stands_twice_names_both_rows() -> None:
    rows = [{"id": "c1", "human": 3, "judge": 3}, {"id": "c2", "human": 2, "judge": 3}]
    with pytest.raises(InputError, match=r"line 3 \(id 'c1'\): the same item stands in line 1"):
        agree(a_table(*rows, rows[0]), "human", "judge", QUICK)
    assert agree(a_table(*rows, rows[0]), "human", "judge", Options(repeats=True, resamples=100)).n == 3
    # Several dimensions or rubrics of one clip are several items.
    for part in ("dimension", "rubric", "model"):
        twice = a_table(*({**row, part: name} for row in rows for name in ("x", "y")))
        assert agree(twice, "human", "judge", QUICK).n == 4


def test_clusters_are_found_or_named() -> None:
    rows = [{"prompt": f"p{i % 3}", "seed": i, "human": i % 5 + 1, "judge": 3 + i % 2} for i in range(12)]
    assert agree(a_table(*rows), "human", "judge", QUICK).clusters == 3
    assert agree(a_table(*rows), "human", "judge", Options(cluster="seed", resamples=100)).clusters == 12
    assert cluster_field(a_table(*rows), QUICK) == "prompt"
    grouped = [{**row, "group": "g" if row["seed"] else None} for row in rows]
    assert cluster_field(a_table(*grouped), QUICK) == "group"
    assert agree(a_table(*grouped), "human", "judge", QUICK).clusters == 2
    assert cluster_field(a_table({"text prompt": "a"}), QUICK) == "text prompt"
    # A field of clusters that is always null is no field of clusters.
    assert cluster_field(a_table({"prompt": None}, {"prompt": ""}), QUICK) is None


def test_votes_of_rows() -> None:
    table = a_table(
        {"human": "leftvote", "judge": "[[A>B]]"},
        {"human": "bothbad_vote", "judge": "[[Tie]]"},
        {"human": None, "judge": "[[A>B]]"},
        {"human": "rightvote", "judge": "gibberish"},
        {"human": "tievote"},
    )
    found = agree_pairs(table, "human", "judge", None, QUICK)
    assert (found.n, found.n_ties, found.unscored) == (4, 2, 2)
    assert found.accuracy_with_ties == pytest.approx(2 / 4)
    exact = agree_pairs(table, "human", "judge", None, QUICK, "genai-bench")
    assert (exact.unscored, exact.accuracy_with_ties) == (3, pytest.approx(1 / 4))


def test_a_human_vote_that_cannot_be_read_names_the_row() -> None:
    table = a_table({"id": 7, "human": "A", "judge": "A"}, {"id": 8, "human": "perhaps", "judge": "B"})
    with pytest.raises(InputError, match=r"line 2 \(id 8\): 'human' holds 'perhaps', which is no vote"):
        agree_pairs(table, "human", "judge", None, QUICK)
    skipped = agree_pairs(table, "human", "judge", None, Options(missing=["perhaps"], resamples=100))
    assert skipped.n == 1
    # Under the exact protocol only that set's own words are votes.
    with pytest.raises(InputError, match=r"line 1 .*no vote of GenAI-Bench"):
        agree_pairs(table, "human", "judge", None, QUICK, "genai-bench")


def test_scores_of_rows() -> None:
    rows = [
        {"vote": "A", "a": 3, "b": 2.8},
        {"vote": "same", "a": [2, 3], "b": 2.4},
        {"vote": "B", "a": 1, "b": None},
    ]
    found = agree_pairs(a_table(*rows), "vote", None, ("a", "b"), QUICK, tie_margin=0.15)
    assert (found.n, found.unscored) == (3, 1)
    assert found.accuracy_with_ties == pytest.approx(2 / 3)


def test_two_judges_by_score_and_by_vote() -> None:
    points = a_table(*({"h": i % 5 + 1, "x": i % 5 + 1, "y": (i * 3) % 5 + 1} for i in range(40)))
    found = compare(points, "h", ("x", "y"), QUICK)
    assert found.first["accuracy"] == 1
    assert found.p_value["accuracy"] < 0.01
    votes = a_table(*({"h": "AB"[i % 2], "x": "AB"[i % 2], "y": "A"} for i in range(40)))
    assert compare(votes, "h", ("x", "y"), QUICK).difference["accuracy_with_ties"] == pytest.approx(0.5)


def test_ratings_by_place_or_by_name() -> None:
    by_place = a_table({"r": [1, 2, 1]}, {"r": [3, 3, 4]}, {"r": [5, 4, None]}, {"r": [2, 2, 2]})
    found = raters(by_place, "r", QUICK)
    assert (found.items, found.raters) == (4, 3)
    named = a_table(
        {"r": {"ann": 1, "bo": 2, "cy": 1}},
        {"r": {"cy": 4, "ann": 3, "bo": 3}},
        {"r": {"bo": 4, "ann": 5}},
        {"r": {"ann": 2, "bo": 2, "cy": 2}},
    )
    assert raters(named, "r", QUICK).to_dict() == found.to_dict()
    with pytest.raises(InputError, match="line 2"):
        raters(a_table({"r": {"ann": 1}}, {"r": [1, 2]}), "r", QUICK)
    nested = a_table({"r": [[1, 0], [0.5, 1]]}, {"r": [[0, 0], [0, 1]]})
    with pytest.raises(InputError, match=r"line 1: 'r' holds a list of lists"):
        raters(nested, "r", QUICK)
    assert raters(nested, "r.*.0", QUICK).items == 2


def test_an_unrated_table_is_null_not_an_error() -> None:
    found = raters(a_table({"r": []}, {"r": None}), "r", QUICK)
    assert (found.items, found.raters, found.alpha_ordinal) == (0, 0, None)
    assert agree(scored((None, 3), (None, 4)), "human", "judge", QUICK).n == 0
