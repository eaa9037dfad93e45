"""Labels from a file of their own, joined to a table by `id`, with errors that name the rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from reeljudge.errors import InputError
from reeljudge.tables.fields import ABSENT, find, shown
from reeljudge.tables.table import Table

_ABOUT = ("prompt", "video", "sha256")
"""Fields that say which clip a row is about: where both sides have one, it must be the same."""
_NAMED = 5


def join_labels(table: Table, labels: Table, ignore_extra: bool = False) -> Table:
    """A table whose rows have the fields of the label row with their `id` as well.

    What the label file holds counts: it replaces a field of the same name (`human` entry by entry). Rows
    without a label keep what they have.

    Args:
        table: a run or a table of scores; several rows may have one id.
        labels: one row per id.
        ignore_extra: labels of other clips are no error.

    Raises:
        InputError: rows without an id, two labels for one id, labels of clips that the table does not hold,
            or a label whose prompt or video is not that of its id in the table. The rows are named.
    """
    by_id = _by_id(labels)
    ids = {_id(table, index) for index in range(len(table.rows))}
    extra = [index for id, index in by_id.items() if id not in ids]
    if len(extra) == len(by_id):
        raise InputError(
            f"{labels.name}: none of its {len(by_id)} labels is for a clip of {table.name} (its ids are such "
            f"as {_shown(sorted(by_id)[:3])}, those of {table.name} such as {_shown(sorted(ids)[:3])})"
        )
    if extra and not ignore_extra:
        raise InputError(
            f"{labels.name}: {len(extra)} of {len(by_id)} labels are for clips that {table.name} does not "
            f"hold: {_named(labels, extra)}; take them out, or say --ignore-extra-labels"
        )
    rows = []
    for index, row in enumerate(table.rows):
        place = by_id.get(_id(table, index))
        rows.append(row if place is None else _joined(table, index, labels, place))
    return Table(table.name, rows, table.places, table.place_word)


def _by_id(labels: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for index in range(len(labels.rows)):
        id = _id(labels, index)
        if id in found:
            raise InputError(
                f"{labels.where(index)}: {labels.place_word} {_place(labels, found[id])} is about the same "
                "clip; keep one row per clip, with the scores of several people in a list"
            )
        found[id] = index
    return found


def _id(table: Table, index: int) -> str:
    id = table.rows[index].get("id")
    if isinstance(id, float) and id.is_integer():
        id = int(id)
    if id is None or id == "":
        raise InputError(f"{table.where(index)}: no `id`, by which labels are joined")
    return str(id)


def _joined(table: Table, index: int, labels: Table, place: int) -> Mapping[str, Any]:
    row, label = table.rows[index], labels.rows[place]
    for name in _ABOUT:
        here, there = find(row, name), label.get(name)
        if here not in (None, ABSENT) and there not in (None, "") and str(here) != str(there):
            raise InputError(
                f"{labels.where(place)}: {name} is {shown(there)}, but the clip with that id in "
                f"{table.name} has {shown(here)}: these labels are about other clips"
            )
    joined = dict(row)
    for name, value in label.items():
        if name in ("id", *_ABOUT) and name in row:
            continue
        before = joined.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            joined[name] = {**before, **value}
        else:
            joined[name] = value
    return joined


def _named(labels: Table, places: Sequence[int]) -> str:
    parts = [f"{labels.place_word} {_place(labels, at)} ({_id(labels, at)!r})" for at in places[:_NAMED]]
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return ", ".join(parts) + more


def _place(labels: Table, index: int) -> int:
    return labels.places[index] if labels.places else index + 1


def _shown(ids: Sequence[str]) -> str:
    return ", ".join(map(repr, ids))
