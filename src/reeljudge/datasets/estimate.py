"""What an elicitation would cost, without asking anything."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from reeljudge.clips import Decoder, FrameSettings, Limits
from reeljudge.clips.frames import PIXELS_PER_TOKEN
from reeljudge.datasets.calls import AskSettings, Said, call_key, size_of
from reeljudge.datasets.chains import Writer
from reeljudge.datasets.items import Item
from reeljudge.errors import ClipError
from reeljudge.ratings import RatedClip

PROBED = 8
"""Clips that are decoded to learn how large their frames are."""

CHARACTERS_PER_TOKEN = 4.0
WORDS_TO_TOKENS = 1.4
"""Tokens of a word of prose, where no answer says better."""


@dataclass(frozen=True)
class Estimate:
    """What would be asked. Tokens are estimates: four characters of text, or 28 x 28 pixels, to a token.

    Attributes:
        items: chains in all; `known` of their answers lie in the log already.
        calls_least: where every first answer is right.
        calls_most: where every part needs all its attempts.
        input_tokens, output_tokens: of (least, most).
        pictures: shown per call; None where no clip could be decoded.
        cost: (least, most) in the currency of the prices; None without prices.
        unreadable: of the `probed` clips.
    """

    items: int
    known: int
    calls_least: int
    calls_most: int
    input_tokens: tuple[int, int]
    output_tokens: tuple[int, int]
    pictures: float | None
    cost: tuple[float, float] | None
    probed: int
    unreadable: int

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        lines = [
            f"chains  {self.items}" + (f" ({self.known} answers are there already)" if self.known else ""),
            f"calls   {self.calls_least} to {self.calls_most}",
            f"tokens  about {self.input_tokens[0]:,} to {self.input_tokens[1]:,} to read, "
            f"{self.output_tokens[0]:,} to {self.output_tokens[1]:,} to write",
        ]
        if self.pictures is not None:
            lines.append(f"frames  about {self.pictures:.0f} with every call")
        if self.cost is not None:
            lines.append(f"cost    {self.cost[0]:.2f} to {self.cost[1]:.2f}, in the currency of the prices")
        else:
            lines.append("cost    unknown: give --price-in and --price-out, per million tokens")
        if self.unreadable:
            lines.append(f"note    {self.unreadable} of the {self.probed} clips looked at cannot be shown")
        return lines


def estimate(
    items: Sequence[Item],
    writer: Writer,
    ask: AskSettings,
    videos: Path,
    answers: Mapping[str, Said],
    *,
    prices: tuple[float, float] | None = None,
    limits: Limits | None = None,
) -> Estimate:
    """Estimate a run. Asks nothing; decodes a few clips.

    Args:
        answers: what the log holds.
        prices: of a million tokens read, and of a million written.
    """
    attempts = writer.settings.attempts
    least = most = known = 0
    characters = 0.0
    texts = 0
    counted: set[str] = set()
    for item in items:
        questions, later = _questions(item, writer)
        for question in questions:
            key = call_key(ask, item.clip, size_of(videos / item.clip.video), question, 1)
            if key in counted:
                continue  # one description serves all dimensions of a clip
            counted.add(key)
            characters += len(question)
            texts += 1
            if key in answers:
                known += 1
            else:
                least += 1
                most += attempts
        # The analysis quotes what was written before it: its text is not known yet.
        if later:
            characters += len(
                writer.analysis_question(item, dict.fromkeys(later, "x" * 6 * writer.settings.words))
            )
            texts += 1
            least += 1
            most += attempts
    done = [said.tokens for said in answers.values() if said.tokens is not None]
    known_all = len(answers)
    least, most = max(0, least - max(0, known_all - known)), max(0, most - max(0, known_all - known))
    pictures, visual, probed, unreadable = _probe(items, ask.frames, videos, limits)
    reading = characters / max(1, texts) / CHARACTERS_PER_TOKEN + (visual or 0.0)
    writing = fmean(done) if done else 2 * writer.settings.words * WORDS_TO_TOKENS
    tokens_in = round(least * reading), round(most * reading)
    tokens_out = round(least * writing), round(most * writing)
    cost = None
    if prices is not None:
        low, high = (
            (read * prices[0] + written * prices[1]) / 1e6
            for read, written in zip(tokens_in, tokens_out, strict=True)
        )
        cost = round(low, 4), round(high, 4)
    return Estimate(
        len(items), known_all, least, most, tokens_in, tokens_out, pictures, cost, probed, unreadable
    )


def _questions(item: Item, writer: Writer) -> tuple[list[str], list[str]]:
    """Questions whose text is known, and the stages that a later one quotes."""
    if writer.settings.method == "videoscore2":
        return [writer.semi_blind_question(item)], []
    before, _ = writer.parts_of(item)
    if not before:
        return [writer.analysis_question(item, {})], []
    return [writer.stage_question(item, stage) for stage in before], [stage.name for stage in before]


def _probe(
    items: Sequence[Item], settings: FrameSettings, videos: Path, limits: Limits | None
) -> tuple[float | None, float | None, int, int]:
    clips: dict[str, RatedClip] = {}
    for item in items:
        clips.setdefault(item.clip.id, item.clip)
        if len(clips) >= PROBED:
            break
    pictures, tokens = [], []
    with Decoder(settings, limits or Limits(), 1) as decoder:
        for clip in clips.values():
            try:
                frames = decoder.decode(videos / clip.video)
            except ClipError:
                continue
            pictures.append(len(frames.pixels))
            tokens.append(len(frames.pixels) * frames.width * frames.height / PIXELS_PER_TOKEN)
    if not pictures:
        return None, None, len(clips), len(clips)
    return fmean(pictures), fmean(tokens), len(clips), len(clips) - len(pictures)
