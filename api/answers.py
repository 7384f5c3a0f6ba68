"""What the HTTP API answers, for `api.client`: results and errors with types, read from JSON.

Fields that a newer server adds are left out; one that is missing is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Final, TypeVar

import httpx

from provenance.errors import GateError

OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "release": ("POST", "/v1/releases"),
    "find": ("GET", "/v1/releases/{release_id}"),
    "releases": ("GET", "/v1/releases"),
    "download": ("GET", "/v1/assets/{asset_id}/file"),
    "link": ("POST", "/v1/assets/{asset_id}/links"),
    "verify": ("POST", "/v1/verifications"),
    "match": ("POST", "/v1/matches"),
    "register": ("POST", "/v1/works"),
    "explain": ("GET", "/v1/policies/explanations/{asset_id}"),
}
"""Which method and address of the OpenAPI document each method of the client asks."""

_RETRYABLE: Final = frozenset({408, 429, 502, 503, 504})

Model = TypeVar("Model")


class UnreachableError(GateError):
    """The server did not answer."""

    code = "client.unreachable"
    retryable = True


class AnswerError(GateError):
    """The server answered that it will not, or cannot.

    Attributes:
        status: of HTTP.
        title: the code of the problem, such as ``asset.unsupported``.
        detail: one line for a person.
        problems: each field that was refused.
        request_id: as the server's log names the request.
        retry_after_s: when to try again, or 0.
    """

    code = "client.answer"

    def __init__(
        self,
        *,
        status: int,
        title: str,
        detail: str,
        problems: Sequence[Mapping[str, str]] = (),
        request_id: str = "",
        retry_after_s: float = 0,
    ) -> None:
        """Keep what was answered."""
        super().__init__(f"{detail} [{title}, HTTP {status}]")
        self.status, self.title, self.detail = status, title, detail
        self.problems, self.request_id, self.retry_after_s = tuple(problems), request_id, retry_after_s


class NotAllowedError(AnswerError):
    """The key is none of this server's, has ended, or may not do this."""

    code = "client.not_allowed"


class NotFoundError(AnswerError):
    """There is no such thing, or none that this key may see."""

    code = "client.not_found"


class RejectedError(AnswerError):
    """What was sent does not fit: a file that is not taken, a field, too much of it."""

    code = "client.rejected"


class LaterError(AnswerError):
    """Not now: no room, too many requests, or a part of the gate that did not answer."""

    code = "client.later"
    retryable = True


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's contribution to a decision."""

    pack: str
    rule: str
    outcome: str
    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision that counts: `outcome` is release, hold or block; `decided_by` policy or review."""

    id: str
    outcome: str
    decided_by: str
    packs: tuple[str, ...]
    reasons: tuple[Reason, ...]

    nested: ClassVar = {"reasons": Reason}


@dataclass(frozen=True, slots=True)
class ReleasedFile:
    """Where the released file is, and its digest."""

    url: str
    media_type: str
    sha256: str
    ledger_index: int
    manifest_url: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file that was accepted is no asset."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Release:
    """One submission and where it stands.

    Attributes:
        status: drawing, screening, sealing, publishing, released, held, blocked or failed.
        final: whether nothing more happens by itself.
        error: code of what kept a prompt from being drawn, or of why a file is no asset.
        problem: why it is none, or None.
        appeal: where a refusal can be appealed against, once and without an account.
    """

    id: str
    status: str
    final: bool
    name: str
    created_at: str
    url: str
    decision: Decision | None = None
    file: ReleasedFile | None = None
    error: str | None = None
    problem: Fault | None = None
    appeal: str | None = None

    nested: ClassVar = {"decision": Decision, "file": ReleasedFile, "problem": Fault}

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself; a held one waits for a moderator."""
        return self.final

    @property
    def is_released(self) -> bool:
        """Whether there is a file to download."""
        return self.status == "released"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer answered, by which technique."""

    name: str
    technique: str
    status: str
    text: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verification:
    """Where a file comes from: the joint state, in a word and in a sentence, and each layer's answer."""

    state: str
    conflict: bool
    summary: str
    layers: tuple[Layer, ...]
    asset_id: str | None = None
    manifest_id: str | None = None
    remarks: tuple[str, ...] = ()
    grade: str | None = None

    nested: ClassVar = {"layers": Layer}


@dataclass(frozen=True, slots=True)
class Link:
    """An address of a released file that works without an account until `expires_at`."""

    url: str
    expires_at: str


def parse_answer(model: type[Model], unverified: Any) -> Model:  # noqa: ANN401 - JSON
    """Return what an answer says.

    Raises:
        UnreachableError: it is no answer of this API: another server, perhaps.
    """
    if not isinstance(unverified, Mapping):
        raise UnreachableError(f"expected a JSON object of a {model.__name__.lower()}, got something else")
    nested: Mapping[str, type[Any]] = getattr(model, "nested", {})
    values: dict[str, Any] = {}
    for one in fields(model):  # type: ignore[arg-type]  # every model is a dataclass
        if one.name not in unverified:
            if one.default is MISSING:
                raise UnreachableError(f"expected {one.name} in a {model.__name__.lower()}, got none: is this a gate?")
            continue
        values[one.name] = _read(unverified[one.name], nested.get(one.name))
    return model(**values)


def build_error(answer: httpx.Response) -> AnswerError:
    """Build the error that a problem document, or any other answer of a server, says."""
    try:
        told = answer.json()
    except ValueError:
        told = {}
    told = told if isinstance(told, Mapping) else {}
    retry_after = answer.headers.get("retry-after", "")
    kinds = {401: NotAllowedError, 403: NotAllowedError, 404: NotFoundError}
    status = answer.status_code
    usual = LaterError if status in _RETRYABLE else RejectedError if status < 500 else AnswerError
    return kinds.get(status, usual)(
        status=status,
        title=str(told.get("title", f"http.{status}")),
        detail=str(told.get("detail", answer.reason_phrase)),
        problems=told.get("problems", ()),
        request_id=answer.headers.get("x-request-id", ""),
        retry_after_s=float(retry_after) if retry_after.isdecimal() else 0,
    )


def _read(value: Any, model: type[Any] | None) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return tuple(_read(one, model) for one in value)
    return parse_answer(model, value) if model is not None and value is not None else value
