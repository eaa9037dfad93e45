"""The commands: name -> where it is, and what it does in one line. To add one, add a line."""

from typing import NamedTuple


class Command(NamedTuple):
    """A command: `module:attribute` of its function (or of a Typer with commands of its own)."""

    target: str
    summary: str


COMMANDS: dict[str, Command] = {
    "score": Command("reeljudge.cli.score:score", "Judge one or a few clips."),
    "run": Command("reeljudge.cli.run:run", "Judge a manifest into a run folder; resumes where it stopped."),
    "show": Command("reeljudge.cli.show:show", "What a run holds: counts, failures, histograms."),
    "export": Command("reeljudge.cli.export:export", "A run as a flat table, CSV or Parquet."),
    "merge": Command("reeljudge.cli.merge:merge", "Join runs, for example shards of one manifest."),
    "read": Command("reeljudge.cli.read:read", "Raw replies into verdicts: the reader alone."),
    "judges": Command("reeljudge.cli.judges:judges", "The judges that are there."),
    "rubrics": Command("reeljudge.cli.rubrics:rubrics", "The rubrics that are there, or one in full."),
}
