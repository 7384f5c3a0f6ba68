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


class CaseInvalidError(PolicyError):
    """A case that packs are to be tried on cannot be read; the message has a line for every problem."""

    code = "policy.case"


class ContextError(PolicyError):
    """What a submission says of its context has an unknown field, or one of another type."""

    code = "policy.context"


class PackFileError(PolicyError):
    """A pack's file, or a folder of packs, is not there or cannot be read."""

    code = "policy.pack_file"


class DuplicatePackError(PolicyError):
    """Two packs have one name, so that one of them would take the other's place."""

    code = "policy.duplicate_pack"


class NoPackError(PolicyError):
    """No pack is named, or a pack has no rule: everything would be released."""

    code = "policy.no_pack"


class StatementInvalidError(PolicyError):
    """A statement of reasons would not be one of the schema that it has to be of."""

    code = "policy.statement"


class WithdrawnError(PolicyError):
    """What is at work is not wanted any more, or another process took it up."""

    code = "policy.withdrawn"


class ConsentNotFoundError(PolicyError):
    """The tenant recorded no such consent."""

    code = "consent.not_found"


class ConsentLapsedError(PolicyError):
    """A consent that a submission names does not cover it, or not any more."""

    code = "consent.lapsed"
