"""Dotted fields: find a value inside a row, read it as numbers, and say what else is there."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, Final


class _Absent:
    """The type of `ABSENT`: the field is not in this row (a field that holds null is there)."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()

_NO_NUMBER = frozenset({"", "null", "none", "nan", "na", "n/a"})


def find(row: Any, path: str) -> Any:
    """The value at a dotted path of a row, or `ABSENT`.

    `human.alignment` goes through mappings, `human.alignment.0` into a list (`-1` is the last), and `*`
    stands for every item of a list or mapping: `human.*.1` is the list of the second entries. Keys may
    hold dots and spaces themselves (`text prompt`, `auto.v1.1`): where a path can be cut in several ways
    the longest key that leads to a value wins. A CSV cell that holds a JSON list or object is opened.
    """
    return _walk(row, path.split("."))


def _walk(node: Any, parts: Sequence[str]) -> Any:
    if not parts:
        return node
    if isinstance(node, str):
        node = _opened(node)
    if isinstance(node, Mapping):
        for end in range(len(parts), 0, -1):
            key = ".".join(parts[:end])
            if key in node:
                found = _walk(node[key], parts[end:])
                if found is not ABSENT:
                    return found
        items: Sequence[Any] = tuple(node.values())
    elif isinstance(node, Sequence) and not isinstance(node, str | bytes):
        items = node
        index = _index(parts[0])
        if index is not None:
            return _walk(items[index], parts[1:]) if -len(items) <= index < len(items) else ABSENT
    else:
        return ABSENT
    if parts[0] != "*":
        return ABSENT
    found_items = [_walk(item, parts[1:]) for item in items]
    if items and all(found is ABSENT for found in found_items):
        return ABSENT
    return [None if found is ABSENT else found for found in found_items]


def _index(part: str) -> int | None:
    digits = part.removeprefix("-")
    return int(part) if digits.isascii() and digits.isdigit() else None


def _opened(cell: str) -> Any:
    """The JSON list or object in a text cell, or the text itself."""
    if cell.lstrip()[:1] not in ("[", "{"):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def field_names(row: Mapping[str, Any]) -> list[str]:
    """The dotted paths of a row's leaves, in the row's order; a list of plain values is one leaf."""
    return list(_leaves(row, ""))


def _leaves(node: Any, prefix: str) -> Iterator[str]:
    if isinstance(node, str):
        node = _opened(node)
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(node, Sequence) and not isinstance(node, str | bytes) and _nested(node):
        yield from dict.fromkeys(leaf for item in node[:1] for leaf in _leaves(item, f"{prefix}.*"))
    elif prefix:
        yield prefix


def _nested(items: Sequence[Any]) -> bool:
    return bool(items) and isinstance(items[0], Mapping)


def number(value: Any) -> float | None:
    """A cell as a number; None for what stands for no value: null, NaN, an empty cell, "n/a".

    Raises:
        ValueError: the cell holds something else than one finite number.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.lower() in _NO_NUMBER:
            return None
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{shown(value)} is not a number") from None
    elif isinstance(value, Real):
        value = float(value)
    else:
        raise ValueError(f"{shown(value)} is not a number")
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise ValueError(f"{value} is not a finite number")
    return value


def numbers(value: Any) -> list[float | None]:
    """A cell as a list of numbers: one number, a list of numbers, or a text cell that holds such a list.

    Raises:
        ValueError: an entry is not one finite number, or the cell is a mapping or a list of lists.
    """
    if isinstance(value, str):
        value = _opened(value)
    if isinstance(value, Mapping):
        keys = ", ".join(map(str, value))
        raise ValueError(f"holds several fields ({keys}): name one of them, or all of them with '.*'")
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if any(
            isinstance(entry, Sequence | Mapping) and not isinstance(entry, str | bytes) for entry in value
        ):
            raise ValueError("holds a list of lists: name one entry of each, for example with '.*.0'")
        return [number(entry) for entry in value]
    return [number(value)]


def shown(value: Any) -> str:
    """A value as an error message quotes it: not longer than a line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
