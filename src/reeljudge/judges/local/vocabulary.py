"""Tokens as bytes: the text of a reply as it grows, and which tokens hold a digit."""

import codecs
from collections.abc import Sequence
from typing import Any

from reeljudge.errors import InputError

PROBE = "Rating – 4/5 – 評分：４\n\n(1) naïve 🎬 10"

DIGITS = frozenset("0123456789")


def _byte_of_character() -> dict[str, int]:
    """Byte-level BPE writes each byte as one printable character: itself where it is printable in Latin-1,
    else the next free code point from 256 on (Radford et al. 2019, the GPT-2 tokenizer)."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in printable]
    characters = {chr(byte): byte for byte in printable}
    characters.update({chr(256 + place): byte for place, byte in enumerate(hidden)})
    return characters


BYTE_OF_CHARACTER = _byte_of_character()


class Vocabulary:
    """The bytes of every token of a byte-level BPE tokenizer.

    Attributes:
        digits: token id -> text, for every token that is valid text and holds exactly one of the digits
            0-9, alone or with neighbours ("4", " 4", "4;"). Special tokens are none of them.
        digit_ids: their ids.

    Raises:
        InputError: the tokenizer is not byte-level BPE.
    """

    def __init__(self, tokenizer: Any, name: str = "the checkpoint"):
        self._tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder.items()
        self._special = frozenset(index for index, token in added if token.special)
        self._bytes: dict[int, bytes] = {}
        self.digits: dict[int, str] = {}
        for token, index in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
            if sum(character in DIGITS for character in token) == 1 and index not in self._special:
                try:
                    self.digits[index] = self.bytes_of(index).decode("utf-8")
                except UnicodeDecodeError:
                    continue  # a part of a character: its place in the text cannot be told
        self.digit_ids = list(self.digits)
        ids = tokenizer.encode(PROBE, add_special_tokens=False)
        if self.text_of(ids) != PROBE:
            raise InputError(f"{name}: its tokenizer is not byte-level BPE, as Qwen-VL tokenizers are")

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token adds to the text; none for special and unknown ones."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._spell(token)
        return known

    def text_of(self, tokens: Sequence[int]) -> str:
        """The text of a whole sequence, special tokens left out."""
        return b"".join(map(self.bytes_of, tokens)).decode("utf-8", errors="replace")

    def _spell(self, token: int) -> bytes:
        if token in self._special:
            return b""
        spelled = self._tokenizer.convert_ids_to_tokens(token)
        if spelled is None:  # weights often have more rows than the tokenizer has tokens
            return b""
        values = [BYTE_OF_CHARACTER.get(character) for character in spelled]
        if None in values:  # an added token, which is written as it is
            return spelled.encode()
        return bytes(value for value in values if value is not None)


class ReplyText:
    """The text of a reply, token by token, with each token's place in it.

    A character whose bytes are split over tokens belongs to the token that completes it; bytes that never
    become a character read U+FFFD, as a tokenizer's own decoding has it.
    """

    def __init__(self, vocabulary: Vocabulary):
        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pieces: list[str] = []
        self._length = 0

    def add(self, token: int) -> str:
        """Append a token; the characters that became certain with it."""
        added = self._decoder.decode(self._vocabulary.bytes_of(token))
        if added:
            self._pieces.append(added)
            self._length += len(added)
        return added

    def place_of_last(self, text: str) -> tuple[int, int]:
        """Where the last token stands, given its own text: it is at the end of what was added."""
        return self._length - len(text), self._length

    def finish(self) -> str:
        """The whole text; bytes that wait for the rest of their character become U+FFFD."""
        self._pieces = [self.text + self._decoder.decode(b"", final=True)]
        self._length = len(self._pieces[0])
        return self._pieces[0]

    @property
    def text(self) -> str:
        """What is certain so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""
