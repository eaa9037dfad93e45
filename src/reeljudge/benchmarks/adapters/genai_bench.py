"""GenAI-Bench (video): votes on pairs."""

from pathlib import Path

from reeljudge.benchmarks.adapters.reading import label_rows
from reeljudge.benchmarks.release import Pair, Release, Video
from reeljudge.errors import InputError
from reeljudge.tables.votes import GENAI_BENCH_HUMAN


def read(files: list[Path]) -> Release:
    """Columns `left_model, right_model, left_video, right_video, prompt, vote_type`.

    A pair's id is its row, from 0; a video's is `model_file`.
    """
    return _read(files[0], by_row=False)


def read_by_row(files: list[Path]) -> Release:
    """The same with the ids of VideoScore-Bench: `0000_left`, `0000_right`."""
    return _read(files[0], by_row=True)


def _read(path: Path, by_row: bool) -> Release:
    videos: dict[str, Video] = {}
    pairs: list[Pair] = []
    for place, row in enumerate(label_rows(path)):
        prompt = row.text("prompt")
        sides = []
        for side in ("left", "right"):
            model, file = row.text(f"{side}_model"), row.text(f"{side}_video")
            last = file.replace("\\", "/").rsplit("/", 1)[-1]
            name = f"{place:04d}_{side}" if by_row else f"{model}_{last.removesuffix('.mp4')}"
            paths = (f"videos/{name}.mp4", f"videos/{model}/{last}", file.lstrip("/"), f"{model}/{last}")
            videos.setdefault(name, Video(name, paths, prompt, model=model))
            sides.append(name)
        vote = row.text("vote_type")
        if vote not in GENAI_BENCH_HUMAN:
            known = ", ".join(GENAI_BENCH_HUMAN)
            raise InputError(f"{row.where}: 'vote_type' holds {vote!r}; a vote of this set is {known}")
        pairs.append(Pair(str(place), sides[0], sides[1], {"vote": GENAI_BENCH_HUMAN[vote]}, prompt))
    return Release(videos, pairs=pairs)
