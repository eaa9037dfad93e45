"""Which fields of a request a server takes: learned from its own words, remembered, recorded."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reeljudge.judges.protocol import Sampling

TOP_LOGPROBS = 20
"""The most that OpenAI and vLLM (by default) give."""

FEWER_LOGPROBS = 5
"""What servers with a lower limit give: enough for a scale of five digits."""

_NEEDED = ("model", "messages", "max_tokens", "max_completion_tokens")
_UNSUPPORTED = re.compile(
    r"unsupported|not support|n.t support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|"
    r"no longer|deprecated|invalid (field|parameter|argument)|cannot find field|instead",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(r"too large|context length|context window|exceed|could not finish", re.IGNORECASE)


@dataclass
class Dialect:
    """What one server takes. Shared by all requests to it; changes only by what the server says.

    Attributes:
        dropped: fields that it rejected by name.
        length_field: `max_tokens`, or `max_completion_tokens` where the former is rejected by name.
        top_logprobs: how many alternatives are asked for.
    """

    dropped: set[str] = field(default_factory=set)
    length_field: str = "max_tokens"
    top_logprobs: int = TOP_LOGPROBS

    def fields(self, sampling: Sampling, seed: int, logprobs: bool = True) -> dict[str, Any]:
        """Every field of a request but model and messages.

        All that a server's own generation settings could change is stated, so that they do not apply:
        greedy means greedy. Neutral penalties do what `repetition_penalty` does on servers that know
        no such field (transformers serve reads the repetition penalty from `frequency_penalty`).
        """
        asked: dict[str, Any] = {self.length_field: sampling.max_tokens, "seed": seed}
        if not sampling.checkpoint_settings:
            asked |= {
                "temperature": sampling.temperature,
                "top_p": 1.0,
                "frequency_penalty": 0.0,
                "presence_penalty": 0.0,
                "top_k": -1,
                "min_p": 0.0,
                "repetition_penalty": 1.0,
            }
        elif sampling.temperature > 0:
            asked["temperature"] = sampling.temperature
        if logprobs:
            asked |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        return self.without_dropped(asked)

    def without_dropped(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name not in self.dropped}

    def learn(self, sent: Mapping[str, Any], message: str, param: str | None = None) -> bool:
        """Take in a refusal (400 or 422). True where the request, built anew, differs from what was sent.

        Args:
            sent: the body that was refused.
            message: the server's words, without any echo of the request.
            param: the field that it names apart from its words.
        """
        if self._learn_length(sent, message, param):
            return True
        droppable = [name for name in sent if name not in _NEEDED and name != "stream"]
        if param is not None and param in droppable:
            named = [param]
        elif param is not None and param.split(".")[0].split("[")[0] in _NEEDED:
            return False
        else:
            named = [name for name in droppable if _names(message, name)]
        if not named:
            return False
        if "temperature" in named and len(named) > 1:
            # "temperature and top_p cannot both be set": the other one goes first.
            named.remove("temperature")
        if {"logprobs", "top_logprobs"} & set(named):
            limit = not _UNSUPPORTED.search(message) and sent.get("top_logprobs", 0) > FEWER_LOGPROBS
            if limit:
                self.top_logprobs = min(self.top_logprobs, FEWER_LOGPROBS)
                named = [name for name in named if name not in ("logprobs", "top_logprobs")]
            else:
                named += ["logprobs", "top_logprobs"]
        self.dropped.update(named)
        return True

    def _learn_length(self, sent: Mapping[str, Any], message: str, param: str | None) -> bool:
        if "max_tokens" not in sent or not (param == "max_tokens" or _names(message, "max_tokens")):
            return False
        if _TOO_MUCH.search(message) or not _UNSUPPORTED.search(message):
            return False
        self.length_field = "max_completion_tokens"
        return True

    def notes(self) -> tuple[str, ...]:
        """What a user should know about the fields that the server does not take."""
        notes = []
        lost = sorted(self.dropped - {"temperature"})
        if lost:
            notes.append(f"the server does not take {', '.join(lost)}: dropped")
        if "temperature" in self.dropped:
            notes.append("the server does not take temperature: it draws replies its own way, not greedily")
        return tuple(notes)


def _names(message: str, name: str) -> bool:
    return re.search(rf"(?<!\w){name}(?!\w)", message) is not None


def derive_seed(seed: int, clip: str, dimension: str | None, sample: int) -> int:
    """The seed of one sample: it depends on these four alone, never on batch or order. In [0, 2**31)."""
    text = repr((seed, clip, dimension, sample))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") & 0x7FFF_FFFF
