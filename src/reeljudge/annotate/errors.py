"""What the rating page refuses, each with the HTTP status that says so."""

from typing import Any

from reeljudge.errors import ReeljudgeError


class Refused(ReeljudgeError):
    """A request that cannot be done. `code` is for the page's script, the text for people."""

    status = 400
    code = "refused"

    def __init__(self, text: str, **details: Any):
        super().__init__(text)
        self.details = details


class NotEntered(Refused):
    """No personal link was used, or it is no longer valid."""

    status, code = 401, "not_entered"


class NotAllowed(Refused):
    """Entered, but this is for somebody else."""

    status, code = 403, "not_allowed"


class NoSuchPage(Refused):
    """The page is none of this rater's."""

    status, code = 404, "no_such_page"


class StalePage(Refused):
    """The rating was changed elsewhere since the page was opened; `details` hold what is stored now."""

    status, code = 409, "stale"


class BadAnswer(Refused):
    """The answer itself cannot be stored."""

    status, code = 422, "bad_answer"
