"""A small random checkpoint of the true class, made once, and examples of synthetic clips."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training cannot be tested")

from reeljudge.training.config import Shape  # noqa: E402
from reeljudge.training.shapes import new_model, new_processor, save_checkpoint  # noqa: E402
from reeljudge.training.tokenizer import new_tokenizer  # noqa: E402
from reeljudge.training.world_words import phrases, words  # noqa: E402

SMALL = Shape(
    vision_size=16,
    vision_depth=1,
    vision_inner=24,
    vision_heads=2,
    size=32,
    depth=2,
    inner=48,
    heads=2,
    kv_heads=1,
)


@pytest.fixture(scope="session", autouse=True)
def _two_threads() -> None:
    torch.set_num_threads(2)


@pytest.fixture(scope="session")
def small_shape() -> Shape:
    return SMALL


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that any loader takes for a published checkpoint."""
    folder = tmp_path_factory.mktemp("checkpoint")
    tokenizer = new_tokenizer(words(), phrases())
    save_checkpoint(folder, new_model(SMALL, tokenizer, seed=1), new_processor(SMALL, tokenizer))
    return folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "question.jinja"
    path.write_text("{{ prompt }}")
    return path
