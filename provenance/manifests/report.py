"""What a manifest says and whether it holds, as facts that later layers can rest on.

Integrity and trust are apart: integrity says that nothing changed since the signature, trust says that we know the
signer. Everything in a manifest is written by strangers, so every text is cleaned and cut here, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from provenance.manifests.softbinding import SoftBinding
from provenance.text import respell

MAX_TEXT_CHARS: Final = 256
"""Longest text taken from a manifest into a named field."""
MAX_JSON_CHARS: Final = 2048
"""Longest text inside the crJSON kept for experts."""
MAX_ITEMS: Final = 100
"""Most actions, ingredients, codes or bindings listed."""

IPTC_PREFIX: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
C2PA_PREFIX: Final = "http://c2pa.org/digitalsourcetype/"

# C2PA conformance signals 1.0: source types that mean that generative AI took part
AI_SOURCE_TYPES: Final = frozenset(
    {
        f"{IPTC_PREFIX}trainedAlgorithmicMedia",
        f"{IPTC_PREFIX}compositeWithTrainedAlgorithmicMedia",
        f"{IPTC_PREFIX}compositeSynthetic",
        f"{C2PA_PREFIX}trainedAlgorithmicData",
    }
)

# IPTC digital source type NewsCodes: made by a camera, a scanner or a person's hand
HUMAN_SOURCE_TYPES: Final = frozenset(
    IPTC_PREFIX + name
    for name in (
        "digitalCapture",
        "computationalCapture",
        "compositeCapture",
        "negativeFilm",
        "positiveFilm",
        "print",
        "humanEdits",
        "minorHumanEdits",
        "digitalCreation",
        "digitalArt",
    )
)


class ValidationState(StrEnum):
    """C2PA's own states, and one for what was not looked at."""

    INVALID = "Invalid"
    VALID = "Valid"
    TRUSTED = "Trusted"
    NOT_CHECKED = "NotChecked"


class Integrity(StrEnum):
    """Whether the file and its manifest are as they were when signed."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


class Fault(StrEnum):
    """Why a manifest does not hold."""

    TAMPERED = "tampered"
    """A hash or the signature does not match: something was changed after signing."""
    BROKEN = "broken"
    """A part that belongs to it is missing or contradicts another."""
    MALFORMED = "malformed"
    """It is not written as the standard asks for, so it cannot be read."""
    UNSUPPORTED = "unsupported"
    """It uses an algorithm or a version that cannot be checked here."""


class Trust(StrEnum):
    """Whether we know the signer."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    """Nobody on our lists."""
    DEVELOPMENT = "development"
    """Known only as this machine's development CA."""
    EXPIRED = "expired"
    """Signed outside the certificate's validity, as far as a time-stamp that we trust can tell."""
    INVALID = "invalid"
    """The certificate is not one that may sign manifests."""
    REVOKED = "revoked"
    NOT_CHECKED = "not_checked"


class Revocation(StrEnum):
    """What the manifest brings along about revocation (an OCSP staple); nobody is asked over the network."""

    NOT_REVOKED = "not_revoked"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The responder's answer leaves it open."""
    NOT_JUDGED = "not_judged"
    """There is a staple, but not one that could be judged."""
    NOT_CHECKED = "not_checked"
    """There is none."""


class IngredientState(StrEnum):
    """Whether an ingredient's own manifest holds."""

    INTACT = "intact"
    BROKEN = "broken"
    """It does not hold now, or did not when it was taken in."""
    ELSEWHERE = "elsewhere"
    """It names one that is kept elsewhere, and nobody fetched it."""
    UNSIGNED = "unsigned"
    """It has no manifest."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that c2pa found wrong.

    Attributes:
        code: C2PA's code.
        reason: c2pa-rs's explanation.
        place: JUMBF address of what it is about, or "".
    """

    code: str
    reason: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """The RFC 3161 time-stamp in a manifest's signature.

    Attributes:
        time: RFC 3339, as the authority wrote it.
        authority: common name of the time-stamp certificate.
        is_trusted: the authority is one of ours.
    """

    time: str
    authority: str
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """One CAWG identity assertion: somebody beside the signer who stands by the content.

    Attributes:
        name, issuer: as its credential says, or "".
        kind: ``cawg.x509.cose``, ``cawg.identity_claims_aggregation`` or what the file says.
        is_verified: c2pa checked its signature and found it right.
        is_trusted: its issuer is one of ours.
        codes: C2PA and CAWG codes of what did not hold.
    """

    name: str
    issuer: str
    kind: str
    is_verified: bool
    is_trusted: bool
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IngredientReport:
    """One ingredient, of the active manifest or of another ingredient.

    Attributes:
        id: label of the ingredient's own manifest, or its instance id, or "".
        title, media_type, relationship: as written in the manifest.
        has_manifest: its own manifest is kept inside this one.
        digital_source_type: of an ingredient without manifest, or "".
        failure_codes: what did not hold, found now or recorded when it was taken in; trust is not counted.
        depth: 1 for an ingredient of this very manifest, 2 for an ingredient's ingredient, and so on.
        trust_codes: what was found of its signer.
        is_elsewhere: it has a manifest that is not kept inside this one, or could not be reached when it was taken in.
    """

    id: str
    title: str
    media_type: str
    relationship: str
    has_manifest: bool
    digital_source_type: str
    failure_codes: tuple[str, ...]
    depth: int = 1
    trust_codes: tuple[str, ...] = ()
    is_elsewhere: bool = False

    @property
    def state(self) -> IngredientState:
        """Whether its manifest holds."""
        if self.failure_codes:
            return IngredientState.BROKEN
        if self.is_elsewhere:
            return IngredientState.ELSEWHERE
        return IngredientState.INTACT if self.has_manifest else IngredientState.UNSIGNED


@dataclass(frozen=True, slots=True)
class ManifestReport:
    """Everything that later layers need to know about a manifest.

    Attributes:
        validation_state: C2PA's word.
        integrity: signature, assertion hashes and hard binding.
        is_signature_intact: the claim's own signature and assertion hashes hold, whatever the pixels say.
        trust: of the signer.
        failure_codes: C2PA codes of everything that failed, trust included.
        fault: why integrity failed, or None.
        failures: what failed in content and structure, with c2pa's reasons.
        trust_failures: the same about the signer.
        manifest_id: label of the active manifest.
        issuer, signer: organisation that issued, common name that signed.
        signed_at: time of a validated time-stamp, RFC 3339, else "".
        timestamp: the time-stamp, if there is one that validates.
        revocation: what an OCSP staple says of the certificate.
        identities: CAWG identity assertions.
        claim_generator: ``name/version``.
        digital_source_types: URIs that say how the picture began, of this manifest, then of its parents.
        edit_source_types: URIs of what was done to it since.
        is_ai: the manifest says that generative AI took part.
        claims_human_capture: it says that a camera or a person made this, and nothing in it speaks of AI.
        actions: names, in order.
        soft_bindings: of the active manifest.
        ingredients: of the active manifest, each followed by its own.
        ingredient_codes: of everything that did not hold in any ingredient; trust is not counted.
        ingredient_signer_codes: of certificates of ingredients' signers that are expired, revoked or unfit.
        is_embedded: read from the file itself, not handed in beside it.
        remote_host: host of a manifest kept elsewhere, which is not fetched unasked.
        remote_url: its address, as written in the file; may hold secrets, so it is not shown.
        note: one line about what could not be checked.
        is_unwalkable: the file is of a type that c2pa reads, and its structure is damaged.
        crjson: the standard report, cleaned; {} when it is too large to keep.
    """

    validation_state: ValidationState
    integrity: Integrity
    trust: Trust
    is_signature_intact: bool = False
    failure_codes: tuple[str, ...] = ()
    manifest_id: str = ""
    issuer: str = ""
    signer: str = ""
    signed_at: str = ""
    timestamp: TimestampReport | None = None
    claim_generator: str = ""
    digital_source_types: tuple[str, ...] = ()
    edit_source_types: tuple[str, ...] = ()
    is_ai: bool = False
    claims_human_capture: bool = False
    actions: tuple[str, ...] = ()
    soft_bindings: tuple[SoftBinding, ...] = ()
    ingredients: tuple[IngredientReport, ...] = ()
    is_embedded: bool = True
    remote_host: str = ""
    note: str = ""
    crjson: Mapping[str, Any] = field(default_factory=dict)
    fault: Fault | None = None
    failures: tuple[Failure, ...] = ()
    trust_failures: tuple[Failure, ...] = ()
    revocation: Revocation = Revocation.NOT_CHECKED
    identities: tuple[IdentityReport, ...] = ()
    ingredient_codes: tuple[str, ...] = ()
    ingredient_signer_codes: tuple[str, ...] = ()
    remote_url: str = field(default="", repr=False)
    is_unwalkable: bool = False

    @property
    def has_broken_ingredient(self) -> bool:
        """Whether something that it was made from carries a manifest that does not hold."""
        return bool(self.ingredient_codes)


def clean_text(unverified: object, limit: int = MAX_TEXT_CHARS) -> str:
    """Return text fit for one line: what is unsafe to show is replaced, cut to `limit` characters; "" if no text."""
    if not isinstance(unverified, str):
        return ""
    cut = unverified if len(unverified) <= limit else f"{unverified[: limit - 1]}…"
    return respell(cut, lambda _: "\N{REPLACEMENT CHARACTER}")


def clean_json(unverified: object, limit: int = MAX_JSON_CHARS) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Return a JSON value with every text cleaned and cut."""
    if isinstance(unverified, Mapping):
        return {clean_text(key): clean_json(value, limit) for key, value in unverified.items()}
    if isinstance(unverified, list):
        return [clean_json(value, limit) for value in unverified]
    return clean_text(unverified, limit) if isinstance(unverified, str) else unverified
