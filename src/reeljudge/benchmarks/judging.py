"""A judge over the videos of a release, into an ordinary run folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reeljudge.benchmarks.release import Release
from reeljudge.benchmarks.selection import Selection
from reeljudge.benchmarks.suite import Suite
from reeljudge.clips import Clip
from reeljudge.errors import InputError
from reeljudge.judging import ClipJudge
from reeljudge.runs import Observer, Outcome, run_manifest


def clips_of(release: Release, selection: Selection, folder: Path) -> list[Clip]:
    """The clips that a protocol needs, in the release's order; a video that is not there keeps its
    likeliest path, and becomes one `error` row of the run.
    """
    clips = []
    for name in selection.videos:
        video = release.videos[name]
        path = video.find(folder) or video.paths[0]
        clips.append(
            Clip(
                id=name,
                video=path,
                path=folder / path,
                prompt=video.prompt,
                model=video.model,
                group=video.prompt,
                theme=video.theme,
            )
        )
    return clips


def judge_release(
    suite: Suite,
    release: Release,
    selection: Selection,
    data: Path,
    run: Path,
    judge: ClipJudge,
    *,
    settings: dict[str, Any] | None = None,
    command: Sequence[str] = (),
    observer: Observer | None = None,
    on_missing: Callable[[str], None] | None = None,
) -> Outcome:
    """Judge what a protocol needs; rows that have a verdict in `run` are left alone.

    Args:
        data: the folder of the release. run: the run folder; resumed where it exists.
        on_missing: told, in words, how many of the videos are not there.

    Raises:
        InputError: none of the videos is there, and the judge looks at them.
    """
    clips = clips_of(release, selection, data)
    missing = [clip for clip in clips if not clip.path.is_file()]
    if judge.judge_itself.needs_frames and missing:
        examples = ", ".join(clip.video for clip in missing[:3])
        if len(missing) == len(clips):
            raise InputError(
                f"{data}: none of the {len(clips)} videos of {suite.title} is there (such as {examples}); "
                f"{suite.videos or 'the release holds no videos'}; published at {suite.published_at}"
            )
        if on_missing is not None:
            on_missing(
                f"{len(missing)} of {len(clips)} videos are not in {data} (for example {examples}): "
                "each becomes an error row and counts as unscored"
            )
    return run_manifest(clips, run, judge, settings=settings, command=command, observer=observer)
