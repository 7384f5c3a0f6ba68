"""Who signed a manifest, when, and who else stands by it: pure, and suspicious of every field.

Trust is ours to give: c2pa-rs 0.91 takes a signer under a time-stamp root for trusted, and anybody's time-stamp in an
old claim (v1) as the time of signing. So the list that it names decides, and a certificate is held against the time of
a time-stamp only where that is under one of our own time-stamp roots, else against now.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from provenance.manifests.faults import IDENTITY_LIMITS, Json
from provenance.manifests.ingredients import mapping, mappings
from provenance.manifests.report import (
    MAX_ITEMS,
    IdentityReport,
    Revocation,
    TimestampReport,
    Trust,
    clean_text,
)
from provenance.manifests.trust import ALLOWED_LIST, AUTHORITY_LISTS, DEVELOPMENT_LIST, SIGNER_LISTS

IDENTITY_LABEL: Final = "cawg.identity"
AGGREGATION: Final = "cawg.identity_claims_aggregation"

# c2pa-rs 0.91: the explanation of `timeStamp.trusted`, where a list was asked; for claims v1 it says "legacy ..." and
# has asked none, and what follows is the authority's own name.
_AUTHORITY_FOUND: Final = "timestamp cert trusted: "

# The gravest first; `expired` and plain `revoked` are c2pa-rs's own
_UNFIT: Final[Mapping[Trust, frozenset[str]]] = {
    Trust.REVOKED: frozenset({"signingCredential.ocsp.revoked", "signingCredential.revoked"}),
    Trust.INVALID: frozenset({"signingCredential.invalid"}),
    Trust.EXPIRED: frozenset({"signingCredential.expired", "claimSignature.outsideValidity"}),
}

_REVOCATIONS: Final[Mapping[str, Revocation]] = {
    "signingCredential.ocsp.revoked": Revocation.REVOKED,
    "signingCredential.revoked": Revocation.REVOKED,
    "signingCredential.ocsp.notRevoked": Revocation.NOT_REVOKED,
    "signingCredential.notRevoked": Revocation.NOT_REVOKED,
    "signingCredential.ocsp.unknown": Revocation.UNKNOWN,
    "signingCredential.ocsp.inaccessible": Revocation.UNKNOWN,
    "signingCredential.ocsp.skipped": Revocation.NOT_CHECKED,
}


def judge_signer(results: Json, signature: Json, timestamp: TimestampReport | None, now: datetime) -> Trust:
    """Say whether we know the signer, and whether the certificate was valid when it signed.

    Args:
        results: c2pa's validation results.
        signature: the active manifest's signature, of crJSON.
        timestamp: of that signature.
        now: stands for the time of signing where no trusted time-stamp tells it.
    """
    active = mapping(results.get("activeManifest"))
    failures = codes(active, "failure")
    for trust, found in _UNFIT.items():
        if not found.isdisjoint(failures):
            return trust
    if "signingCredential.trusted" not in codes(active, "success"):
        return Trust.UNTRUSTED
    found_in = str(results.get("trustListUri"))
    if found_in not in {*SIGNER_LISTS, ALLOWED_LIST, DEVELOPMENT_LIST}:
        return Trust.UNTRUSTED
    if not _is_covered(signature, timestamp, now):
        return Trust.EXPIRED
    return Trust.DEVELOPMENT if found_in == DEVELOPMENT_LIST else Trust.TRUSTED


def read_timestamp(signature: Json, results: Json, shown: Json) -> TimestampReport | None:
    """Return the time-stamp that validates, and whether it comes from an authority of ours.

    Args:
        signature: ``signature_info`` of the active manifest.
        results: c2pa's results about the active manifest.
        shown: its signature, of crJSON.
    """
    if "timeStamp.validated" not in codes(results, "success"):
        return None
    info = mapping(shown.get("timeStampInfo"))
    authority = mapping(mapping(info.get("certificateInfo")).get("subject")).get("CN")
    is_trusted = any(
        item.get("code") == "timeStamp.trusted"
        and str(item.get("explanation")).startswith(_AUTHORITY_FOUND)
        and str(item.get("explanation")).endswith(tuple(f", trust list: {uri}" for uri in AUTHORITY_LISTS))
        for item in mappings(results.get("success"))
    )
    time = clean_text(signature.get("time")) or clean_text(info.get("timestamp"))
    return TimestampReport(time, clean_text(authority), is_trusted=is_trusted)


def read_revocation(results: Json) -> Revocation:
    """Return what an OCSP staple says; c2pa asks nobody, and says so where there is no staple."""
    for kind in ("failure", "success", "informational"):
        found = next((_REVOCATIONS[code] for code in codes(results, kind) if code in _REVOCATIONS), None)
        if found is not None:
            return found
    return Revocation.NOT_JUDGED


def read_identities(active: Json, results: Json) -> tuple[IdentityReport, ...]:
    """Return the CAWG identity assertions of the active manifest, each with what c2pa found of it."""
    found = []
    for assertion in mappings(active.get("assertions")):
        label = assertion.get("label")
        if not isinstance(label, str) or label.split("__")[0] != IDENTITY_LABEL:
            continue
        place = f"/c2pa.assertions/{label}"
        good = {item.get("code") for item in _about(results, "success", place)}
        bad = (clean_text(item.get("code")) for item in _about(results, "failure", place))
        found.append(_build_identity(mapping(assertion.get("data")), good, tuple(dict.fromkeys(bad))[:MAX_ITEMS]))
    return tuple(found[:MAX_ITEMS])


def codes(results: Json, kind: str) -> tuple[str, ...]:
    """Return the codes of one of c2pa's lists, each once."""
    found = (clean_text(item.get("code")) for item in mappings(results.get(kind)))
    return tuple(dict.fromkeys(code for code in found if code))[:MAX_ITEMS]


def _about(results: Json, kind: str, place: str) -> list[Json]:
    return [item for item in mappings(results.get(kind)) if str(item.get("url")).endswith(place)]


def _build_identity(data: Json, good: set[Any], bad: tuple[str, ...]) -> IdentityReport:
    signature = mapping(data.get("signature_info"))
    # An aggregation of claims is shown as its credential, a certificate's signature as what it signed.
    listed = mappings(data.get("verifiedIdentities"))
    named = listed or [{}]
    provider = mapping(named[0].get("provider")).get("name")
    name = signature.get("common_name") or named[0].get("name") or named[0].get("username")
    kind = mapping(data.get("signer_payload")).get("sig_type") or (AGGREGATION if listed else "")
    # CAWG Identity 1.1 s7: the signature's own success codes; being well-formed is less than that
    is_verified = not {"cawg.x509.signature.validated", "cawg.ica.credential_valid"}.isdisjoint(good)
    is_faulty = not IDENTITY_LIMITS.issuperset(bad)
    return IdentityReport(
        name=clean_text(name),
        issuer=clean_text(signature.get("issuer") or data.get("issuer") or provider),
        kind=clean_text(kind),
        is_verified=is_verified and not is_faulty,
        is_trusted=is_verified and not bad and "cawg.x509.credential.trusted" in good,
        codes=bad,
    )


def _is_covered(signature: Json, timestamp: TimestampReport | None, now: datetime) -> bool:
    """Say whether the certificate was valid at the time that we believe; one whose validity is not told is."""
    validity = mapping(mapping(signature.get("certificateInfo")).get("validity"))
    begins, ends = _parse_time(validity.get("notBefore")), _parse_time(validity.get("notAfter"))
    signed = _parse_time(timestamp.time) if timestamp is not None and timestamp.is_trusted else None
    at = signed or now
    return (begins is None or begins <= at) and (ends is None or at <= ends)


def _parse_time(unverified: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(unverified))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
