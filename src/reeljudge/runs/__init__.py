"""Runs: a judge over a manifest, in a folder that survives anything.

- `run_manifest(clips, folder, judge) -> Outcome`
- `merge_runs(runs, folder)`, `export_run(folder, table)`, `summarize(folder)`
- `read_verdicts(folder)`: the rows, `read_settings(folder)`: how they came about
"""

from reeljudge.runs.engines import ENGINES
from reeljudge.runs.export import export_run
from reeljudge.runs.folder import read_settings, read_verdicts, refuse_busy
from reeljudge.runs.merge import Merged, merge_runs
from reeljudge.runs.run import Observer, Outcome, run_manifest
from reeljudge.runs.shards import Shard
from reeljudge.runs.summary import summarize

__all__ = [
    "ENGINES",
    "Merged",
    "Observer",
    "Outcome",
    "Shard",
    "export_run",
    "merge_runs",
    "read_settings",
    "read_verdicts",
    "refuse_busy",
    "run_manifest",
    "summarize",
]
