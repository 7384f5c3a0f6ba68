"""Why a request is not let in."""

from provenance.errors import GateError


class NotSignedInError(GateError):
    """Nobody is named by this request, or not any more."""

    code = "access.not_signed_in"


class ForbiddenError(GateError):
    """Who asks may not do this."""

    code = "access.forbidden"
