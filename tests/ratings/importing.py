"""What the tests of importing share."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reeljudge.ratings import RatingStore
from reeljudge.ratings.imports import Imported
from reeljudge.tables import write_rows

Ran = tuple[int, str, str]
Call = Callable[..., Ran]
CORPUS = os.environ.get("REELJUDGE_CORPUS")
needs_labels = pytest.mark.skipif(
    CORPUS is None, reason="needs real labels: set REELJUDGE_CORPUS to a folder that holds labels/"
)


def saved(path: Path, rows: list[Any]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    else:
        write_rows(path, rows)
    return path


def scores_of(store: RatingStore) -> dict[tuple[str, str, str], int]:
    return {(one.id, one.dimension, one.rater): one.score for one in store.ratings()}


def reasons(done: Imported) -> dict[int, str]:
    return {refused.place.row: refused.reason for refused in done.refused}
