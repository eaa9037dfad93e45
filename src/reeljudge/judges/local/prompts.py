"""A question as token ids: the checkpoint's chat template, in which a user's text stays text."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reeljudge.errors import InputError


@dataclass(frozen=True)
class Prompt:
    """A question as the model reads it.

    Attributes:
        ids: token ids.
        shared: how many of them, from the start to the end of the video, all questions about the clip share.
    """

    ids: tuple[int, ...]
    shared: int

    @property
    def shared_ids(self) -> tuple[int, ...]:
        return self.ids[: self.shared]


class PromptEncoder:
    """Renders messages with the checkpoint's chat template and tokenises them.

    Text that looks like a special token (`<|im_end|>`, `<|video_pad|>`) is a control token where the
    template wrote it, and plain text where a prompt or question contains it: it is masked while the
    template is rendered, the rendering is cut at the template's own special tokens, and what lies between
    is tokenised without special tokens. Text without such strings gets the ids that the processor gives.
    """

    def __init__(self, processor: Any, name: str = "the checkpoint"):
        self._processor = processor
        self._tokenizer = processor.tokenizer
        self._name = name
        special = {
            token.content: index
            for index, token in self._tokenizer.added_tokens_decoder.items()
            if token.special
        }
        self._special: dict[str, int] = special
        longest_first = sorted(special, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        try:
            self.video = [special[token] for token in ("<|vision_start|>", "<|video_pad|>", "<|vision_end|>")]
        except KeyError as error:
            raise InputError(
                f"{name}: its tokenizer has no special token {error}, which marks a video"
            ) from error

    def encode(self, messages: Sequence[Mapping[str, Any]], video: Sequence[int]) -> Prompt:
        """Token ids of the messages, up to where the reply begins.

        Args:
            messages: chat messages with exactly one `{"type": "video"}`.
            video: the ids that stand for the video (`vision.VideoInput.ids`).
        """
        masked: list[str] = []
        key = secrets.token_hex(16)
        safe = [self._masked_message(message, key, masked) for message in messages]
        rendered = self._processor.apply_chat_template(safe, tokenize=False, add_generation_prompt=True)
        ids: list[int] = []
        end_of_text = 0
        for match in self._pattern.finditer(rendered):
            ids += self._plain(rendered[end_of_text : match.start()], key, masked)
            ids.append(self._special[match.group()])
            end_of_text = match.end()
        ids += self._plain(rendered[end_of_text:], key, masked)
        place = _find(ids, self.video)
        if place is None:
            raise InputError(f"{self._name}: its chat template does not render a video exactly once")
        start, end = place, place + len(self.video)
        return Prompt((*ids[:start], *video, *ids[end:]), start + len(video))

    def encode_reply(self, text: str) -> list[int]:
        """Token ids of a reply's text, no special tokens among them."""
        return (
            self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True) if text else []
        )

    def _masked_message(self, message: Mapping[str, Any], key: str, masked: list[str]) -> dict[str, Any]:
        def mask(match: re.Match[str]) -> str:
            masked.append(match.group())
            return f"{key}x{len(masked) - 1}x"

        content = [
            {**part, "text": self._pattern.sub(mask, part["text"])} if part["type"] == "text" else dict(part)
            for part in message["content"]
        ]
        return {**message, "content": content}

    def _plain(self, text: str, key: str, masked: list[str]) -> list[int]:
        if masked:
            text = re.sub(rf"{key}x(\d+)x", lambda match: masked[int(match.group(1))], text)
        return self.encode_reply(text)


def _find(ids: Sequence[int], wanted: Sequence[int]) -> int | None:
    """Where `wanted` stands in `ids`, None unless exactly once."""
    size = len(wanted)
    places = [
        start for start in range(len(ids) - size + 1) if list(ids[start : start + size]) == list(wanted)
    ]
    return places[0] if len(places) == 1 else None
