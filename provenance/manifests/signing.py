"""Sign a C2PA manifest into an encoded picture, read the result back, and let nothing out that does not hold.

Trusts c2pa-rs to write containers. Does not trust it with keys (the identity signs) nor with the network (only a
time-stamp authority that was named is asked). Safe to call from several threads.
"""

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, cast

import c2pa

from provenance.errors import GateError, SigningError, TimestampError
from provenance.manifests.claim import Definition
from provenance.manifests.identity import SigningIdentity
from provenance.manifests.incoming import Attempt, Incoming, plan_attempts
from provenance.manifests.redaction import IncomingRule, Judgement, judge_store
from provenance.manifests.report import Integrity, ManifestReport, clean_text
from provenance.manifests.text_wrapper import HASH_LABEL
from provenance.manifests.timestamp import TimestampAuthority, verify_timestamp
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import BoundedStream, build_settings, read_manifest
from provenance.storage.blob import Blob, as_blob

__all__ = ["Signed", "sign_bound", "sign_manifest"]

_LIKELY_BYTES: Final = 13_000
_MOST_PASSES: Final = 6
NO_ANCHORS: Final = TrustAnchors()
NO_INCOMING: Final = Incoming()
DEFAULT_RULE: Final = IncomingRule()
NOTHING_LEFT: Final = Judgement()


@dataclass(frozen=True, slots=True)
class Signed:
    """A file with its manifest.

    Attributes:
        file: that ships.
        manifest_id: label of its manifest, ``urn:c2pa:...``.
        manifest_bytes: the manifest store (``application/c2pa``); kept, it can be shown for a stripped copy.
        report: what reading `file` back says.
        incoming: what became of the manifest that came in.
    """

    file: Blob
    manifest_id: str
    manifest_bytes: bytes
    report: ManifestReport
    incoming: Incoming = NO_INCOMING


def sign_manifest(
    encoded: Blob | bytes,
    media_type: str,
    definition: Definition,
    identity: SigningIdentity,
    *,
    ingredient: Blob | bytes | None = None,
    timestamp: TimestampAuthority | None = None,
    trust: TrustAnchors = NO_ANCHORS,
    rule: IncomingRule = DEFAULT_RULE,
    is_embedded: bool = True,
) -> Signed:
    """Sign `definition` into `encoded`, or for it, and return what was written, verified.

    Args:
        encoded: a file with every other mark already in it, of a type that c2pa writes into unless not `is_embedded`.
        media_type: of `encoded`.
        definition: from `claim.build_definition`.
        identity: who signs.
        ingredient: the file that `definition.ingredient` stands for; its manifest is repeated inside the new one,
            redacted as `rule` says, or where words would be left that cannot be redacted, only referenced.
        timestamp: the authority to ask, or None to stay off the network.
        trust: judges the ingredient's manifest and the new one; an unknown signer is not an error here.
        rule: what of the ingredient's manifest may ship.
        is_embedded: write the manifest into the file; else the file ships as it is and the manifest beside it.

    Raises:
        SigningError: c2pa refuses, the identity fails, or what was written does not read back intact.
        TimestampError: the authority failed; nothing was signed, and trying again can help.
    """
    file, source = as_blob(encoded), None if ingredient is None else as_blob(ingredient)
    attempts = plan_attempts(definition, source, rule)
    words: tuple[str, ...] = ()
    for attempt in attempts:
        try:
            signed = _sign(
                file, media_type, attempt, definition, source, identity, timestamp, trust, is_embedded=is_embedded
            )
        except SigningError:
            if attempt is attempts[-1]:
                raise
            continue
        left = judge_store(signed.manifest_bytes, rule.keep, own=signed.manifest_id)
        if not attempt.repeats or left == NOTHING_LEFT:
            return replace(signed, incoming=replace(attempt.incoming, because=words or attempt.incoming.because))
        words = left.words
    raise SigningError("the manifest would repeat words of others")


def _sign(
    encoded: Blob,
    media_type: str,
    attempt: Attempt,
    definition: Definition,
    ingredient: Blob | None,
    identity: SigningIdentity,
    timestamp: TimestampAuthority | None,
    trust: TrustAnchors,
    *,
    is_embedded: bool,
) -> Signed:
    """Write and read back one manifest."""
    file, manifest_bytes = _write(
        encoded, media_type, attempt, definition, ingredient, identity, timestamp, trust, is_embedded=is_embedded
    )
    report = _read_back(file, media_type, trust, timestamp, None if is_embedded else manifest_bytes)
    return Signed(file, report.manifest_id, manifest_bytes, report)


def sign_bound(
    file: Blob,
    media_type: str,
    definition: Definition,
    identity: SigningIdentity,
    bind: Callable[[int], Mapping[str, Any]],
    *,
    ingredient: Blob | None = None,
    timestamp: TimestampAuthority | None = None,
    trust: TrustAnchors = NO_ANCHORS,
    rule: IncomingRule = DEFAULT_RULE,
) -> bytes:
    """Sign a manifest that is to be carried where c2pa does not write, and return its store.

    Args:
        file: what it is about, as it is without the manifest.
        media_type: of `file`.
        definition: from `claim.build_definition`.
        identity: who signs.
        bind: returns the content of the data hash for a store of a length; asked until that is its length.
        ingredient: as for `sign_manifest`; an incoming manifest is only referenced.
        timestamp: as for `sign_manifest`.
        trust: as for `sign_manifest`.
        rule: as for `sign_manifest`.

    Raises:
        SigningError: c2pa refuses, the identity fails, or the length does not settle.
    """
    attempt = plan_attempts(definition, ingredient, rule)[-1]
    size = _LIKELY_BYTES
    for _ in range(_MOST_PASSES):
        binding = {"label": HASH_LABEL, "data": bind(size)}
        bound = replace(
            attempt, manifest={**attempt.manifest, "assertions": [*attempt.manifest["assertions"], binding]}
        )
        _, store = _write(
            file, media_type, bound, definition, ingredient, identity, timestamp, trust, is_embedded=False
        )
        if len(store) == size:
            return store
        size = len(store)
    raise SigningError(f"expected a manifest store of a settled length, got another in each of {_MOST_PASSES} passes")


def _write(
    encoded: Blob,
    media_type: str,
    attempt: Attempt,
    definition: Definition,
    ingredient: Blob | None,
    identity: SigningIdentity,
    timestamp: TimestampAuthority | None,
    trust: TrustAnchors,
    *,
    is_embedded: bool,
) -> tuple[Blob, bytes]:
    """Write one manifest; return the file and the manifest store."""
    signature, destination = _Callback(identity), _open_destination(encoded)
    try:
        context = c2pa.Context.from_dict(build_settings(trust, hosts=() if timestamp is None else (timestamp.host,)))
        with (
            c2pa.Builder.from_json(json.dumps(attempt.manifest), context=context) as builder,
            _open_signer(identity, signature, timestamp) as signer,
        ):
            if attempt.parent is not None and ingredient is not None:
                source = BoundedStream(ingredient)
                builder.add_ingredient(json.dumps(attempt.parent), definition.ingredient_media_type, source)
            for described, other_type, other in attempt.others:
                builder.add_ingredient(json.dumps(described), other_type, BoundedStream(other))
            if not is_embedded:
                builder.set_no_embed()
            manifest_bytes = builder.sign(signer, str(media_type), BoundedStream(encoded), destination)
    except c2pa.C2paError as exc:
        raise _translate(exc, signature, timestamp) from (signature.error or exc)
    if is_embedded:
        return _take_over(destination), manifest_bytes
    destination.close()
    return encoded, manifest_bytes


def _open_destination(encoded: Blob) -> BinaryIO:
    """Return a file to write the signed one to: in memory, or on disk where the other is."""
    return io.BytesIO() if encoded.is_small else cast("BinaryIO", tempfile.TemporaryFile())


def _take_over(destination: BinaryIO) -> Blob:
    if isinstance(destination, io.BytesIO):
        data = destination.getvalue()
        return Blob(data=data, size_bytes=len(data))
    with destination:
        return Blob.from_file(destination)


class _Callback:
    """Signs for c2pa, and remembers what went wrong, which c2pa does not tell."""

    def __init__(self, identity: SigningIdentity) -> None:
        self._identity = identity
        self.error: GateError | None = None
        self.has_signed = False

    def __call__(self, data: bytes) -> bytes:
        try:
            signature = self._identity.sign(data)
        except GateError as exc:
            self.error = exc
            return b""
        self.has_signed = True
        return signature


def _open_signer(
    identity: SigningIdentity, callback: Callable[[bytes], bytes], timestamp: TimestampAuthority | None
) -> c2pa.Signer:
    algorithm = c2pa.C2paSigningAlg[identity.algorithm.upper()]
    url = None if timestamp is None else timestamp.url
    return c2pa.Signer.from_callback(callback, algorithm, identity.certificate_chain_pem, url)


def _read_back(
    file: Blob,
    media_type: str,
    trust: TrustAnchors,
    timestamp: TimestampAuthority | None,
    manifest_bytes: bytes | None,
) -> ManifestReport:
    report = read_manifest(file, media_type, trust, manifest_bytes)
    if report is None or report.integrity is not Integrity.OK:
        codes = () if report is None else report.failure_codes
        raise SigningError(f"the manifest does not read back intact: {', '.join(codes) or 'none found'}")
    if timestamp is not None:
        verify_timestamp(report, timestamp, trust)
    return report


def _translate(exc: c2pa.C2paError, signature: _Callback, timestamp: TimestampAuthority | None) -> GateError:
    if isinstance(signature.error, SigningError):
        return SigningError(str(signature.error))
    if timestamp is not None and signature.has_signed:
        return TimestampError(f"time-stamp authority {timestamp.host} gave no valid time-stamp: {clean_text(str(exc))}")
    return SigningError(f"c2pa could not sign the manifest: {clean_text(str(exc))}")
