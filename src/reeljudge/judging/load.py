"""From names and settings to an object that judges clips."""

import inspect
from dataclasses import fields
from typing import Any

from reeljudge.errors import UsageError
from reeljudge.judges import JUDGES, Judge, open_judge
from reeljudge.judging.clip_judge import ClipJudge, need_prompt
from reeljudge.judging.settings import DEFAULT_JUDGE, JudgeSettings, settings_of
from reeljudge.rubrics import load_rubric
from reeljudge.rubrics.ask import select_dimensions


def load_judge(judge: str | Judge = DEFAULT_JUDGE, **settings: Any) -> ClipJudge:
    """A judge, ready for clips: `load_judge("tiny").judge("clip.mp4", prompt="a red ball")`.

    Args:
        judge: a `--judge` string (`tiny`, `videoscore2`, `hf:...`, `served:...`, `recorded:...`), or an
            object that follows the `Judge` protocol.
        settings: any field of `JudgeSettings`: `rubric`, `dimensions`, `template`, `frames` (a rule or
            `FrameSettings`), `fps`, `samples`, `temperature`, `device`, `base_url`, ...

    Raises:
        UsageError: an unknown name, or settings that do not go together.
        InputError: a rubric or template file that cannot be used.
        MissingExtra: the judge needs packages that are not installed.
    """
    return open_settings(settings_of(judge, settings))


def open_settings(settings: JudgeSettings) -> ClipJudge:
    """Like `load_judge`, from `JudgeSettings`."""
    rubric = load_rubric(settings.rubric)
    dimensions = settings.dimension_names()
    select_dimensions(rubric, dimensions)  # a wrong name is told before weights are loaded
    template = settings.template_text()
    judge = _open(settings)
    try:
        if not judge.needs_frames and settings.frames_set():
            option = settings.frames_set()[0].replace("_", "-")
            raise UsageError(f"--{option}: {judge.name} looks at no frames; add --decode or leave it out")
        return ClipJudge(
            judge,
            rubric,
            dimensions=dimensions,
            template=template,
            frames=settings.frame_settings(judge.frame_settings),
            limits=settings.limits(),
            sampling=settings.sampling(),
            batch_size=settings.batch_size,
            workers=settings.workers,
        )
    except BaseException:
        judge.close()
        raise


def check_prompt(settings: JudgeSettings, prompt: str) -> None:
    """Refuse (`UsageError`) a missing prompt that a dimension is judged by, before weights are loaded."""
    need_prompt(select_dimensions(load_rubric(settings.rubric), settings.dimension_names()), prompt)


def _open(settings: JudgeSettings) -> Judge:
    if not isinstance(settings.judge, str):
        return settings.judge
    if settings.judge == DEFAULT_JUDGE and DEFAULT_JUDGE not in JUDGES:
        raise UsageError(
            f"the bundled judge {DEFAULT_JUDGE!r} does not come with this version; "
            f"choose another one with --judge (known: {', '.join(JUDGES)})"
        )
    return open_judge(settings.judge, settings.judge_options())


# For help() and editors: the keywords as they are.
load_judge.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("judge", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=DEFAULT_JUDGE),
        *(
            inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
            for f in fields(JudgeSettings)
            if f.name != "judge"
        ),
    ],
    return_annotation=ClipJudge,
)
