"""Replies with something cut, doubled, moved or put in."""

import random
from collections.abc import Sequence

PIECES = (
    "<think>",
    "</think>",
    "<THINK>",
    "</ think >",
    "<answer>",
    "</answer>",
    "<ANALYSIS>",
    "</ANALYSIS>",
    "<ASSESSMENT>",
    "</ASSESSMENT>",
    "<OVERVIEW>",
    "</overview>",
    "visual quality: 4",
    "(1) visual quality: 2\n",
    "text-to-video alignment: 5",
    "physical/common-sense consistency: 1",
    "Rating Score: 3",
    "Score: 5",
    "4/5",
    "3.5",
    "10",
    "-1",
    "7",
    "4",
    " 2 ",
    "1-5",
    "\n",
    "\n\n",
    " ",
    ":",
    ";",
    ",",
    ".",
    "/",
    "|",
    "(",
    ")",
    '"',
    "'",
    "`",
    "**",
    "visual quality",
    "text alignment",
    "would be",
    "if ",
    "not ",
    "3 of the frames",
    "1. blur 2. noise",
    "the prompt says ",
    "Ground truth: 3. ",
    "I'm sorry, I can't help. ",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "４",
    "٣",
    "\u0301",
    "🎬",
    "\ud83c",
    "–",
    "\u2011",
    "：",
    "「",
    "◁think▷",
    "\x00",
    "\\boxed{4}",
    "{",
    "}",
    '"score": 4',
    "(1) visual quality: 3\n(2) text-to-video alignment: 3\n(3) physical/common-sense consistency: 3\n",
)


def mutate(text: str, others: Sequence[str], draw: random.Random) -> str:
    """`text` after one to four small accidents."""
    for _ in range(draw.randint(1, 4)):
        text = _accident(text, others, draw)
    return text


def _accident(text: str, others: Sequence[str], draw: random.Random) -> str:
    # Half of the accidents hit the last fifth, where answers stand.
    low = 0 if draw.random() < 0.5 else int(len(text) * 0.8)
    place = draw.randint(low, len(text))
    length = draw.choice((1, 1, 2, 5, 12, 40, 200))
    chunk = text[place : place + length]
    kind = draw.randrange(9)
    if kind == 0:
        return text[:place] + text[place + length :]
    if kind == 1:
        return text[:place] + draw.choice(PIECES) + text[place:]
    if kind == 2:
        return text[:place]
    if kind == 3:
        return text[:place] + chunk + text[place:]
    if kind == 4:
        there = draw.randint(0, len(text))
        rest = text[:place] + text[place + length :]
        return rest[:there] + chunk + rest[there:]
    if kind == 5:
        return (
            text[:place] + draw.choice((str.upper, str.lower, str.swapcase))(chunk) + text[place + length :]
        )
    if kind == 6:
        swapped = chunk.translate({ord(" "): "\u00a0", ord("-"): "–", ord(":"): "："})
        return text[:place] + swapped + text[place + length :]
    if kind == 7:
        digits = [n for n, one in enumerate(text) if one.isdecimal()]
        if not digits:
            return text
        at = draw.choice(digits)
        return text[:at] + draw.choice("0123456789") + text[at + 1 :]
    other = draw.choice(others)
    start = draw.randint(0, len(other))
    return text[:place] + other[start : start + draw.choice((20, 100, 400))] + text[place:]
