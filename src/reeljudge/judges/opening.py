"""From the `--judge` string to a judge."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from reeljudge.errors import UsageError, did_you_mean
from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.protocol import Judge
from reeljudge.registry import Registry

JUDGES: Registry[Callable[[str, JudgeOptions], Judge]] = Registry(
    "judge",
    "reeljudge.judges",
    {
        "hf": "reeljudge.judges.local:open_local",
        "served": "reeljudge.judges.served:open_served",
        "recorded": "reeljudge.judges.recorded:open_recorded",
        "tiny": "reeljudge.judges.tiny:open_tiny",
        "videoscore2": "reeljudge.judges.opening:open_videoscore2",
    },
)
"""Kind -> function of (what stands behind the colon, options)."""

VIDEOSCORE2 = "TIGER-Lab/VideoScore2"

_CHECKPOINT = ("adapter", "revision", "dtype", "device", "load_in", "batch_size")
_USABLE: dict[str, tuple[str, ...]] = {
    "hf": _CHECKPOINT,
    "videoscore2": _CHECKPOINT,
    "served": ("base_url", "send_as", "concurrency", "timeout", "retries", "batch_size"),
    "recorded": ("decode", "batch_size"),
    "tiny": ("dtype", "device", "batch_size"),
}
"""Kind -> the options that it can use. Kinds of other packages see to theirs themselves."""

_TARGETS = {
    "hf": "a folder or a hub id: hf:FOLDER or hf:OWNER/NAME",
    "served": "the model's name at the server: served:MODEL",
    "recorded": "a file of replies: recorded:FILE.jsonl",
    "tiny": None,
    "videoscore2": None,
}
"""Kind -> what it needs behind the colon; None where it takes nothing there."""


def open_videoscore2(target: str, options: JudgeOptions) -> Judge:
    """The published VideoScore2 checkpoint; the arguments are as for `open_tiny`."""
    return JUDGES.get("hf")(VIDEOSCORE2, options)


def open_judge(name: str, options: JudgeOptions | None = None) -> Judge:
    """The judge that a `--judge` string names: `KIND` or `KIND:TARGET`.

    Raises:
        UsageError: an unknown kind, a kind whose target is missing or too much, an option that the kind
            cannot use, or a number out of range.
    """
    options = options or JudgeOptions()
    kind, _, target = name.partition(":")
    if kind not in JUDGES:
        raise UsageError(f"unknown judge {name!r}.{_meant(name, kind)}")
    if kind in _TARGETS:
        _check_target(kind, target, _TARGETS[kind])
    _check_numbers(options)
    if kind in _USABLE:
        _refuse_unusable(kind, options)
    return JUDGES.get(kind)(target, options)


def _meant(name: str, kind: str) -> str:
    """A file, a folder or a hub id without its kind is the usual slip."""
    path = Path(name)
    if path.suffix == ".jsonl" or (path / "verdicts.jsonl").is_file():
        return f" Did you mean 'recorded:{name}'?"
    if ":" not in name and (name.count("/") == 1 or path.is_dir()):
        return f" Did you mean 'hf:{name}'?"
    return did_you_mean(kind, JUDGES)


def _check_target(kind: str, target: str, wanted: str | None) -> None:
    if wanted is None and target:
        raise UsageError(f"{kind!r} takes nothing behind a colon, got {target!r}")
    if wanted is not None and not target.strip():
        raise UsageError(f"the judge {kind!r} needs {wanted}")


def _refuse_unusable(kind: str, options: JudgeOptions) -> None:
    usable = _USABLE[kind]
    given = [field.name for field in fields(options) if getattr(options, field.name) is not None]
    refused = [_flag(option) for option in given if option not in usable]
    if refused:
        takes = ", ".join(_flag(option) for option in usable)
        raise UsageError(f"the judge {kind!r} cannot use {', '.join(refused)}; it takes {takes}")


def _check_numbers(options: JudgeOptions) -> None:
    for option, least in (("concurrency", 1), ("batch_size", 1), ("retries", 0)):
        value = getattr(options, option)
        if value is not None and value < least:
            raise UsageError(f"{_flag(option)} must be at least {least}, got {value}")
    if options.timeout is not None and not options.timeout > 0:
        raise UsageError(f"{_flag('timeout')} must be more than 0 seconds, got {options.timeout:g}")


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")
