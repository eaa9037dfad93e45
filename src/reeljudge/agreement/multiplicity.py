"""Many tests at once: p-values corrected so that one chance finding among them stays unlikely."""

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction: the chance of even one false finding in the family stays below the level.

    The smallest of m p-values is multiplied by m, the next by m - 1, and so on; none may fall below the one
    before it, and none exceeds 1. Needs no assumption about how the tests hang together.

    Args:
        p_values: in [0, 1]; None (undefined) stays None and does not count in the family.

    Returns:
        The corrected p-values, in the same places.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        corrected[place] = highest
    return corrected
