"""Benchmarks: public sets of human labels, each under named and versioned protocols.

- `SUITES`, `load_suite(name) -> Suite`: what a set needs, how it is evaluated, what was published on it
- `open_release(suite, folder) -> Release`: its labels, from the files as they were released
- `scores_of_run(folder)`, `scores_of_table(path)` -> `Scores`: what a judge said
- `evaluate(suite, protocol, release, scores) -> Result`
- `judge_release(...)`: a judge over a release, into a run folder that resumes
"""

from reeljudge.benchmarks.evaluate import MeasureResult, Result, evaluate
from reeljudge.benchmarks.judging import clips_of, judge_release
from reeljudge.benchmarks.opening import open_release
from reeljudge.benchmarks.published import beside
from reeljudge.benchmarks.release import Item, Pair, Release, Video
from reeljudge.benchmarks.scores import Scores, scores_of_run, scores_of_table
from reeljudge.benchmarks.selection import Selection, select
from reeljudge.benchmarks.suite import SUITES, Measure, Protocol, Suite, load_suite

__all__ = [
    "SUITES",
    "Item",
    "Measure",
    "MeasureResult",
    "Pair",
    "Protocol",
    "Release",
    "Result",
    "Scores",
    "Selection",
    "Suite",
    "Video",
    "beside",
    "clips_of",
    "evaluate",
    "judge_release",
    "load_suite",
    "open_release",
    "scores_of_run",
    "scores_of_table",
    "select",
]
