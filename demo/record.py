"""Write `replies.jsonl`: the true replies for the demo's clips, some of them spoilt on purpose."""

import json
from collections.abc import Callable
from pathlib import Path

from reeljudge.synth import SetSettings, reply_for, sample_clip

REPLIES = Path(__file__).parent / "replies.jsonl"
CLIPS = SetSettings(seed=11, split="test", generators=("aspen", "dogwood"))
COUNT = 12

MISTAKES: dict[int, Callable[[str], str]] = {
    1: lambda reply: reply.replace("strong", "moderate").replace("visual quality: 2", "visual quality: 3"),
    3: lambda reply: reply[: reply.index("alignment:")],  # cut off at a token limit
    5: lambda reply: reply.replace("consistency: 4", "consistency: 5"),
    7: lambda reply: reply + "\nOn second thoughts:\n" + reply.split("</think>")[1].replace(": 1", ": 2"),
    9: lambda reply: reply.replace("consistency: 5", "consistency: 4.5"),
    11: lambda reply: reply.replace("four times", "twice").replace("consistency: 1", "consistency: 3"),
}
"""Place of a clip -> what went wrong with its reply."""


def recorded_rows() -> list[dict[str, str]]:
    """The rows of `replies.jsonl`."""
    rows = []
    for place, index in zip(range(COUNT), CLIPS.indices(), strict=False):
        row = sample_clip(CLIPS.seed, index, CLIPS.split).row()
        reply = reply_for(row, "videoscore2")
        if place in MISTAKES:
            spoilt = MISTAKES[place](reply)
            assert spoilt != reply, f"the mistake at place {place} changes nothing"
            reply = spoilt
        finish = "length" if place == 3 else "stop"
        rows.append({"id": row["id"], "reply": reply, "finish": finish})
    return rows


if __name__ == "__main__":
    REPLIES.write_text("".join(json.dumps(row) + "\n" for row in recorded_rows()), encoding="utf-8")
