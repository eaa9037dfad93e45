"""Unicode folding that keeps every character in its place, so that spans in the folded text are spans in the reply."""

import re
import unicodedata

_QUOTES = {ord(mark): '"' for mark in "“”„‟«»〝〞＂"} | {ord(mark): "'" for mark in "‘’‚‛‹›＇"}
_NEWLINES = {ord(mark): "\n" for mark in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}


class _Fold(dict[int, str]):
    """Character by character: any dash is '-', any space is ' ', any decimal digit is an ASCII digit."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = character
        if 0xFF01 <= code <= 0xFF5E:
            folded = chr(code - 0xFEE0)
        elif code > 127:
            category = unicodedata.category(character)
            if category in ("Zs", "Cf"):
                folded = " "
            elif category == "Pd" or code == 0x2212:
                folded = "-"
            elif category == "Nd":
                folded = str(unicodedata.decimal(character))
            elif character in "→⇒⟶➜":
                folded = ":"
            elif character in "⁄∕":
                folded = "/"
        elif (code < 32 and character not in "\n\t") or character == "\t":
            folded = " "
        self[code] = folded
        return folded


_FOLD = _Fold(_QUOTES | _NEWLINES)
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """The reply with spaces, dashes, digits and quotes in their ASCII form; same length, same places."""
    return text.translate(_FOLD)


def words(text: str) -> list[tuple[str, int, int]]:
    """Every word of `text` in lower case with its (start, end)."""
    return [(match.group().lower(), match.start(), match.end()) for match in _WORD.finditer(text)]


def blank(text: str, start: int, end: int, filler: str = "\n") -> str:
    """`text` with the characters from start to end overwritten by `filler`, length kept."""
    return text[:start] + filler * (end - start) + text[end:]
