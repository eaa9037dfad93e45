"""Which token comes next: the likeliest, one drawn at random, or as a checkpoint's own settings have it."""

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import GenerationConfig
from transformers.generation import logits_process as warpers

from reeljudge.judges.protocol import Sampling

Choose = Callable[[torch.Tensor, Sequence[int]], int]
"""From the raw logits (vocabulary,) and all token ids so far, the question's included, to a token."""

# What generate() assumes where a checkpoint's generation settings are silent.
DEFAULT_TOP_K = 50


def generator(seed: int, clips: Sequence[str], dimension: str | None, sample: int) -> random.Random:
    """The random numbers of one sample: they depend on seed, clips, dimension and index alone."""
    key = json.dumps([seed, list(clips), dimension, sample], ensure_ascii=True)
    return random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()))


def draw(scores: torch.Tensor, randomness: random.Random) -> int:
    """A token drawn from softmax(scores), with one random number and in float64."""
    cumulated = torch.softmax(scores.double(), dim=-1).cumsum(dim=-1)
    target = randomness.random() * cumulated[-1]
    place = int(torch.searchsorted(cumulated, target.reshape(1), right=True))
    return min(place, scores.shape[-1] - 1)


def chooser(
    sampling: Sampling, settings: GenerationConfig, clips: Sequence[str], dimension: str | None, sample: int
) -> Choose | None:
    """How a sequence chooses; None where it takes the token with the highest logit (the first of equals)."""
    sampled = not is_deterministic(sampling, settings)
    processors: list[Any] = []
    heat = sampling.temperature
    if sampling.checkpoint_settings:
        processors, heat = _checkpoint_processors(settings, sampling.temperature, sampled), 1.0
    if not sampled and not processors:
        return None
    randomness = generator(sampling.seed, clips, dimension, sample)

    def choose(logits: torch.Tensor, history: Sequence[int]) -> int:
        scores = logits.float()
        if processors:
            ids = torch.tensor([history], device=logits.device)
            for processor in processors:
                scores = processor(ids, scores.reshape(1, -1))
            scores = scores[0]
        return draw(scores / heat, randomness) if sampled else int(scores.argmax())

    return choose


def is_deterministic(sampling: Sampling, settings: GenerationConfig) -> bool:
    """True where every sample of a question would be the same reply."""
    return sampling.temperature == 0 and not (sampling.checkpoint_settings and settings.do_sample)


def describe_settings(settings: GenerationConfig) -> dict[str, Any]:
    """The checkpoint's own generation settings that `checkpoint_settings` applies."""
    values = {
        "do_sample": bool(settings.do_sample),
        "repetition_penalty": settings.repetition_penalty,
        "no_repeat_ngram_size": settings.no_repeat_ngram_size,
    }
    if settings.do_sample:
        values |= {
            "temperature": settings.temperature,
            "top_k": DEFAULT_TOP_K if settings.top_k is None else settings.top_k,
            "top_p": settings.top_p,
            "min_p": settings.min_p,
            "typical_p": settings.typical_p,
        }
    return {name: value for name, value in values.items() if value is not None}


def _checkpoint_processors(settings: GenerationConfig, temperature: float, sampled: bool) -> list[Any]:
    """What generate() would do to the logits with these settings, in its order."""
    own = describe_settings(settings)
    processors: list[Any] = []
    if own.get("repetition_penalty", 1.0) != 1.0:
        processors.append(warpers.RepetitionPenaltyLogitsProcessor(own["repetition_penalty"]))
    if own.get("no_repeat_ngram_size"):
        processors.append(warpers.NoRepeatNGramLogitsProcessor(own["no_repeat_ngram_size"]))
    if not sampled:
        return processors
    heat = temperature or own.get("temperature", 1.0)
    if heat != 1.0:
        processors.append(warpers.TemperatureLogitsWarper(heat))
    if own.get("top_k"):
        processors.append(warpers.TopKLogitsWarper(own["top_k"]))
    if own.get("top_p", 1.0) < 1.0:
        processors.append(warpers.TopPLogitsWarper(own["top_p"]))
    if own.get("min_p") is not None:
        processors.append(warpers.MinPLogitsWarper(own["min_p"]))
    if own.get("typical_p", 1.0) < 1.0:
        processors.append(warpers.TypicalLogitsWarper(own["typical_p"]))
    return processors
