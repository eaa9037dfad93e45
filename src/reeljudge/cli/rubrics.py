"""`reeljudge rubrics`: the rubrics that are there, or one in full."""

from typing import Annotated, Any

import typer
from rich.padding import Padding
from rich.text import Text

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json


@examples("reeljudge rubrics", "reeljudge rubrics gradeo", "reeljudge rubrics my_rubric.yaml --json")
def rubrics(
    name: Annotated[
        str | None, typer.Argument(help="Show this rubric in full: a name or a YAML file.")
    ] = None,
    json: Json = False,
) -> None:
    """The rubrics that `--rubric` may name; with a name, that rubric's dimensions and levels."""
    from reeljudge.rubrics import RUBRICS, load_rubric

    if name is not None:
        rubric = load_rubric(name)
        if json:
            write_json(rubric.model_dump(mode="json"))
        else:
            _show_one(rubric)
        return
    loaded = [load_rubric(known) for known in RUBRICS]
    if json:
        write_json(
            {
                "rubrics": [
                    {
                        "name": rubric.name,
                        "version": rubric.version,
                        "title": rubric.title,
                        "source": rubric.source,
                        "replies": rubric.replies,
                        "scale": [rubric.scale.min, rubric.scale.max],
                        "dimensions": list(rubric.names),
                    }
                    for rubric in loaded
                ]
            }
        )
        return
    for rubric in loaded:
        asked = "one reply for all" if rubric.replies == "joint" else "one reply each"
        results().print(
            Text.assemble((rubric.name, "bold"), f"  {rubric.scale.min}-{rubric.scale.max}, {asked}")
        )
        results().print(f"  {', '.join(rubric.names)}")


def _show_one(rubric: Any) -> None:
    console = results()
    console.print(Text.assemble((rubric.title or rubric.name, "bold"), f"  version {rubric.version}"))
    if rubric.source:
        console.print(f"{rubric.source}")
    for dimension in rubric.dimensions:
        console.print()
        console.print(Text.assemble((dimension.title, "bold"), f"  ({dimension.name})"))
        console.print(Padding(Text(dimension.definition), (0, 2)))
        for aspect, meaning in dimension.aspects.items():
            console.print(Padding(Text(f"{aspect}: {meaning}"), (0, 4)))
        for value, level in sorted(dimension.levels.items()):
            console.print(
                Padding(Text(f"{value}  {level.name}" + (f": {level.text}" if level.text else "")), (0, 2))
            )
