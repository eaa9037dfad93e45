"""The frozen models of what a judge said and what it means."""

from reeljudge.verdicts.models import (
    SCHEMA_VERSION,
    DigitToken,
    Finish,
    Flag,
    FramesSeen,
    Reason,
    Reply,
    SampleScores,
    Score,
    Verdict,
)

__all__ = [
    "SCHEMA_VERSION",
    "DigitToken",
    "Finish",
    "Flag",
    "FramesSeen",
    "Reason",
    "Reply",
    "SampleScores",
    "Score",
    "Verdict",
]
