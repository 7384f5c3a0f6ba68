"""Why a request is not served, whoever asks: it cannot be read, asks for what is not there, or comes too often."""

import re
from collections.abc import Sequence
from typing import Any, Final

from provenance.errors import GateError

PROBLEM_TYPE: Final = "urn:chopmark:error:"
"""Before an error's code: the type of its problem document (RFC 9457 s3.1.1)."""


class MalformedRequestError(GateError):
    """The request cannot be read: a body that is no multipart form, no JSON, or breaks off."""

    code = "request.malformed"


class InvalidRequestError(GateError):
    """The request can be read, and asks for something that there is not.

    Attributes:
        problems: each field's name and what is wrong with it, for programs.
    """

    code = "request.invalid"

    def __init__(self, message: str, problems: Sequence[dict[str, str]] = ()) -> None:
        """Say what is wrong in words, and of each field."""
        super().__init__(message)
        self.problems = tuple(problems)


# Of pydantic: which of several models was tried, and how it was spelled.
_OURS: Final = re.compile(r"[A-Z]\w*|[a-z-]+\[.*\]")
_OTHER_WAY: Final = re.compile(r"instance of [a-z]+$")


class TooManyRequestsError(GateError):
    """This address has asked more often than it may.

    Attributes:
        retry_after_s: when there is room again.
    """

    code = "request.too_many"
    retryable = True

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        """Say so, and when to come back."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


def list_problems(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Return what pydantic found, each with its field and no value: it may be a prompt.

    Of a field that may be spelled in two ways only what its fields lack is told, and no names of classes of ours.
    """
    found = [
        {"field": ".".join(part for part in map(str, error["loc"]) if not _OURS.fullmatch(part)),
         "detail": str(error["msg"]).lower()}
        for error in errors
    ]  # fmt: skip
    told = [one for one in found if not _OTHER_WAY.search(one["detail"])]
    return told or found


def build_invalid(errors: Sequence[Any]) -> InvalidRequestError:
    """Return the error that names every field that pydantic refused."""
    problems = list_problems(errors)
    told = "; ".join(f"{one['field'] or 'request'}: {one['detail']}" for one in problems[:5])
    return InvalidRequestError(f"expected another request: {told}", problems)


class PromptBlockedError(GateError):
    """A pack blocks what a service was to be asked for; nothing was sent."""

    code = "prompt.blocked"
