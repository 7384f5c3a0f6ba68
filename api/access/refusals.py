"""Why a request is not let in, or what was asked about people and keys is refused."""

from provenance.errors import GateError


class NotSignedInError(GateError):
    """Nobody is named by this request, or not any more."""

    code = "access.not_signed_in"


class ForbiddenError(GateError):
    """Who asks may not do this."""

    code = "access.forbidden"


class AccessError(GateError):
    """What was asked about people or keys cannot be done as it was asked."""

    code = "access.refused"


class PersonNotFoundError(AccessError):
    """Nobody of this tenant is called so."""

    code = "access.unknown_person"


class KeyNotFoundError(AccessError):
    """No key of this tenant is called so."""

    code = "access.unknown_key"


class SessionNotFoundError(AccessError):
    """No session of this tenant is called so."""

    code = "access.unknown_session"
