"""`reeljudge judges`: the judges that are there."""

from importlib.util import find_spec

from rich.table import Table

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json

_WHAT = {
    "tiny": "the bundled model: no download, runs on a CPU",
    "videoscore2": "short for hf:TIGER-Lab/VideoScore2",
    "hf": "hf:REPO-OR-FOLDER: a Qwen2-VL, Qwen2.5-VL or Qwen3-VL style checkpoint",
    "served": "served:MODEL: any OpenAI-compatible server (--base-url, key from OPENAI_API_KEY)",
    "recorded": "recorded:FILE: replays replies from JSONL",
}
_LOCAL = ("tiny", "videoscore2", "hf")


@examples("reeljudge judges", "reeljudge judges --json")
def judges(json: Json = False) -> None:
    """The judges that `--judge` may name. Other packages add theirs by the entry point `reeljudge.judges`."""
    from reeljudge.judges import JUDGES

    rows = []
    for name in JUDGES:
        needs = [] if name not in _LOCAL else [p for p in ("torch", "transformers") if find_spec(p) is None]
        rows.append({"name": name, "what": _WHAT.get(name, "from another package"), "missing": needs})
    if json:
        write_json({"judges": rows})
        return
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        missing = "needs pip install 'reeljudge[local]'" if row["missing"] else ""
        table.add_row(str(row["name"]), str(row["what"]), missing)
    results().print(table)
