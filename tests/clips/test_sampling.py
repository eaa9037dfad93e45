"""Frame rules: hand-computed indices, invariants, and the same choice as qwen-vl-utils."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reeljudge.clips import FrameSettings, choose_frames, sampled_fps, seconds_per_grid
from reeljudge.clips.sampling import qwen_count, qwen_indices, spread_indices
from reeljudge.errors import UsageError

TOTALS = st.integers(1, 5000)
RATES = st.floats(0.5, 240)


def test_ten_frames_of_five_seconds_at_sixteen_fps():
    # 81 / 16 s x 2 fps = 10.125 -> 10 frames, 80 / 9 = 8.889 apart
    assert choose_frames(81, 16.0, FrameSettings()) == (0, 9, 18, 27, 36, 44, 53, 62, 71, 80)


@pytest.mark.parametrize(
    ("total", "fps", "indices"),
    [
        (1, 24.0, (0, 0)),  # one frame is shown twice
        (2, 24.0, (0, 1)),
        (3, 24.0, (0, 2)),  # an even count: 2 of 3
        (4, 24.0, (0, 1, 2, 3)),
        (5, 24.0, (0, 1, 3, 4)),  # 4/3 apart
        (16, 8.0, (0, 5, 10, 15)),  # 2 s at 2 fps
        (24, 8.0, (0, 5, 9, 14, 18, 23)),  # 23/5 = 4.6 apart
        (10, 1.0, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)),  # fewer frames than 2 fps asks for: all
        (48, 24.0, (0, 16, 31, 47)),  # 47/3 = 15.67 apart
    ],
)
def test_qwen_by_hand(total, fps, indices):
    assert choose_frames(total, fps, FrameSettings()) == indices


def test_ties_round_to_even_where_float32_is_exact():
    # 0, 2.5, 5 cannot happen (even counts), but 0, 1.5, 3, 4.5 (of 4 from 0 to 4.5) is 3 gaps of 9/2
    assert qwen_indices(4, 3) == (0, 2, 3)
    assert qwen_indices(6, 3) == (0, 2, 5)


@pytest.mark.parametrize(
    ("total", "rule", "indices"),
    [
        (9, "keyframes", (0, 4, 8, 8)),
        (10, "keyframes", (0, 5, 9, 9)),
        (2, "keyframes", (0, 1)),
        (1, "keyframes", (0, 0)),
        (10, "uniform:4", (0, 3, 6, 9)),
        (10, "uniform:3", (0, 5, 9, 9)),
        (8, "uniform:1", (4, 4)),
        (3, "uniform:16", (0, 1, 2, 2)),
        (6, "uniform:5", (0, 1, 3, 4, 5, 5)),  # 1.25 apart: 1.25, 2.5 (up), 3.75
    ],
)
def test_keyframes_and_uniform_by_hand(total, rule, indices):
    assert choose_frames(total, 24.0, FrameSettings(rule=rule)) == indices


@given(TOTALS, RATES, st.sampled_from(["qwen", "keyframes", "uniform:1", "uniform:7", "uniform:32"]))
def test_indices_are_real_rising_and_even(total, fps, rule):
    indices = choose_frames(total, fps, FrameSettings(rule=rule))
    assert len(indices) % 2 == 0
    assert 0 <= indices[0] <= indices[-1] < total
    assert list(indices) == sorted(indices)
    shown = sorted(set(indices))
    assert indices == (*shown, *shown[-1:] * (len(indices) - len(shown)))  # only the last may be repeated
    if rule != "uniform:1":
        assert (indices[0], indices[-1]) == (0, total - 1)


@given(TOTALS, RATES, st.integers(2, 64), st.integers(2, 64))
def test_qwen_keeps_its_bounds(total, fps, least, most):
    chosen = FrameSettings(min_frames=least, max_frames=most)
    count = qwen_count(total, fps, chosen)
    assert count == 1 or count % 2 == 0
    assert count <= max(most, 1)
    assert count <= total
    if total >= least + 1 and most >= least + 1:
        assert count >= least


@given(st.integers(2, 100_000), st.integers(2, 768))
def test_spread_is_within_half_a_frame_of_even(total, count):
    indices = spread_indices(total, count)
    assert len(indices) == len(set(indices)) == min(total, count)
    for place, index in enumerate(indices):
        assert abs(Fraction(place * (total - 1), len(indices) - 1) - index) <= Fraction(1, 2)


@given(st.integers(2, 100_000), st.integers(1, 384))
def test_qwen_indices_are_within_a_hundredth_of_the_exact_place(total, pairs):
    count = min(2 * pairs, total)
    for place, index in enumerate(qwen_indices(total, count)):
        assert abs(Fraction(place * (total - 1), count - 1) - index) <= Fraction(1, 2) + Fraction(1, 100)


@given(TOTALS, RATES, st.sampled_from(["qwen", "keyframes", "uniform:9"]))
def test_grid_cells_add_up_to_the_duration(total, fps, rule):
    shown = len(choose_frames(total, fps, FrameSettings(rule=rule)))
    assert shown / 2 * seconds_per_grid(shown, total, fps, 2) == pytest.approx(total / fps)


def test_the_intended_seconds_per_grid():
    assert sampled_fps(8, 32, 8.0) == 2.0
    assert seconds_per_grid(8, 32, 8.0, 2) == 1.0
    assert seconds_per_grid(12, 49, 8.0, 2) == pytest.approx(49 / 48)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("qwne", "Did you mean 'qwen'?"),
        ("keyframe", "Did you mean 'keyframes'?"),
        ("unifrom:8", "Did you mean 'uniform:N'?"),
        ("uniform", "uniform:8"),
        ("uniform:x", "uniform:8"),
        ("uniform:0", "at least 1"),
        ("uniform:-3", "uniform:8"),
        ("uniform:769", "max_frames = 768"),
        ("", "Known: keyframes, qwen"),
    ],
)
def test_a_wrong_rule_says_what_is_right(rule, says):
    with pytest.raises(UsageError) as caught:
        FrameSettings(rule=rule)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"fps": 0}, {"fps": float("nan")}, {"max_frames": 1}, {"max_pixels": 100}, {"min_frames": 0}]
)
def test_settings_that_cannot_be_are_refused(change):
    with pytest.raises(UsageError, match=next(iter(change))):
        FrameSettings(**change)


class TestAgainstTorch:
    """`qwen` is defined by what torch.linspace gives on the processors that judges run on."""

    @pytest.fixture(autouse=True)
    def linspace(self):
        torch = pytest.importorskip("torch", reason="torch is the oracle of these tests")
        if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
            pytest.skip("torch computes without fused multiply-add here")
        self.expected = lambda total, count: torch.linspace(0, total - 1, count).round().long().tolist()

    def test_small_clips_all(self):
        for total in range(2, 160):
            for count in range(2, min(total, 64) + 1, 2):
                assert list(qwen_indices(total, count)) == self.expected(total, count), (total, count)

    @settings(max_examples=300, deadline=None)
    @given(total=st.integers(2, 100_000), pairs=st.integers(1, 384))
    def test_any_clip(self, total, pairs):
        count = min(2 * pairs, total)
        assert list(qwen_indices(total, count)) == self.expected(total, count)


class TestAgainstQwenVlUtils:
    @pytest.fixture(autouse=True)
    def oracle(self):
        reason = "qwen-vl-utils is the oracle of these tests"
        self.module = pytest.importorskip("qwen_vl_utils.vision_process", reason=reason)

    @settings(max_examples=500, deadline=None)
    @given(
        total=st.integers(2, 20_000),
        video_fps=st.one_of(
            st.integers(1, 120), st.floats(0.5, 240), st.sampled_from([23.976, 29.97, 59.94])
        ),
        fps=st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0, 8.0]),
        bounds=st.one_of(st.none(), st.tuples(st.integers(1, 32), st.integers(32, 900))),
    )
    def test_same_count(self, total, video_fps, fps, bounds):
        asked = {"fps": fps}
        chosen = FrameSettings(fps=fps)
        if bounds:
            asked |= {"min_frames": bounds[0], "max_frames": bounds[1]}
            chosen = FrameSettings(fps=fps, min_frames=bounds[0], max_frames=bounds[1])
        assert qwen_count(total, video_fps, chosen) == self.module.smart_nframes(asked, total, video_fps)


def test_no_rule_takes_more_than_the_most():
    with pytest.raises(UsageError, match="'keyframes' takes 3 frames, more than max_frames = 2"):
        FrameSettings(rule="keyframes", max_frames=2)
    assert FrameSettings(rule="uniform:768").max_frames == 768
