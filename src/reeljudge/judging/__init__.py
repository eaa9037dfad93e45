"""Judging: prefetch, batch, ask -> reply -> read -> verdict.

- `load_judge(judge="tiny", **settings) -> ClipJudge`
- `ClipJudge.judge(path, prompt) -> Verdict`, `ClipJudge.judge_many(clips) -> Iterator[Verdict]`
- `JudgeSettings`: everything a user may set, with its help text.
"""

from reeljudge.judging.clip_judge import ClipJudge, Plan, file_stamp
from reeljudge.judging.configuration import Keys
from reeljudge.judging.load import check_prompt, load_judge, open_settings
from reeljudge.judging.reading import read_replies
from reeljudge.judging.settings import JudgeSettings

__all__ = [
    "ClipJudge",
    "JudgeSettings",
    "Keys",
    "Plan",
    "check_prompt",
    "file_stamp",
    "load_judge",
    "open_settings",
    "read_replies",
]
