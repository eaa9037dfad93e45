"""The tables of docs/performance.md and docs/scale.md: python benchmarks/tables.py FILE."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

RUBRICS = {"gradeo": "GRADEO, 7 questions", "videoscore2": "VideoScore2"}
STAGES = ("prepare", "vision", "prefill", "generation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="what `benchmarks/run.py -o FILE` wrote")
    measured = json.loads(parser.parse_args().file.read_text(encoding="utf-8"))
    for name, lines in PARTS.items():
        if name in measured:
            sys.stdout.write(f"## {name}\n\n" + "\n".join(lines(measured[name])) + "\n\n")


def table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def ratio(one: Mapping[str, Any], digits: int = 1) -> str:
    low, high = f"{one['ratio_low']:.{digits}f}", f"{one['ratio_high']:.{digits}f}"
    return f"**{one['ratio']:.{digits}f}** ({low} to {high})"


def judging(measured: Mapping[str, Any]) -> Iterator[str]:
    """Both ways side by side, and where reeljudge's time goes."""
    cases = [
        (f"{dtype}, {told}", measured[dtype][rubric])
        for dtype in ("bfloat16", "float32")
        if dtype in measured
        for rubric, told in RUBRICS.items()
        if rubric in measured[dtype]
    ]
    heads = ("", "plain, per clip", "reeljudge, per clip", "times as fast", "clips/h", "tokens/s", "overhead")
    yield from table(
        heads,
        (
            (
                name,
                f"{one['plain_seconds_per_clip']:.1f} s",
                f"{one['seconds_per_clip']:.2f} s",
                ratio(one),
                f"{one['clips_per_hour']:,.0f}",
                f"{one['tokens_per_second']:.0f}",
                f"{one['overhead']:.1%}",
            )
            for name, one in cases
        ),
    )
    yield ""
    yield from table(("", *STAGES, "all else", "in all"), (stage_row(name, one) for name, one in cases))


def stage_row(name: str, one: Mapping[str, Any]) -> Sequence[str]:
    took = [one["stage_seconds_per_clip"].get(stage, 0.0) for stage in STAGES]
    whole = one["seconds_per_clip"]
    return (name, *(f"{seconds:.3f}" for seconds in (*took, whole - sum(took))), f"{whole:.2f}")


def kernels(measured: Mapping[str, Any]) -> Iterator[str]:
    rows = (
        (name, f"{one['plain_gflops']:.0f}", f"{one['packed_gflops']:.0f}") for name, one in measured.items()
    )
    yield from table(("", "plain", "packed"), rows)


def decoders(measured: Mapping[str, Any]) -> Iterator[str]:
    """Milliseconds of the wall clock per clip, and of the processor in brackets."""
    ways = list(dict.fromkeys(way for one in measured.values() for way in one["wall_seconds_per_clip"]))

    def rows() -> Iterator[Sequence[str]]:
        for way in ways:
            cells = []
            for one in measured.values():
                wall, work = one["wall_seconds_per_clip"][way], one["cpu_seconds_per_clip"].get(way)
                cells.append(f"{wall * 1e3:.0f}" + ("" if work is None else f" ({work * 1e3:.0f})"))
            yield (way, *cells)
        yield ("times the fastest other", *(ratio(one, 2) for one in measured.values()))
        yield ("which is", *(one["fastest_other"] for one in measured.values()))

    yield from table(("", *measured), rows())


def answers(measured: Mapping[str, Any]) -> Iterator[str]:
    """Direct against reasoned scores of the bundled judge; half precision against single."""
    rubrics = [name for name in RUBRICS if name in measured]
    heads = ("", "both scored", "identical", "within one", "SRCC", "with the truth: reasoned", "direct")
    yield from table(
        heads,
        (
            (
                f"{rubric}, {name}",
                f"{one['n']} of {measured['clips']}",
                share(one["identical"]),
                share(one["within_one"]),
                number(one["srcc"]),
                number(measured[rubric]["srcc_with_truth_reasoned"][name]),
                number(measured[rubric]["srcc_with_truth_direct"][name]),
            )
            for rubric in rubrics
            for name, one in measured[rubric]["agreement"].items()
        ),
    )
    yield ""
    yield from table(
        ("", "accuracy: reasoned", "direct", "clips/s: reasoned", "direct"),
        (
            (
                rubric,
                share(measured[rubric]["accuracy_reasoned"]),
                share(measured[rubric]["accuracy_direct"]),
                f"{measured[rubric]['clips_per_second_reasoned']:.1f}",
                f"{measured[rubric]['clips_per_second_direct']:.1f}",
            )
            for rubric in rubrics
        ),
    )
    yield ""
    yield from (f"{name.replace('_', ' ')}: {share(value)}" for name, value in measured["bfloat16"].items())


def machines(measured: Mapping[str, Any]) -> Iterator[str]:
    if "left_out" in measured:
        yield measured["left_out"]
        return
    for what, digits in (("clips_per_second", 1), ("whole_seconds", 0)):
        one, two = measured[f"{what}_one_node"], measured[f"{what}_two_nodes"]
        yield f"{what.replace('_', ' ')}: {one:.{digits}f} on one node, {two:.{digits}f} on two"
    yield f"{ratio(measured, 2)} times as fast; whole runs {measured['whole_ratio']:.2f}"


def size(measured: Mapping[str, Any]) -> Iterator[str]:
    heads = (f"{measured['rows']:,} rows", "seconds", "processor seconds", "peak memory")
    commands = ((name, one) for name, one in measured.items() if isinstance(one, dict))
    yield from table(
        heads,
        (
            (
                name,
                f"{one['seconds']:.1f}",
                f"{one['processor_seconds']:.1f}",
                f"{one['peak_memory_mb']:.0f} MB",
            )
            for name, one in commands
        ),
    )


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}" if value in (0, 1) else f"{value:.1%}"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


PARTS = {
    "judging": judging,
    "kernels": kernels,
    "decoders": decoders,
    "answers": answers,
    "machines": machines,
    "size": size,
}

if __name__ == "__main__":
    main()
