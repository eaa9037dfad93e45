"""The reader: what a reply means. The same one serves judging, rewards, dataset checks and imports."""

from reeljudge.rubrics.read.reader import READER_VERSION, answer_complete, read_reply

__all__ = ["READER_VERSION", "answer_complete", "read_reply"]
