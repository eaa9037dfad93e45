"""`reeljudge annotate`: the web app in which people rate."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.app import LazyGroup
from reeljudge.cli.commands import Command
from reeljudge.cli.console import epilog_of, examples, results, tell, write_json
from reeljudge.cli.groups import group_of
from reeljudge.cli.options import Json

SERVE = "serve"


class ServesByDefault(LazyGroup):
    """`annotate clips.jsonl ...` is `annotate serve clips.jsonl ...`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else "--help"
        if first not in self.known and first != "--help":
            args = [SERVE, *args]
        return super().parse_args(ctx, args)


annotate = group_of(
    "annotate",
    "Serve the page on which people rate clips: `annotate MANIFEST --rubric R --db URL`.",
    {
        SERVE: Command("reeljudge.cli.annotate:serve", "Serve the page on which people rate clips."),
        "link": Command("reeljudge.cli.annotate:make_links", "Make personal links."),
        "progress": Command("reeljudge.cli.annotate:show_progress", "How far rating is, and each rater."),
        "checked": Command("reeljudge.cli.annotate:checked", "A check list with what people decided."),
    },
    ServesByDefault,
    epilog_of(
        "reeljudge annotate clips.jsonl --rubric gradeo --db ratings.db --rater ann",
        "reeljudge annotate link --rater bob --db ratings.db",
        "reeljudge annotate serve --help",
    ),
)

Db = Annotated[
    str, typer.Option("--db", metavar="URL", help="The ratings: a SQLite file or a PostgreSQL URL.")
]


@examples(
    "reeljudge annotate clips.jsonl --rubric videoscore2 --db ratings.db --rater ann --rater bob",
    "reeljudge annotate clips.jsonl --rubric gradeo --db ratings.db --gold gold.jsonl --rationale required",
    "reeljudge annotate clips.jsonl --db ratings.db --adjudicate differences.jsonl --rater carla",
    "reeljudge annotate clips.jsonl --db ratings.db --check chains.jsonl",
)
def serve(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The clips to rate.")],
    db: Db,
    rubric: Annotated[str | None, typer.Option(help="videoscore2 (default), gradeo, or a YAML file.")] = None,
    dimensions: Annotated[
        str | None, typer.Option(metavar="a,b", help="Rate these dimensions alone.")
    ] = None,
    rater: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Print a personal link for this rater (may be given again)."),
    ] = None,
    overlap: Annotated[
        int | None, typer.Option(min=1, help="Raters per clip and dimension (default 5; for lists 1).")
    ] = None,
    pages: Annotated[
        str, typer.Option(help="each (a page per dimension), joint (one for all), auto (as the rubric).")
    ] = "auto",
    rationale: Annotated[
        str, typer.Option(help="optional, required, unless-top (the best score needs no words), none.")
    ] = "optional",
    batches: Annotated[
        str, typer.Option(help="prompt (clips of one prompt follow each other) or single.")
    ] = "prompt",
    batch_size: Annotated[int, typer.Option(min=1, help="Pages that a rater gets at a time, at most.")] = 10,
    quota: Annotated[int | None, typer.Option(min=1, help="Pages per rater, at most.")] = None,
    gold: Annotated[
        Path | None,
        typer.Option(help="Clips with known scores: pilot rounds, hidden gold, attention checks."),
    ] = None,
    gold_every: Annotated[
        int, typer.Option(min=0, help="One hidden gold clip or check after about this many pages.")
    ] = 10,
    pilot: Annotated[
        int, typer.Option(min=0, help="Pages of a pilot round; 0: all pilot clips in one round.")
    ] = 0,
    pilot_rounds: Annotated[int, typer.Option(min=1, help="Pilot rounds that a rater may try.")] = 2,
    pilot_pass: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a round's scores within 1 of the right ones.")
    ] = 0.8,
    adjudicate: Annotated[
        Path | None, typer.Option(help="Serve this list of differences to the raters named by --rater.")
    ] = None,
    hide_ratings: Annotated[
        bool, typer.Option("--hide-ratings", help="Who adjudicates does not see what the raters said.")
    ] = False,
    check: Annotated[Path | None, typer.Option(help="Serve this list of rationales to be checked.")] = None,
    lease: Annotated[
        float, typer.Option(metavar="HOURS", help="After this, pages taken and not rated may go to others.")
    ] = 24.0,
    park_after: Annotated[int, typer.Option(min=1, help="Skips after which a page goes to nobody else.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the random order.")] = 0,
    host: Annotated[
        str, typer.Option(help="Address to listen at; by default this machine alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8321,
    url: Annotated[
        str | None, typer.Option(help="How people reach it, where that differs: https://rate.example.org")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further name under which it is reached.")
    ] = None,
    json: Json = False,
) -> None:
    """Serve the page on which people rate clips; stop with Ctrl-C and start again at any time.

    Raters enter by a personal link (`--rater`, `annotate link`, or the admin page). They see neither
    generators nor file names, in a balanced random order; what they say is in the database as soon as the
    page shows it as saved.
    """
    from reeljudge.annotate import Links, Settings, open_task
    from reeljudge.annotate import serve as serve_task
    from reeljudge.annotate.links import clean_name, link
    from reeljudge.annotate.server import is_loopback
    from reeljudge.clips import read_manifest
    from reeljudge.errors import UsageError
    from reeljudge.ratings import open_store

    settings = Settings(
        overlap=overlap or (1 if adjudicate or check else 5),
        pages=pages,  # type: ignore[arg-type]
        rationale=rationale,  # type: ignore[arg-type]
        batches=batches,  # type: ignore[arg-type]
        batch_size=batch_size,
        quota=quota,
        pilot=pilot,
        pilot_rounds=pilot_rounds,
        pilot_pass=pilot_pass,
        gold_every=gold_every,
        lease=lease,
        park_after=park_after,
        seed=seed,
    )
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f"--url {url!r} is no address; it starts with http:// or https://")
    names = [clean_name(name) for name in rater or ()]
    read_manifest(manifest)  # a mistyped path is said before a database is made
    with open_store(db) as store:
        task = open_task(
            manifest,
            store,
            rubric,
            settings,
            dimensions=[name.strip() for name in dimensions.split(",")] if dimensions else None,
            gold=gold,
            adjudicate=adjudicate,
            check=check,
            raters=names if adjudicate else None,
            show_opinions=not hide_ratings,
        )
        links = Links(store)

        def ready(address: str, admin: str) -> None:
            made = {name: link(address, links.make(name)) for name in names}
            if json:
                write_json({"url": address, "admin": admin, "raters": made, "pages": len(task.plan)})
                return
            console = results()
            console.print(
                f"{len(task.plan)} pages, {settings.overlap} raters each, at {address}", soft_wrap=True
            )
            console.print(f"  admin: {admin}", soft_wrap=True)
            for name, address_of in made.items():
                console.print(f"  {name}: {address_of}", soft_wrap=True)
            for note in task.notes:
                tell(note)
            if not made and not links.raters():
                tell(
                    "no raters yet: make links on the admin page, or by "
                    f"`reeljudge annotate link --rater NAME --db {db}`"
                )
            if not is_loopback(host):
                tell(
                    "whoever reaches this address and has a link can rate, and what is sent can be read on "
                    "the way: use it in a network you trust, or behind a proxy with https (--url)"
                )
            tell("press Ctrl-C to stop; ratings are kept")

        serve_task(task, host, port, url, allow_host or (), ready)


@examples(
    "reeljudge annotate link --rater ann --db ratings.db",
    "reeljudge annotate link --rater ann --rater bob --db ratings.db --url https://rate.example.org",
    "reeljudge annotate link --rater ann --db ratings.db --revoke",
)
def make_links(
    db: Db,
    rater: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Whose link (may be given again).")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="A lasting link to the admin page.")] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Make all links of these raters invalid instead; ratings stay.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Where the page is served (default: where it was served last).")
    ] = None,
    json: Json = False,
) -> None:
    """Make personal links. A link is shown once: of what opens the page only a hash is stored."""
    from reeljudge.annotate import Links
    from reeljudge.annotate.links import clean_name, link
    from reeljudge.errors import UsageError
    from reeljudge.ratings import open_store

    who: list[str | None] = [clean_name(name) for name in rater or ()]
    if admin:
        who.append(None)
    if not who:
        raise UsageError("say whose link: --rater NAME, or --admin")
    with open_store(db) as store:
        links = Links(store)
        address = url or links.served_at()
        rows: list[dict[str, Any]] = []
        for name in who:
            row: dict[str, Any] = {"rater": name, "admin": name is None}
            if revoke:
                rows.append(row | {"revoked": links.revoke(name)})
            else:
                rows.append(row | {"link": link(address, links.make(name), admin=name is None)})
    if json:
        write_json({"links": rows})
        return
    console = results()
    for row in rows:
        told = f"{row['revoked']} links revoked" if revoke else row["link"]
        console.print(f"{row['rater'] or 'admin'}: {told}", soft_wrap=True)


@examples("reeljudge annotate progress clips.jsonl --rubric gradeo --db ratings.db --json")
def show_progress(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="The clips that are rated.")],
    db: Db,
    rubric: Annotated[str | None, typer.Option(help="The rubric (default videoscore2).")] = None,
    overlap: Annotated[int, typer.Option(min=1, help="Raters per clip and dimension.")] = 5,
    gold: Annotated[Path | None, typer.Option(help="The gold clips, where there are some.")] = None,
    json: Json = False,
) -> None:
    """What the admin page shows, in the terminal: how far rating is, and how each rater does."""
    from reeljudge.annotate import Links, Settings, open_task
    from reeljudge.annotate.assignment import Assignment
    from reeljudge.annotate.progress import progress
    from reeljudge.ratings import open_store

    with open_store(db, create=False) as store:
        task = open_task(manifest, store, rubric, Settings(overlap=overlap), gold=gold)
        found = progress(task, Assignment(task), Links(store))
    if json:
        write_json(found)
        return
    console = results()
    console.print(
        f"{found['done']} of {found['needed']} ratings, "
        f"{found['complete']} of {found['pages']} pages complete"
    )
    for one in found["raters"]:
        speed = "" if one["median_seconds"] is None else f", {one['median_seconds']} s a page"
        agrees = "" if one["others"]["srcc"] is None else f", srcc with others {one['others']['srcc']}"
        notes = f" ({'; '.join(one['notes'])})" if one["notes"] else ""
        console.print(f"  {one['name']}: {one['done']} rated, {one['skipped']} skipped{speed}{agrees}{notes}")


@examples("reeljudge annotate checked chains.jsonl --db ratings.db -o checked.jsonl")
def checked(
    chains: Annotated[Path, typer.Argument(metavar="FILE", help="The list that was served with --check.")],
    db: Db,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The rows with decisions.")],
    rubric: Annotated[str | None, typer.Option(help="Default: the one that the first row names.")] = None,
    only: Annotated[
        bool, typer.Option("--only-kept", help="Only rows that were accepted, or edited and then accepted.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the rows of a check list back, with what people decided about each text."""
    from collections import Counter

    from reeljudge.annotate import checked_rows
    from reeljudge.annotate.export import decisions
    from reeljudge.annotate.lists import rubric_of_list
    from reeljudge.ratings import open_store
    from reeljudge.rubrics import load_rubric
    from reeljudge.tables import write_rows

    chosen = load_rubric(rubric or rubric_of_list(chains) or "videoscore2")
    with open_store(db, create=False) as store:
        found = decisions(store, chosen.name)
    counts: Counter[str] = Counter()
    kept = []
    for row in checked_rows(chains, found, chosen):
        decision = row.get("check", {}).get("decision", "open")
        counts[decision] += 1
        if not only or decision in ("accept", "edit"):
            kept.append(row)
    written = write_rows(output, kept)
    told = {"rows": written, **{one: counts[one] for one in ("accept", "edit", "reject", "open")}}
    if json:
        write_json({"path": str(output), **told})
        return
    results().print(
        f"{output}: {written} rows ({told['accept']} accepted, {told['edit']} edited, "
        f"{told['reject']} rejected, {told['open']} not checked yet)",
        soft_wrap=True,
    )
