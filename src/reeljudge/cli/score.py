"""`reeljudge score`: judge one or a few clips."""

from pathlib import Path
from typing import Annotated

import typer

from reeljudge.cli.console import examples, results, tell, write_json
from reeljudge.cli.options import Json, with_settings
from reeljudge.judging.settings import JudgeSettings


@examples(
    'reeljudge score clip.mp4 --prompt "a red ball rolls to the left"',
    'reeljudge score a.mp4 b.mp4 --prompt "a cat yawns" --judge hf:TIGER-Lab/VideoScore2 --device cuda',
    'reeljudge score clip.mp4 --prompt "ice melts" --rubric gradeo --theme "heat melts ice" --json',
)
@with_settings
def score(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO...", help="Video files.")],
    settings: JudgeSettings,
    prompt: Annotated[str, typer.Option(help="What the videos were made from.")] = "",
    theme: Annotated[str | None, typer.Option(help="Commonsense theme for GRADEO's rationality.")] = None,
    json: Json = False,
) -> None:
    """Judge one or a few clips; print scores, rationale and the frames that were looked at."""
    from reeljudge.cli.verdict_view import show_verdict
    from reeljudge.errors import UsageError
    from reeljudge.judging import check_prompt, open_settings

    for video in videos:
        if video.is_dir():
            raise UsageError(f"{video} is a folder: `reeljudge run {video} -o RUN` judges what is in it")
    check_prompt(settings, prompt)
    failed = 0
    with open_settings(settings) as judge:
        judge.on_note = lambda text: tell(f"note: {text}")
        for place, verdict in enumerate(judge.judge_files(videos, prompt, theme=theme)):
            failed += verdict.status == "error"
            if json:
                write_json(verdict.model_dump(mode="json"))
            else:
                show_verdict(results(), verdict, judge.plan.rubric, first=place == 0)
    if failed:
        raise typer.Exit(1)
