"""The real labels, where REELJUDGE_CORPUS names a folder that holds them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def labels() -> Path:
    folder = os.environ.get("REELJUDGE_CORPUS")
    if not folder:
        pytest.skip("needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/")
    return Path(folder) / "labels"


@pytest.fixture(scope="session")
def label_rows(labels: Path) -> Callable[[str], list[dict[str, Any]]]:
    return lambda name: [json.loads(line) for line in (labels / name).read_text("utf-8").splitlines()]
