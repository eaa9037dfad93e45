"""`reeljudge ratings coverage`: what a set of ratings covers, and its gaps."""

from pathlib import Path
from typing import Annotated

import typer

from reeljudge.cli.console import examples, results, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.cli.ratings_options import Db, Dimension, Page, Rubric, Without, existing_store


@examples(
    "reeljudge ratings coverage --db ratings.db",
    "reeljudge ratings coverage --db ratings.db --overlap 5 --page coverage.html",
    "reeljudge ratings coverage --db ratings.db --similarity 0.7 --json",
)
def coverage(
    db: Db,
    rubric: Rubric = None,
    dimension: Dimension = None,
    without: Without = None,
    overlap: Annotated[
        int | None,
        typer.Option(min=1, help="Ratings that each clip should have (default: the most common number)."),
    ] = None,
    similarity: Annotated[
        float,
        typer.Option(min=0.1, max=1, help="Prompts with words this similar (Jaccard) are near-duplicates."),
    ] = 0.8,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.json", help="Write the result as JSON.")
    ] = None,
    page: Page = None,
    json: Json = False,
) -> None:
    """Generators, prompts, dimensions and scores of a set of ratings, and its gaps in words."""
    from reeljudge.ratings.coverage import coverage as measure
    from reeljudge.ratings.panels import read_panels

    with existing_store(db) as store:
        panels = read_panels(store, rubric, dimension, without or ())
        clips = list(store.clips())
    found = measure(clips, panels, similarity=similarity, overlap=overlap)
    if output is not None:
        from reeljudge.tables import write_rows

        write_rows(output, [found.to_dict()])
        tell(f"{output}: written")
    if page is not None:
        from reeljudge.reports.ratings_page import write_coverage_page

        tell(f"{write_coverage_page(page, found)}: written")
    if json:
        write_json(found.to_dict())
        return
    console = results()
    console.print(
        f"{found.rated} of {found.clips} clips rated, {found.prompts} prompts, "
        f"{len(found.generators)} generators"
    )
    for part in found.dimensions:
        scores = ", ".join(f"{score}: {count}" for score, count in part.scores.items())
        console.print(
            f"  {part.rubric}.{part.dimension}: {part.clips} clips, {part.ratings} ratings by {part.raters} "
            f"raters ({part.least}-{part.most} per clip); scores {scores}",
            soft_wrap=True,
        )
    console.print("gaps:" if found.gaps else "no gaps by the stated rules")
    for gap in found.gaps:
        console.print(f"  - {gap}", soft_wrap=True)
