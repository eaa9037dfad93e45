"""A JSON list of objects, read one object at a time, so that a long list needs no memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from reeljudge.errors import InputError

CHUNK = 1 << 16
"""Characters read at a time."""

LONGEST_ITEM = 1 << 28
"""Characters of one item: past this the list is taken to be broken."""

SPACE = " \t\r\n"


def json_constant(name: str) -> float | None:
    """NaN, which JSON does not have, reads as None: no NaN may stand for "missing"."""
    return None if name == "NaN" else float(name.replace("Infinity", "inf"))


def json_kind(value: object) -> str:
    """What a JSON value is called in a message."""
    if value is None:
        return "null"
    names: dict[type, str] = {dict: "object", list: "list", str: "string", bool: "boolean"}
    return names.get(type(value), "number")


def why_not_json(error: Exception) -> str:
    """Why a text is no JSON, in a few words."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at column {error.colno}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error)


class JsonList:
    """A window over the text of a list, moved along as items are taken from it."""

    def __init__(self, path: Path, file: TextIO):
        self.path = path
        self.file = file
        self.text = ""
        self.position = 0
        self.line = 1  # of text[0]
        self.ended = False
        self.decoder = json.JSONDecoder(parse_constant=json_constant)

    def items(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line on which it starts, object) for each item."""
        self._take("[")
        mark = self._mark()
        while mark != "]":
            number = self._number()
            value = self._value()
            if not isinstance(value, dict):
                raise self._error(
                    f"the list holds a {json_kind(value)}; every item must be an object", number
                )
            yield number, value
            mark = self._mark()
            if mark not in ",]":
                raise self._error("expected , or ] between the objects of the list")
            if mark == ",":
                self.position += 1
                self._mark()
        self.position += 1
        if self._mark(may_end=True):
            raise self._error("text after the end of the list; remove it")

    def _take(self, mark: str) -> None:
        if self._mark() != mark:
            raise self._error(f"expected {mark}")
        self.position += 1

    def _mark(self, may_end: bool = False) -> str:
        """The next character that is not space; "" at the end of the file."""
        while True:
            while self.position < len(self.text):
                if self.text[self.position] not in SPACE:
                    return self.text[self.position]
                self.position += 1
            if not self._read(CHUNK):
                if may_end:
                    return ""
                raise self._error("the list is not closed: it must end with ] (is the file cut off?)")

    def _value(self) -> Any:
        while True:
            try:
                value, self.position = self.decoder.raw_decode(self.text, self.position)
                return value
            except json.JSONDecodeError as error:
                rest = len(self.text) - self.position
                # An object that only our window cuts off fails at the window's end or inside a string.
                cut = error.pos > len(self.text) - 16 or error.msg.startswith("Unterminated string")
                if cut and rest < LONGEST_ITEM and self._read(max(CHUNK, rest)):
                    continue
                number = self.line + self.text.count("\n", 0, error.pos)
                raise self._error(
                    f"not valid JSON ({why_not_json(error)}); mend this object", number
                ) from None
            except (ValueError, RecursionError) as error:
                raise self._error(f"not valid JSON ({why_not_json(error)}); mend this object") from None

    def _read(self, size: int) -> bool:
        """Drop what is behind, read on; False at the end of the file."""
        more = self.file.read(size)
        self.line = self._number()
        self.text = self.text[self.position :] + more
        self.position = 0
        return bool(more)

    def _number(self) -> int:
        return self.line + self.text.count("\n", 0, self.position)

    def _error(self, what: str, number: int | None = None) -> InputError:
        return InputError(f"{self.path}, line {number or self._number()}: {what}")
