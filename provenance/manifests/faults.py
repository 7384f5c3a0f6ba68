"""Why a manifest does not hold: changed, broken, malformed or unsupported, out of c2pa's codes and reasons.

"Changed after signing" is said only where a hash or a signature does not match, and where the algorithm behind it is
one that could be checked: c2pa-rs 0.91 reports an unknown algorithm as a mismatch too. Trust is another question
(`signers.py`). Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from provenance.manifests.report import MAX_ITEMS, Failure, Fault, Integrity, clean_text

# C2PA 2.4 s15.2.2: codes about the signer, not about the content; `expired` is c2pa-rs's own
TRUST_PREFIXES: Final = ("signingCredential.", "cawg.", "claimSignature.outsideValidity")

# CAWG Identity 1.2 s7.2: an identity that could not be looked into from here, or whose issuer nobody knows
IDENTITY_LIMITS: Final = frozenset(
    {
        "cawg.ica.did_unavailable",
        "cawg.ica.did_unsupported_method",
        "cawg.ica.untrusted_issuer",
        "cawg.identity.network_traffic_blocked",
        "cawg.x509.credential.untrusted",
    }
)
IDENTITY_PREFIX: Final = "cawg."

# C2PA 2.4 s15.2.2: codes about the asset's own bytes
HARD_BINDING_PREFIXES: Final = (
    "assertion.dataHash.",
    "assertion.bmffHash.",
    "assertion.boxesHash.",
    "assertion.collectionHash.",
    "assertion.multiAssetHash.",
)

# C2PA 2.4 s13.1: hash algorithms that a manifest may use
HASHES: Final = frozenset({"sha256", "sha384", "sha512"})

# What has no code of its own, C2PA 2.4 s15.2.2
GENERAL: Final = "general.error"

_UNSUPPORTED_CODE: Final = "algorithm.unsupported"
_UNSUPPORTED_WORDS: Final = ("unsupported", "not supported", "too new")
# c2pa-rs 0.91: the names of its exceptions, and the codes that C2PA 2.4 has for what they mean
_BY_NAME: Final = {"AssertionNotFound": (Fault.BROKEN, "assertion.missing")}
_NO_REASON: Final = "c2pa gives no reason"
_CLAIM_UNDECODABLE: Final = "claim could not be converted"

Json = Mapping[str, Any]


def read_failures(items: Iterable[Json]) -> tuple[Failure, ...]:
    """Return the failures in one of c2pa's lists, each code and place once."""
    found = (
        Failure(clean_text(item.get("code")), clean_text(item.get("explanation")), clean_text(item.get("url")))
        for item in items
    )
    return tuple({(one.code, one.place): one for one in found if one.code}.values())[:MAX_ITEMS]


def is_about_trust(failure: Failure) -> bool:
    """Say whether a failure is about who signed, not about what was signed.

    An identity that is proved wrong is more than one that is not known: then the manifest contradicts itself.
    """
    if failure.code.startswith(IDENTITY_PREFIX):
        return failure.code in IDENTITY_LIMITS
    return failure.code.startswith(TRUST_PREFIXES)


def find_fault(failures: Iterable[Failure], crjson: Json) -> Fault | None:
    """Return the gravest kind among failures of content and structure; None when there are none.

    Args:
        failures: trust apart.
        crjson: of the active manifest, which names the algorithms.
    """
    given = tuple(failures)
    has_unknown_signature = any(one.code == _UNSUPPORTED_CODE for one in given)
    kinds = {_kind(one, crjson, has_unknown_signature=has_unknown_signature) for one in given}
    return next((kind for kind in Fault if kind in kinds), None)


def describe_refusal(name: str, message: str) -> tuple[Fault, Failure]:
    """Say what it means that c2pa gives no report at all.

    Args:
        name: of c2pa's exception, such as ``Decoding``.
        message: its text.
    """
    reason = clean_text(message) or _NO_REASON
    if any(words in message for words in _UNSUPPORTED_WORDS):
        return Fault.UNSUPPORTED, Failure(GENERAL, reason)
    if name in _BY_NAME:
        fault, code = _BY_NAME[name]
        return fault, Failure(code, reason)
    if name == "Decoding":
        code = "claim.cbor.invalid" if _CLAIM_UNDECODABLE in message else "assertion.cbor.invalid"
        return Fault.MALFORMED, Failure(code, reason)
    return Fault.MALFORMED, Failure(GENERAL, reason)


def integrity_of(fault: Fault | None) -> Integrity:
    """Return the integrity that goes with a fault."""
    return Integrity.OK if fault is None else Integrity.FAILED


def _kind(failure: Failure, crjson: Json, *, has_unknown_signature: bool) -> Fault:
    code = failure.code
    if code.startswith(IDENTITY_PREFIX):
        return Fault.BROKEN
    if code == _UNSUPPORTED_CODE or any(words in failure.reason for words in _UNSUPPORTED_WORDS):
        return Fault.UNSUPPORTED
    if code == "claimSignature.mismatch" and has_unknown_signature:
        return Fault.UNSUPPORTED
    if code.endswith((".mismatch", ".hashMismatch")):
        is_unknown = code == "assertion.hashedURI.mismatch" and not _is_hash_known(failure.place, crjson)
        return Fault.UNSUPPORTED if is_unknown else Fault.TAMPERED
    if code.endswith((".malformed", ".invalid")):
        return Fault.MALFORMED
    return Fault.BROKEN


def _is_hash_known(place: str, crjson: Json) -> bool:
    """Say whether the reference to the assertion at `place` uses a hash that there is."""
    claim = next((part for part in (crjson.get("claim.v2"), crjson.get("claim")) if isinstance(part, Mapping)), {})
    name = place.rpartition("/")[2]
    algorithm = claim.get("alg")
    for listed in ("created_assertions", "gathered_assertions", "assertions"):
        for reference in claim.get(listed) or () if isinstance(claim.get(listed), list) else ():
            if isinstance(reference, Mapping) and str(reference.get("url")).rpartition("/")[2] == name:
                algorithm = reference.get("alg") or algorithm
    return algorithm is None or algorithm in HASHES
