"""The small tokenizer: Qwen's scheme, one token per digit, nothing that it cannot spell."""

from reeljudge.judges.local.vocabulary import Vocabulary
from reeljudge.synth import reply_for, sample_clip
from reeljudge.training.tokenizer import new_tokenizer
from reeljudge.training.world_words import phrases, words

TOKENIZER = new_tokenizer(words(), phrases())


def test_it_spells_every_text() -> None:
    for text in ("red ball", "Ωμέγα – 評分：４", "a\n\n b\t c", "<|im_end|>x", "10 / 5", "🎬 naïve"):
        ids = TOKENIZER.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert TOKENIZER.decode(ids) == text


def test_digits_are_tokens_of_their_own() -> None:
    for digit in "0123456789":
        assert len(TOKENIZER.encode(digit)) == 1
    assert len(TOKENIZER.encode("42")) == 2
    assert set(Vocabulary(TOKENIZER).digits.values()) == set("0123456789")


def test_true_replies_are_short_and_survive() -> None:
    lengths = []
    for index in range(40):
        reply = reply_for(sample_clip(5, index).row(), "videoscore2")
        ids = TOKENIZER.encode(reply)
        assert TOKENIZER.decode(ids) == reply
        lengths.append(len(ids))
    assert max(lengths) < 90


def test_words_of_the_world_are_one_token() -> None:
    for word in words():
        assert len(TOKENIZER.encode(f" {word}")) == 1
