"""Prompts: what is asked for, in varied sentences, and the combinations held out for the test split."""

from functools import cache
from hashlib import sha256

from reeljudge.synth.clip import Asked
from reeljudge.synth.draw import Draw
from reeljudge.synth.phrases import (
    COUNT_WORDS,
    PLACES,
    PLURAL,
    PROMPTS,
    PROMPTS_FROM_PLACE,
    PROMPTS_OF_TWO_EVENTS,
    SIZE_WORDS,
    VERBS,
)
from reeljudge.synth.world import BACKGROUNDS, COLOURS, MOTIONS, OBJECTS, STRAIGHT

SPLITS = ("train", "test")
HELD_OUT = 5
"""One of this many combinations of object, colour and motion is in the test split, and only there."""


@cache
def held_out(thing: str, colour: str, motions: tuple[str, ...]) -> bool:
    """Whether this combination belongs to the test split. A property of the words alone: no seed enters."""
    name = f"{thing}|{colour}|{'>'.join(motions)}"
    return sha256(name.encode()).digest()[0] % HELD_OUT == 0


def event_pairs() -> tuple[tuple[str, ...], ...]:
    """Pairs of motions that can follow each other: across each other, or one of them a rest.

    There and back again is no pair: it would look like a flaw of physics.
    """
    across = [(a, b) for a in STRAIGHT for b in STRAIGHT if (a in ("up", "down")) != (b in ("up", "down"))]
    rests = [pair for motion in STRAIGHT for pair in (("stay", motion), (motion, "stay"))]
    return (*across, *rests)


PAIRS = event_pairs()


def draw_asked(split: str, draw: Draw) -> Asked:
    """What a prompt of this split asks for."""
    while True:
        thing, colour = draw.pick(OBJECTS), draw.pick(tuple(COLOURS))
        motions = draw.pick(PAIRS) if draw.chance(0.2) else (draw.pick(MOTIONS),)
        if held_out(thing, colour, motions) == (split == "test"):
            break
    count = draw.pick((1, 2, 3) if len(motions) == 1 else (1, 2))
    size = draw.pick(("small", "large")) if draw.chance(0.35) else None
    background = draw.pick(BACKGROUNDS) if draw.chance(0.35) else None
    return Asked(thing, colour, count, motions, size, background)


def noun_phrase(asked: Asked, draw: Draw) -> str:
    """'two small red balls', with a varied count and size word."""
    words = [draw.pick(SIZE_WORDS[asked.size])] if asked.size else []
    words += [asked.colour, asked.object if asked.count == 1 else PLURAL[asked.object]]
    count = draw.pick(COUNT_WORDS[asked.count])
    if count == "a" and words[0][0] in "aeiou":
        count = "an"
    return " ".join([count, *words])


def write_prompt(asked: Asked, draw: Draw) -> str:
    """One of many sentences that ask for this and nothing else."""
    one = asked.count == 1
    noun = noun_phrase(asked, draw)
    verbs = [draw.pick(VERBS[motion]) for motion in asked.motions]
    place = draw.pick(PLACES[asked.background]) if asked.background else ""
    if len(verbs) == 2:
        template = draw.pick(PROMPTS_OF_TWO_EVENTS)
    else:
        template = draw.pick((*PROMPTS, *(PROMPTS_FROM_PLACE if place else ())))
    sentence = template.format(
        noun=noun,
        does=verbs[0][0 if one else 1],
        doing=verbs[0][2],
        does2=verbs[-1][0 if one else 1],
        doing2=verbs[-1][2],
        place=place,
        there="there is" if one else "there are",
        it="it" if one else "they",
    )
    if place and "{place}" not in template:
        sentence = f"{sentence} {place}"
    return sentence[0].upper() + sentence[1:] + ("." if draw.chance(0.7) else "")
