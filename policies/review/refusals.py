"""Why a reviewer may not do what they want to do with a job."""

from provenance.errors import PolicyError


class JobTakenError(PolicyError):
    """Somebody else has this job, or was quicker."""

    code = "review.taken"


class NotYoursError(PolicyError):
    """This reviewer may not do this with this job."""

    code = "review.not_yours"


class ConfirmationError(PolicyError):
    """What was typed is not how many jobs it would be."""

    code = "review.confirmation"
