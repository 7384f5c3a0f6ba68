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


class ForgedRequestError(ForbiddenError):
    """A browser sent this for another site, or without what our own forms carry."""

    code = "access.forged"


class SignInError(AccessError):
    """Name, password or code is not right; which of them is not said."""

    code = "access.sign_in"


class ThrottledError(AccessError):
    """There were too many failed attempts.

    Attributes:
        retry_after_s: seconds until the next one is looked at.
    """

    code = "access.throttled"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class WeakPasswordError(AccessError):
    """A password that is too short, too long, or too easily thought of."""

    code = "access.weak_password"


class NameTakenError(AccessError):
    """Somebody of this tenant has this name or address already."""

    code = "access.name_taken"


class LastAdminError(AccessError):
    """Nobody would be left to let others in."""

    code = "access.last_admin"


class LinkSpentError(AccessError):
    """A sign-in link that works no more."""

    code = "access.link_spent"


class CodeError(AccessError):
    """A code of an app that does not fit."""

    code = "access.code"


class ProviderError(AccessError):
    """A provider vouches for nobody whom this site lets in, or cannot be asked."""

    code = "access.provider"
