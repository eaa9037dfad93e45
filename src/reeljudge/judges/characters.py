"""Text from outside as a verdict can hold it."""


def valid_text(text: str) -> str:
    """`text` with half surrogate pairs, which JSON escapes allow and UTF-8 does not, as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
