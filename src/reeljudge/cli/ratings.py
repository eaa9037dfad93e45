"""`reeljudge ratings`: the human side."""

from reeljudge.cli.commands import Command
from reeljudge.cli.groups import group_of

ratings = group_of(
    "ratings",
    "The human side: bring ratings in, give them back, and see how far to trust them.",
    {
        "import": Command("reeljudge.cli.ratings_import:import_ratings", "Bring ratings into a database."),
        "export": Command("reeljudge.cli.ratings_export:export", "Give the ratings of a database back."),
        "consensus": Command("reeljudge.cli.consensus:consensus", "The label that raters agree on."),
        "reliability": Command("reeljudge.cli.reliability:reliability", "How far the raters can be trusted."),
        "coverage": Command("reeljudge.cli.coverage:coverage", "What a set of ratings covers, and its gaps."),
    },
)
