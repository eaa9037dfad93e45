"""Tokens as bytes: the text of a reply is the tokenizer's own decoding, and every place in it is right."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from reeljudge.errors import InputError
from reeljudge.judges.local.vocabulary import BYTE_OF_CHARACTER, ReplyText, Vocabulary


@pytest.fixture(scope="module")
def tokenizer(checkpoint: Callable[..., Path]):
    return AutoTokenizer.from_pretrained(checkpoint("qwen2_5_vl"))


@pytest.fixture(scope="module")
def vocabulary(tokenizer) -> Vocabulary:
    return Vocabulary(tokenizer)


def neighbours_tokenizer(merges: list[tuple[str, str]]) -> PreTrainedTokenizerFast:
    """A byte-level BPE whose merges join digits with their neighbours, written Ġ for a space."""
    tokens = list(BYTE_OF_CHARACTER) + [first + second for first, second in merges]
    tokenizer = Tokenizer(
        models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=merges)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def test_every_byte_has_one_character() -> None:
    assert sorted(BYTE_OF_CHARACTER.values()) == list(range(256))
    assert BYTE_OF_CHARACTER["A"] == 65
    assert BYTE_OF_CHARACTER["Ġ"] == ord(" ")
    assert BYTE_OF_CHARACTER["Ċ"] == ord("\n")


def test_digit_tokens_of_the_qwen_scheme_are_the_ten_digits(vocabulary: Vocabulary) -> None:
    assert sorted(vocabulary.digits.values()) == list("0123456789")


def test_digit_tokens_may_carry_neighbours() -> None:
    tokenizer = neighbours_tokenizer([("Ġ", "4"), ("5", ";"), ("1", "0"), ("Ġ4", "/"), ("3", "â")])
    digits = set(Vocabulary(tokenizer).digits.values())
    # "10" holds two digits; "3" with one byte of a longer character is no text at all.
    assert digits == {*"0123456789", " 4", "5;", " 4/"}


def test_a_tokenizer_that_is_not_byte_level_is_refused() -> None:
    words = Tokenizer(models.WordLevel({"a": 0, "?": 1}, unk_token="?"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(InputError, match="not byte-level BPE"):
        Vocabulary(PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?"), "this")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=40))
def test_the_text_is_the_tokenizers_own_decoding(tokenizer, vocabulary: Vocabulary, ids: list[int]) -> None:
    ids = [index for index in ids if index < len(tokenizer)]
    text = ReplyText(vocabulary)
    for index in ids:
        text.add(index)
    expected = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert text.finish() == expected


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_every_digit_is_found_where_it_stands(tokenizer, vocabulary: Vocabulary, written: str) -> None:
    text = ReplyText(vocabulary)
    found = []
    for index in tokenizer.encode(written, add_special_tokens=False):
        text.add(index)
        if index in vocabulary.digits:
            start, end = text.place_of_last(vocabulary.digits[index])
            found.append((start, end, vocabulary.digits[index]))
    whole = text.finish()
    assert all(whole[start:end] == spelled for start, end, spelled in found)
    assert [start for start, _, _ in found] == [i for i, char in enumerate(whole) if char in "0123456789"]


def test_a_character_split_over_tokens_moves_no_digit(vocabulary: Vocabulary, tokenizer) -> None:
    film = [tokenizer.convert_tokens_to_ids(char) for char in map(_character, "🎬".encode())]
    four, seven = (tokenizer.convert_tokens_to_ids(digit) for digit in "47")
    text = ReplyText(vocabulary)
    places = []
    # One whole character, then one that is cut off before its last byte by a digit.
    for index in [*film, four, *film[:-1], seven]:
        text.add(index)
        if index in vocabulary.digits:
            places.append(text.place_of_last(vocabulary.digits[index]))
    assert text.finish() == "🎬4\ufffd7"
    assert places == [(1, 2), (3, 4)]


def test_special_tokens_leave_no_text(vocabulary: Vocabulary, tokenizer) -> None:
    text = ReplyText(vocabulary)
    for token in ("<|im_start|>", "4", "<|vision_start|>", "<tool_call>", "<|im_end|>"):
        text.add(tokenizer.convert_tokens_to_ids(token))
    assert text.finish() == "4<tool_call>"


def test_ids_beyond_the_vocabulary_leave_no_text(vocabulary: Vocabulary) -> None:
    text = ReplyText(vocabulary)
    assert text.add(10_000_000) == ""


def _character(byte: int) -> str:
    return next(character for character, value in BYTE_OF_CHARACTER.items() if value == byte)
