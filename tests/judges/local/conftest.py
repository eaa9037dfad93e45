"""Checkpoints that the tests of the local judge share; building one takes a moment."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from plain_transformers import PlainQwen  # noqa: E402
from qwen_checkpoints import hub_folder, write_checkpoint  # noqa: E402

from reeljudge.clips import Clip, Frames  # noqa: E402
from reeljudge.judges import Answer, JudgeOptions, Request, Sampling  # noqa: E402
from reeljudge.judges.local import open_local  # noqa: E402
from reeljudge.judges.local.judge import LocalJudge  # noqa: E402
from reeljudge.rubrics import Question, Rubric, load_rubric  # noqa: E402

os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """The networks are tiny: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Folder of the random checkpoint of a family, built once: `checkpoint("qwen2_vl")`."""
    built: dict[str, Path] = {}

    def build(family: str, **options: object) -> Path:
        name = "-".join([family, *(f"{key}{value}" for key, value in sorted(options.items()))])
        if name not in built:
            if options.get("real_tokenizer") and hub_folder() is None:
                pytest.skip("needs a published checkpoint's tokenizer: set REELJUDGE_HUB or REELJUDGE_CORPUS")
            built[name] = write_checkpoint(tmp_path_factory.mktemp("hub") / name, family, **options)
        return built[name]

    return build


@pytest.fixture(scope="session")
def judge(checkpoint: Callable[..., Path]) -> Callable[..., LocalJudge]:
    """The judge on such a checkpoint, in float32 on the CPU, opened once."""
    opened: dict[Path, LocalJudge] = {}

    def open_(family: str = "qwen2_5_vl", **options: object) -> LocalJudge:
        folder = checkpoint(family, **options)
        if folder not in opened:
            usual = JudgeOptions(device="cpu", dtype="float32", batch_size=4)
            opened[folder] = open_local(str(folder), usual)
        return opened[folder]

    return open_


@pytest.fixture(scope="session")
def plain(checkpoint: Callable[..., Path]) -> Callable[..., PlainQwen]:
    """Plain transformers on the same checkpoint."""
    opened: dict[Path, PlainQwen] = {}

    def open_(family: str = "qwen2_5_vl", **options: object) -> PlainQwen:
        folder = checkpoint(family, **options)
        if folder not in opened:
            opened[folder] = PlainQwen(folder)
        return opened[folder]

    return open_


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return load_rubric("videoscore2")


def make_frames(
    seed: int, count: int = 4, height: int = 56, width: int = 84, seconds_per_grid: float = 1.0
) -> Frames:
    """Frames of noise, as a clip of 8 frames per second gives them."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    indices = tuple(range(0, 4 * count, 4))
    times = tuple(index / 8 for index in indices)
    name = f"noise {seed}"
    return Frames(
        pixels, indices, times, 8.0, 4 * count, width, height, "qwen", seconds_per_grid, "noise", name
    )


def make_request(
    rubric: Rubric,
    frames: Frames,
    question: str = "How good is this video?",
    *,
    clip: str = "clip",
    dimension: str | None = None,
    **sampling: object,
) -> Request:
    settings = {"max_tokens": 24, "early_stop": False} | sampling
    asked = Question(dimension, question)
    return Request((Clip(clip, clip, Path(clip), question),), (frames,), asked, rubric, Sampling(**settings))


def texts(answer: Answer) -> list[str]:
    assert answer.error is None, answer.error
    return [reply.text for reply in answer.replies]
