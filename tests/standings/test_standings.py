"""Leaderboard, best-of-N and preference pairs against values worked out by hand or by enumeration."""

import itertools
import random
from statistics import fmean

import pytest

from reeljudge.errors import InputError, UsageError
from reeljudge.standings import best_of, curve, entries, leaderboard, parse_weights, preference_pairs


def row(
    name: str, model: str | None, group: str, expected: dict[str, float] | None = None, **scores: float | None
):
    known = {
        d: {
            "score": s,
            "value": s,
            "expected": (expected or {}).get(d),
            "status": "scored" if s else "unscored",
        }
        for d, s in scores.items()
    }
    return {"id": name, "model": model, "group": group, "prompt": group, "scores": known}


def make(*rows: dict) -> list:
    return list(entries(rows))


def test_points_are_zero_at_the_lowest_and_hundred_at_the_highest_score() -> None:
    items = make(row("a", "low", "p", q=1), row("b", "high", "p", q=5), row("c", "mid", "p", q=2))
    places = {place.model: place for place in leaderboard(items).places["q"]}
    assert (places["low"].points, places["mid"].points, places["high"].points) == (0, 25, 100)
    assert [place.model for place in leaderboard(items).places["q"]] == ["high", "mid", "low"]
    assert [place.rank for place in leaderboard(items).places["q"]] == [1, 2, 3]


def test_unscored_clips_are_counted_and_move_no_mean() -> None:
    items = make(
        row("a", "m", "p", q=4), row("b", "m", "r", q=None), row("c", "n", "p", q=2), row("d", "n", "r", q=2)
    )
    board = leaderboard(items)
    first = board.places["q"][0]
    assert (first.model, first.points, first.n, first.scored) == ("m", 75, 2, 1)
    assert any("3 of 4 clips scored" in note for note in board.notes)


def test_equal_generators_share_a_rank_and_overall_needs_every_dimension() -> None:
    items = make(row("a", "m", "p", q=4, t=2), row("b", "n", "p", q=4, t=None))
    board = leaderboard(items)
    assert {place.rank for place in board.places["q"]} == {1}
    overall = {place.model: place.mean for place in board.places["overall"]}
    assert overall == {"m": 3.0, "n": None}


def test_a_generator_that_is_better_on_every_prompt_is_so_in_every_resample() -> None:
    items = make(
        *[row(f"{m}{i}", m, f"p{i}", q=q + i % 2) for i in range(30) for m, q in (("good", 4), ("bad", 2))]
    )
    good, bad = leaderboard(items).places["q"]
    assert (good.model, good.stability, good.rank_ci) == ("good", 1.0, (1, 1))
    assert bad.rank_ci == (2, 2)
    assert good.p_next is not None
    assert good.p_next < 0.01


def test_two_prompts_prove_nothing() -> None:
    """However clear the difference: swapping the two on one prompt alone happens in every second draw."""
    items = make(*[row(f"{m}{i}", m, f"p{i}", q=q) for i in range(2) for m, q in (("good", 5), ("bad", 1))])
    board = leaderboard(items)
    assert board.places["q"][0].p_next == board.differences["q"][0].p == 0.5
    assert board.places["q"][1].p_next is None


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [row(f"{m}{i}", m, f"p{i}", q=(i * k) % 5 + 1) for i in range(25) for k, m in enumerate("abc", 1)]
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)
    assert leaderboard(make(*rows)).places == leaderboard(make(*shuffled)).places


def test_clips_without_a_generator_are_refused() -> None:
    with pytest.raises(InputError, match="'a' names no generator"):
        leaderboard(make(row("a", None, "p", q=1)))


def test_best_of_breaks_ties_by_the_expected_score_and_says_so() -> None:
    rows = [
        row("a", "m", "g", {"q": 3.9}, q=4),
        row("b", "m", "g", {"q": 4.2}, q=4),
        row("c", "m", "h", q=2),
        row("d", "m", "h", q=2),
        row("e", "m", "i", q=None),
    ]
    first, second, third = best_of(make(*rows), {"q": 1.0}, by=lambda entry: entry.group)
    assert (first.best and first.best.id, first.tie_broken_by, first.tied) == ("b", "expected", ("a", "b"))
    assert (second.best and second.best.id, second.tie_broken_by) == ("c", "first")
    assert (third.best, third.candidates, third.scored) == (None, 1, 0)


def test_the_curve_equals_enumeration_of_every_draw() -> None:
    rng = random.Random(3)
    group = [(rng.choice([1, 2, 3]), rng.random()) for _ in range(6)]
    for n in (1, 2, 4):
        by_hand = []
        for drawn in itertools.combinations(group, n):
            top = max(score for score, _ in drawn)
            by_hand.append(fmean(truth for score, truth in drawn if score == top))
        point = curve([group], [n])[0]
        assert point.chosen == pytest.approx(fmean(by_hand))
        assert point.oracle == pytest.approx(
            fmean(max(t for _, t in drawn) for drawn in itertools.combinations(group, n))
        )
        assert point.random == pytest.approx(fmean(truth for _, truth in group))


def test_a_perfect_judge_gains_all_and_a_constant_one_nothing() -> None:
    truths = [[1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 5.0, 1.0]]
    perfect = curve([[(t, t) for t in group] for group in truths], [4])[0]
    constant = curve([[(3.0, t) for t in group] for group in truths], [4])[0]
    assert (perfect.share, constant.share) == (pytest.approx(1.0), pytest.approx(0.0))
    assert curve([[(t, t) for t in group] for group in truths], [1])[0].share is None


def test_pairs_keep_the_gap_the_veto_and_the_balance() -> None:
    rows = [row("a", "m", "g", q=5, t=1), row("b", "m", "g", q=3, t=3), row("c", "m", "g", q=1, t=3)]
    rows += [row("x", "m", "h", q=4, t=4), row("y", "m", "h", q=3.5, t=4), row("z", "m", "h", q=None, t=4)]
    items = make(*rows)
    found = {(p.chosen.id, p.rejected.id): p.gap for p in preference_pairs(items, {"q": 1}, 1.0)}
    assert found == {("a", "b"): 2, ("a", "c"): 4, ("b", "c"): 2}
    vetoed = {(p.chosen.id, p.rejected.id) for p in preference_pairs(items, {"q": 1}, 1.0, vetoes={"t": 0})}
    assert vetoed == {("b", "c")}
    assert [(p.chosen.id, p.rejected.id) for p in preference_pairs(items, {"q": 1}, 1.0, per_group=1)] == [
        ("a", "c")
    ]


@pytest.mark.parametrize("text", ["nope=1", "q=much", "q=-1", "q=0", "q=nan"])
def test_bad_weights_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--weights"):
        parse_weights(text, ["q", "t"])
