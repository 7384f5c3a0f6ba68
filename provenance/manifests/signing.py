"""Sign a C2PA manifest into an encoded picture, read the result back, and let nothing out that does not hold.

Trusts c2pa-rs to write containers. Does not trust it with keys (the identity signs) nor with the network (only a
time-stamp authority that was named is asked). Safe to call from several threads.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import c2pa

from provenance.errors import GateError, SigningError, TimestampError
from provenance.manifests.claim import Definition
from provenance.manifests.identity import SigningIdentity
from provenance.manifests.report import Integrity, ManifestReport, clean_text
from provenance.manifests.timestamp import TimestampAuthority, verify_timestamp
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.verification import Presence, build_settings, locate_manifest, read_manifest

__all__ = ["Signed", "sign_manifest"]

NO_ANCHORS: Final = TrustAnchors()


@dataclass(frozen=True, slots=True)
class Signed:
    """A picture with its manifest.

    Attributes:
        data: the file that ships.
        manifest_id: label of its manifest, ``urn:c2pa:...``.
        manifest_bytes: the manifest store (``application/c2pa``); kept, it can be shown for a stripped copy.
        report: what reading `data` back says.
    """

    data: bytes
    manifest_id: str
    manifest_bytes: bytes
    report: ManifestReport


def sign_manifest(
    encoded: bytes,
    media_type: str,
    definition: Definition,
    identity: SigningIdentity,
    *,
    ingredient_bytes: bytes | None = None,
    timestamp: TimestampAuthority | None = None,
    trust: TrustAnchors = NO_ANCHORS,
) -> Signed:
    """Sign `definition` into `encoded` and return what was written, verified.

    Args:
        encoded: JPEG, PNG, WebP, AVIF, TIFF, GIF or HEIC with every other mark already in it.
        media_type: of `encoded`.
        definition: from `claim.build_definition`.
        identity: who signs.
        ingredient_bytes: the file that `definition.ingredient` stands for; its manifest is kept inside the new one.
        timestamp: the authority to ask, or None to stay off the network.
        trust: judges the ingredient's manifest and the new one; an unknown signer is not an error here.

    Raises:
        SigningError: c2pa refuses, the identity fails, or what was written does not read back intact.
        TimestampError: the authority failed; nothing was signed, and trying again can help.
    """
    signature = _Callback(identity)
    destination = io.BytesIO()
    source = ingredient_bytes or b""
    manifest, parent = _place_ingredient(definition, source)
    try:
        context = c2pa.Context.from_dict(build_settings(trust))
        with (
            c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
            _open_signer(identity, signature, timestamp) as signer,
        ):
            if parent is not None:
                builder.add_ingredient(json.dumps(parent), definition.ingredient_media_type, io.BytesIO(source))
            manifest_bytes = builder.sign(signer, str(media_type), io.BytesIO(encoded), destination)
    except c2pa.C2paError as exc:
        raise _translate(exc, signature, timestamp) from (signature.error or exc)
    data = destination.getvalue()
    report = _read_back(data, media_type, trust, timestamp)
    return Signed(data, report.manifest_id, manifest_bytes, report)


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


def _place_ingredient(definition: Definition, source: bytes) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the manifest to build, and the ingredient to add from `source` when it brings a manifest of its own."""
    manifest = dict(definition.manifest)
    if definition.ingredient is None:
        return manifest, None
    ingredient = dict(definition.ingredient)
    presence, url = locate_manifest(source, definition.ingredient_media_type) if source else (Presence.NONE, "")
    if presence is Presence.EMBEDDED:
        # C2PA 2.4 s18.16.12.3: never beside a manifest
        ingredient.pop("digital_source_type", None)
        return manifest, ingredient
    if presence is Presence.REMOTE:
        ingredient["description"] = "its manifest is kept elsewhere and was not fetched"
        ingredient["informational_URI"] = clean_text(url)
    elif presence is Presence.UNREADABLE:
        ingredient["description"] = "it carried a manifest that could not be read"
    manifest["ingredients"] = [ingredient]
    return manifest, None


def _read_back(
    data: bytes, media_type: str, trust: TrustAnchors, timestamp: TimestampAuthority | None
) -> ManifestReport:
    report = read_manifest(data, media_type, trust)
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
