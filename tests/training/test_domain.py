"""What is foreign to the synthetic world, and the rule that tells it apart."""

from pathlib import Path

import numpy as np
import pytest

from reeljudge.judges.tiny.domain import Domain, read_domain, write_domain
from reeljudge.training.domain import fit_domain
from reeljudge.training.foreign import foreign_film


def test_a_foreign_film_is_a_film_and_depends_on_its_seed_alone() -> None:
    film = foreign_film(3, count=6, side=32)
    assert film.shape == (6, 32, 32, 3)
    assert film.dtype == np.uint8
    assert np.array_equal(film, foreign_film(3, count=6, side=32))
    assert not np.array_equal(film, foreign_film(4, count=6, side=32))
    assert film.std() > 5


def test_strangeness_is_linear_in_clipped_standard_features() -> None:
    domain = Domain(np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([0.5, -1.0]), bias=0.25)
    # (5 - 1) / 2 = 2 -> 2 * 0.5 = 1; 3 * -1 = -3
    assert domain.strangeness(np.array([5.0, 3.0])) == pytest.approx(1 - 3 + 0.25)
    assert domain.strangeness(np.array([1001.0, 0.0])) == pytest.approx(8 * 0.5 + 0.25)


def test_a_rule_survives_its_file(tmp_path: Path) -> None:
    domain = Domain(np.array([1.23456789]), np.array([2.0]), np.array([0.5]), bias=-0.125)
    write_domain(domain, tmp_path / "domain.json")
    again = read_domain(tmp_path / "domain.json")
    assert again.strangeness(np.array([7.0])) == pytest.approx(domain.strangeness(np.array([7.0])), abs=1e-3)


def test_the_limit_lets_one_synthetic_clip_in_a_hundred_pass_for_foreign() -> None:
    def see(frames: object) -> np.ndarray:
        pixels = frames.pixels.astype(float)  # type: ignore[attr-defined]
        still = np.median(pixels, axis=0)
        return np.array([np.abs(pixels - still).mean(), np.abs(np.diff(still, axis=0)).mean(), still.std()])

    domain = fit_domain(see, count=100, seed=6)
    from reeljudge.training.config import SynthSource
    from reeljudge.training.encoding import synth_frames

    source = SynthSource(seed=6, count=200, camera=0.7)
    held = [domain.strangeness(see(synth_frames(source, index))) > 0 for index in range(100, 200)]
    assert sum(held) == 1
