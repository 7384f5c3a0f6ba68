"""What people ask for and cannot have as it is: one kind of error for each thing that they can do about it.

Pages in other languages than English tell an error by its code alone, so that each kind has words of its own there.
"""

from provenance.errors import PolicyError


class IncompleteError(PolicyError):
    """A text that is asked for is missing, or longer than is kept."""

    code = "policy.incomplete"


class UnknownChoiceError(PolicyError):
    """What was chosen is none of what there is to choose from."""

    code = "policy.choice"


class UnknownClauseError(PolicyError):
    """What a verdict rests on is no clause of any pack."""

    code = "policy.clause"


class NotWaitingError(PolicyError):
    """What is to be decided does not wait for that: it was decided, or stands elsewhere by now."""

    code = "policy.not_waiting"


class TooLateError(PolicyError):
    """What is to be taken back is out, or something came of it already."""

    code = "policy.too_late"


class NotKeptError(PolicyError):
    """What it would take is not kept, or never was: the file has to be handed in again."""

    code = "policy.not_kept"


class VersionUsedError(PolicyError):
    """A version of a pack was saved with other content before."""

    code = "policy.version_used"


class DefaultPackError(PolicyError):
    """A pack decides where a submission names none, so it cannot be taken out of use."""

    code = "policy.default_pack"


class TooManyError(PolicyError):
    """There are as many of these as there may be."""

    code = "policy.too_many"
