"""Options of commands that have a model write rationales, and what they open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reeljudge.errors import UsageError

if TYPE_CHECKING:
    from reeljudge.datasets.calls import CallLog
    from reeljudge.datasets.chains import Writer
    from reeljudge.rubrics import Rubric

_SERVED, _FRAMES, _TEXT = "Server", "Frames", "Answers"


@dataclass(frozen=True)
class Asking:
    """How a model is asked to write, as the command line says it."""

    base_url: Annotated[
        str | None,
        typer.Option(
            help="Address of the server (served); the key comes from OPENAI_API_KEY.",
            rich_help_panel=_SERVED,
        ),
    ] = None
    send_as: Annotated[
        str | None, typer.Option(help="images or video (served).", rich_help_panel=_SERVED)
    ] = None
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Most requests in flight (served).", rich_help_panel=_SERVED)
    ] = None
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds until an unanswered request is repeated (served).", rich_help_panel=_SERVED
        ),
    ] = None
    retries: Annotated[
        int | None, typer.Option(min=0, help="Attempts after the first (served).", rich_help_panel=_SERVED)
    ] = None
    frames: Annotated[
        str | None,
        typer.Option(
            help="qwen, keyframes or uniform:N. Default: keyframes (method gradeo), uniform:6.",
            rich_help_panel=_FRAMES,
        ),
    ] = None
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Most pixels of a frame.", rich_help_panel=_FRAMES)
    ] = None
    temperature: Annotated[float, typer.Option(min=0.0, help="0 is greedy.", rich_help_panel=_TEXT)] = 0.7
    seed: Annotated[int, typer.Option(help="Seed of the answers.", rich_help_panel=_TEXT)] = 0
    max_tokens: Annotated[
        int, typer.Option(min=1, help="Most tokens of an answer.", rich_help_panel=_TEXT)
    ] = 2048
    language: Annotated[str, typer.Option(help="Language of what is written.", rich_help_panel=_TEXT)] = (
        "English"
    )
    words: Annotated[int, typer.Option(min=1, help="Words of a part, about.", rich_help_panel=_TEXT)] = 150
    templates: Annotated[
        Path | None,
        typer.Option(help="Folder of NAME.j2 files in place of the bundled texts.", rich_help_panel=_TEXT),
    ] = None

    def identity(self, judge: str, rubric: "Rubric", method: str | None) -> dict[str, Any]:
        """What rows of one file must share: not where the model is served, nor how fast it is asked."""
        import hashlib

        from reeljudge.datasets.prompts import Prompts

        return {
            "judge": judge,
            "rubric": rubric.name,
            "rubric_hash": hashlib.sha256(rubric.model_dump_json().encode()).hexdigest()[:16],
            "method": _method(method, rubric),
            "frames": self.frames,
            "max_pixels": self.max_pixels,
            "send_as": self.send_as,
            "temperature": self.temperature,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
            "language": self.language,
            "words": self.words,
            "prompts": Prompts(self.templates).hashes(),
        }


def _method(method: str | None, rubric: "Rubric") -> Any:
    from reeljudge.datasets.chains import METHODS
    from reeljudge.errors import did_you_mean

    if method is None:
        method = "videoscore2" if rubric.replies == "joint" else "gradeo"
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}.{did_you_mean(method, METHODS)}")
    if (method == "videoscore2") != (rubric.replies == "joint"):
        wanted = "one reply for all dimensions" if method == "videoscore2" else "one reply per dimension"
        raise UsageError(f"--method {method} needs a rubric with {wanted}, which {rubric.name!r} is not")
    if rubric.replies == "joint" and rubric.stages:
        raise UsageError(f"{rubric.name!r} asks for one reply in stages: `elicit` cannot write that")
    return method


def refuse_readers(judge: str) -> str:
    """The kind of a judge that can write rationales; `UsageError` for one that cannot."""
    kind = judge.partition(":")[0]
    if kind in ("tiny", "videoscore2", "recorded"):
        why = "holds one reply per clip" if kind == "recorded" else "writes only what it was trained on"
        raise UsageError(f"{judge!r} {why}; choose served:MODEL or hf:MODEL")
    return kind


@contextmanager
def open_writer(
    judge: str,
    asking: Asking,
    rubric: "Rubric",
    method: str | None,
    attempts: int,
    videos: Path,
    log: "CallLog | None",
) -> "Iterator[tuple[Writer, int]]":
    """What writes chains, and how many it writes at a time. Without a log it can only be estimated with."""
    from reeljudge.datasets.calls import Asker, AskSettings
    from reeljudge.datasets.chains import ChainSettings, Writer
    from reeljudge.datasets.prompts import Prompts
    from reeljudge.judges import JudgeOptions, open_judge
    from reeljudge.judges.served.judge import CONCURRENCY
    from reeljudge.judging.clip_judge import default_workers

    way = _method(method, rubric)
    kind = refuse_readers(judge)
    opened = open_judge(
        judge,
        JudgeOptions(
            base_url=asking.base_url,
            send_as=asking.send_as,  # type: ignore[arg-type]
            concurrency=asking.concurrency,
            timeout=asking.timeout,
            retries=asking.retries,
        ),
    )
    # Loose images come as they are: no frame need be repeated to fill a temporal grid.
    loose = kind == "served" and asking.send_as in (None, "images")
    shown = opened.frame_settings.with_(
        rule=asking.frames or ("keyframes" if way == "gradeo" else "uniform:6"),
        max_pixels=asking.max_pixels,
        temporal_factor=1 if loose else None,
    )
    shown = shown.with_(min_pixels=min(shown.min_pixels, shown.max_pixels))
    # One chain at a time where a model lies in memory; as many as requests may be in flight elsewhere.
    workers = (asking.concurrency or CONCURRENCY) if kind == "served" else 1
    settings = AskSettings(judge, shown, asking.temperature, asking.seed, asking.max_tokens)
    decoders = default_workers() if kind == "served" else 1
    asker = Asker(opened, rubric, log, settings, videos, decoders, 2 * workers)  # type: ignore[arg-type]
    chain = ChainSettings(way, attempts, asking.language, asking.words)
    try:
        yield Writer(asker, rubric, Prompts(asking.templates), chain), workers
    finally:
        opened.close()
        asker.close()
