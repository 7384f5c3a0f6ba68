"""Seal one granted asset: its medium marks it, then it is signed, then what will really ship is read back.

The order is the law's and C2PA's: marks in what is seen or heard first, then the file, then metadata, then the
signature over all of it. Nothing counts as made until it was read from the finished bytes.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from provenance.asset import Asset, Origin
from provenance.errors import VerificationError
from provenance.grant import Grant, MarkKind
from provenance.manifests.claim import Definition, SourceFile, build_definition
from provenance.manifests.components import Component
from provenance.manifests.identity import SigningIdentity
from provenance.manifests.redaction import KEEPABLE, IncomingRule
from provenance.manifests.signing import Signed, sign_bound, sign_manifest
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import Presence, locate_manifest
from provenance.media.media import Media
from provenance.media.medium import Bind, Carrier, Content, Made, Medium, Orders, Provider, Shown
from provenance.seal.sealed import MarkReport, Sealed, SourceReport, build_payload
from provenance.storage.blob import Blob
from provenance.storage.database import utc_now


class Sealer:
    """Makes the marks that a grant names, with one deployment's keys.

    Attributes:
        media: what can be sealed, and how each is marked.
        provider: who releases.
    """

    def __init__(
        self,
        *,
        media: Media,
        identity: SigningIdentity,
        trust: TrustAnchors,
        provider: Provider,
        timestamp: TimestampAuthority | None = None,
    ) -> None:
        self.media = media
        self.provider = provider
        self._identity = identity
        self._trust = trust
        self._timestamp = timestamp

    def for_provider(self, provider: Provider) -> "Sealer":
        """Return the same sealer that names `provider`."""
        if provider == self.provider:
            return self
        made = copy(self)
        made.provider = provider
        return made

    @property
    def has_timestamp(self) -> bool:
        """Whether a time-stamp authority is configured."""
        return self._timestamp is not None

    def verify_signer(self) -> None:
        """Check that there is somebody who can sign.

        Raises:
            ConfigurationError: there is nobody.
        """
        self._identity.describe()

    def seal(
        self,
        asset: Asset,
        content: Content,
        original: Blob,
        grant: Grant,
        recipe: Mapping[str, Any],
        components: Sequence[Component] = (),
        kept: Mapping[str, bytes] | None = None,
    ) -> Sealed:
        """Return the finished file of one granted asset.

        Args:
            asset: facts about what was handed in.
            content: what is in it; not modified.
            original: the file; an incoming manifest is repeated as an ingredient as far as the grant lets it be, an
                incoming AIGC item lives on.
            grant: licence for exactly these bytes.
            recipe: JSON form of `generation.base.Recipe`, {} when unknown.
            components: files that went into it, where it was made here; their chains ship as the original's would.
            kept: manifests that lie beside these files, by SHA-256: they are named, not repeated.

        Raises:
            GrantMismatchError: the grant is for other bytes.
            ProvenanceError: a required mark could not be made, or what was written does not read back.
        """
        grant.verify_bytes(original.sha256)
        medium = self.media.of(asset.media_type)
        orders = Orders(asset.id, grant, build_payload(grant.payload), self.provider, recipe, original)
        made = medium.mark(content, orders)  # (a) what is seen or heard, the file, its metadata
        if isinstance(medium, Carrier):  # and a manifest inside, where c2pa writes none
            made = medium.carry(made, partial(self._sign_bound, asset, original, grant, recipe, made, components))
        signed = self._sign(asset, original, grant, recipe, medium, made, components, kept or {})  # (b) the signature
        reports = self._read_back(medium, signed, grant, made)  # (c) what really ships
        bound = made.marks.watermark
        return Sealed(
            asset_id=asset.id,
            decision_id=grant.decision_id,
            file=signed.file,
            media_type=made.media_type,
            manifest_id=signed.manifest_id,
            manifest_bytes=signed.manifest_bytes,
            marks=reports,
            soft_bindings=(*((bound,) if bound else ()), *made.marks.beside, *made.marks.fingerprints),
            fingerprints=made.codes,
            source=SourceReport(
                cleaned=made.cleaned,
                left_out=content.left_out,
                manifest=asdict(signed.incoming) if signed.incoming.form else {},
            ),
            is_embedded=medium.embeds_manifests(made.media_type),
        )

    def _sign(
        self,
        asset: Asset,
        original: Blob,
        grant: Grant,
        recipe: Mapping[str, Any],
        medium: Medium,
        made: Made,
        components: Sequence[Component],
        kept: Mapping[str, bytes],
    ) -> Signed:
        definition, ingredient = _define(asset, original, grant, recipe, made, components)
        definition = replace(definition, kept=kept)
        return sign_manifest(
            made.file,
            made.media_type,
            definition,
            self._identity,
            ingredient=ingredient,
            timestamp=self._timestamp if grant.obligation(MarkKind.TIMESTAMP) else None,
            trust=self._trust,
            rule=_read_rule(grant),
            is_embedded=medium.embeds_manifests(made.media_type),
        )

    def _sign_bound(
        self,
        asset: Asset,
        original: Blob,
        grant: Grant,
        recipe: Mapping[str, Any],
        made: Made,
        components: Sequence[Component],
        file: Blob,
        bind: Bind,
    ) -> bytes:
        """Return a manifest store that `file` is to carry."""
        definition, ingredient = _define(asset, original, grant, recipe, made, components)
        return sign_bound(
            file,
            made.media_type,
            definition,
            self._identity,
            bind,
            ingredient=ingredient,
            timestamp=self._timestamp if grant.obligation(MarkKind.TIMESTAMP) else None,
            trust=self._trust,
            rule=_read_rule(grant),
        )

    def _read_back(self, medium: Medium, signed: Signed, grant: Grant, made: Made) -> tuple[MarkReport, ...]:
        """Report every mark as the finished bytes show it.

        Raises:
            VerificationError: a mark that was made, or that is required, is not there.
        """
        found = medium.show(signed.file, made)
        shown = {**found.marks, **_show_signature(signed)}
        reports = []
        for kind in MarkKind:
            obligation = grant.obligation(kind)
            if obligation is None:
                continue
            mark = shown.get(kind, Shown(is_made=False, technique=f"{kind.value} of a {medium.name}"))
            if obligation.required and not mark.is_made:
                raise VerificationError(f"the {mark.technique} mark does not read back from the finished file")
            reports.append(MarkReport(kind, mark.technique, mark.is_made, obligation.required, mark.facts))
        if made.marks.watermark and not shown[MarkKind.WATERMARK].is_made:
            raise VerificationError("the manifest names a watermark that does not read back from the finished file")
        if found.problem:
            raise VerificationError(found.problem)
        return tuple(reports)


def _define(
    asset: Asset,
    original: Blob,
    grant: Grant,
    recipe: Mapping[str, Any],
    made: Made,
    components: Sequence[Component],
) -> tuple[Definition, Blob | None]:
    """Return what the manifest says, and the file that came in where it is an ingredient."""
    source = None
    if asset.origin is Origin.SUBMITTED:
        presence, _ = locate_manifest(original, asset.media_type)
        source = SourceFile(asset.media_type, has_manifest=presence is Presence.EMBEDDED)
    definition = build_definition(
        asset,
        grant,
        marks=made.marks,
        media_type=made.media_type,
        created_at=utc_now(),
        recipe=recipe or None,
        source=source,
        components=components,
    )
    return definition, original if source else None


def _read_rule(grant: Grant) -> IncomingRule:
    """Return what the packs say of a manifest that came in; where they say nothing, it is redacted."""
    obligation = grant.obligation(MarkKind.SIGNED_METADATA)
    parameters = {} if obligation is None else obligation.parameters
    kept = parameters.get("kept_assertions")
    return IncomingRule(
        str(parameters.get("incoming_manifest", "redact")), KEEPABLE if kept is None else KEEPABLE & {*kept.split()}
    )


def _show_signature(signed: Signed) -> dict[MarkKind, Shown]:
    report = signed.report
    time = report.timestamp.time if report.timestamp else ""
    return {
        MarkKind.SIGNED_METADATA: Shown(
            is_made=True, technique="c2pa", facts={"manifest_id": signed.manifest_id, "trust": report.trust}
        ),
        MarkKind.TIMESTAMP: Shown(bool(time), "rfc3161", {"time": time}),
    }
