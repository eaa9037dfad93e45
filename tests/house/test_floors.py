"""The house: a room imports only from floors below its own, and the ground floor stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import reeljudge

PACKAGE = Path(reeljudge.__file__).parent
FLOORS = {
    "errors": -1,
    "lazy": 0,
    "registry": 0,
    "cores": 0,
    "tables": 1,
    "texts": 1,
    "clips": 2,
    "verdicts": 3,
    "rubrics": 4,
    "agreement": 4,
    "judges": 5,
    "judging": 6,
    "runs": 7,
    "synth": 7,
    "ratings": 7,
    "datasets": 8,
    "training": 9,
    "benchmarks": 9,
    "standings": 9,
    "reports": 10,
    "annotate": 10,
    "cli": 11,
    "__main__": 12,
}
HEAVY = ("torch", "transformers", "scipy", "pandas", "pyarrow", "peft", "trl", "ray", "fastapi", "sqlalchemy")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = (
                [node.module] if node.module != "reeljudge" else [f"reeljudge.{a.name}" for a in node.names]
            )
        rooms |= {name.split(".")[1] for name in names if name.startswith("reeljudge.")}
    return rooms


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_from_floors_below(path: Path) -> None:
    room = room_of(path)
    assert room in FLOORS, f"{room} is no room of the house"
    for other in imported_rooms(path) - {room, "__version__"}:
        assert other in FLOORS, f"{path.name} imports {other}, which is no room"
        assert FLOORS[other] < FLOORS[room], f"{room} (floor {FLOORS[room]}) imports {other} above it"


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(output.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import reeljudge",
        "import reeljudge; reeljudge.read_manifest, reeljudge.read_reply, reeljudge.load_judge",
        "import reeljudge.cli",
        "import reeljudge.runs",
    ],
)
def test_the_ground_floor_is_light(statement: str) -> None:
    assert loaded_by(statement).isdisjoint(HEAVY)


def test_public_names_exist() -> None:
    for name in reeljudge.__all__:
        assert getattr(reeljudge, name) is not None
