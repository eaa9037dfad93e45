"""What a prompt asks for, told by cue words: rough, English, and the same for everybody."""

import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_SENTENCE_END = re.compile(r"[.!?。！？]+(?:\s|$|(?<=[。！？]))")

CUES: Mapping[str, tuple[str, ...]] = {
    "count": (
        *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "pair"),
        *("several", "many", "multiple", "group of", "couple of", r"\d+"),
    ),
    "colour": (
        *("red", "orange", "yellow", "green", "blue", "purple", "violet", "pink", "brown", "black", "white"),
        *("gray", "grey", "golden", "silver", "colou?rful", "turquoise", "beige"),
    ),
    "style": (
        *("style", "painting", "painted", "anime", "cartoon", "watercolou?r", "oil paint", "sketch"),
        *(
            "cinematic",
            "photorealistic",
            "realistic",
            "pixel art",
            "3d",
            "claymation",
            "van gogh",
            "animation",
        ),
        *("vintage", "cyberpunk", "black and white", "ukiyo-e", "surreal", "render"),
    ),
    "spatial": (
        *("left", "right", "above", "below", "under", "behind", "between", "beside", "next to", "on top of"),
        *("in front of", "inside", "underneath", "surrounded by", "at the bottom", "at the top"),
    ),
    "temporal": (
        *("then", "after", "before", "while", "until", "finally", "gradually", "begins?", "starts?"),
        *("becom(?:es?|ing)", "turns? into", "transform(?:s|ing)?", "first", "at the end", "as time"),
    ),
    "camera": (
        *("camera", "zoom(?:s|ing)?", "pan(?:s|ning)?", "close-?up", "close up", "aerial", "drone"),
        *("tracking shot", "shots?", "time-?lapse", "slow motion", "pov", "dolly", "tilt(?:s|ing)?"),
        *("low angle", "high angle", "wide angle", "bird's eye"),
    ),
    "people": (
        *(
            "man",
            "men",
            "woman",
            "women",
            "person",
            "people",
            "boys?",
            "girls?",
            "child",
            "children",
            "kids?",
        ),
        *("baby", "someone", "crowd", "family", "player", "dancer", "singer", "chef", "astronaut", "worker"),
        *("guy", "lady", "couple", "he", "she", "they", "hands?", "face"),
    ),
    "animals": (
        *("animals?", "dogs?", "pupp(?:y|ies)", "cats?", "kittens?", "birds?", "horses?", "fish", "bears?"),
        *(
            "pandas?",
            "elephants?",
            "lions?",
            "tigers?",
            "monkeys?",
            "cows?",
            "sheep",
            "rabbits?",
            "fox(?:es)?",
        ),
        *(
            "dolphins?",
            "whales?",
            "butterfl(?:y|ies)",
            "insects?",
            "turtles?",
            "deer",
            "ducks?",
            "wol(?:f|ves)",
        ),
    ),
    "text": ("text", "letters?", "word", "sign", "signs", "logo", "says", "written", "caption", "reads"),
}
"""Kind -> what tells it, as patterns of whole words. Six are elements of GRADEO's alignment (count, colour,
style, spatial, temporal, camera); objects and actions no list of words can tell."""

_PATTERNS = {
    kind: re.compile(r"(?<![\w-])(?:" + "|".join(cues) + r")(?![\w-])", re.IGNORECASE)
    for kind, cues in CUES.items()
}

LENGTHS = ((1, 5), (6, 10), (11, 20), (21, 40), (41, 80), (81, None))
"""Classes of length in words; the last has no end."""


def kinds_of(prompt: str) -> list[str]:
    """The kinds whose cue words a prompt holds, and `several sentences`."""
    kinds = [kind for kind, pattern in _PATTERNS.items() if pattern.search(prompt)]
    sentences = [part for part in _SENTENCE_END.split(prompt) if part and part.strip()]
    return [*kinds, *(["several sentences"] if len(sentences) > 1 else [])]


ALL_KINDS = (*CUES, "several sentences")


def word_count(prompt: str) -> int:
    """Words of a prompt. Where a script sets no spaces, each character counts as one."""
    unspaced = len(_UNSPACED.findall(prompt))
    return unspaced + len(_WORD.findall(_UNSPACED.sub(" ", prompt)))


def length_name(words: int) -> str:
    """The class of length that a number of words is in: `6-10`, `81+`; `0` for an empty prompt."""
    for low, high in LENGTHS:
        if words >= low and (high is None or words <= high):
            return _named(low, high)
    return "0"


def length_names() -> list[str]:
    """The names of all classes of length, shortest first."""
    return [_named(low, high) for low, high in LENGTHS]


def count_kinds(prompts: Iterable[str]) -> dict[str, int]:
    """Kind -> how many prompts have it; kinds that none has are there with 0."""
    counts = dict.fromkeys(ALL_KINDS, 0)
    for prompt in prompts:
        for kind in kinds_of(prompt):
            counts[kind] += 1
    return counts


def _named(low: int, high: int | None) -> str:
    return f"{low}+" if high is None else f"{low}-{high}"
