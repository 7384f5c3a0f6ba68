"""What one deployment of the gate is made of, and what it is asked to release."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors.runner import Runner
from policies.editing.live import LivePacks
from policies.line.handover import Handover
from policies.review.sensitivity import SENSITIVE
from policies.rules.loader import Pack
from provenance.asset import AssetId, Origin
from provenance.errors import ConfigurationError
from provenance.ledger.log import Log
from provenance.manifests.components import Component
from provenance.media.cache import ContentCache
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.seal.sealer import Sealer
from provenance.storage.blob import Blob
from provenance.storage.database import Database
from provenance.storage.lease import Leases
from provenance.storage.store import BlobStore
from provenance.tenant import MAIN, Tenant
from provenance.works.registry import Works

if TYPE_CHECKING:
    from policies.workflow import Line


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants released; nothing in it has been verified.

    Attributes:
        unverified_file: the file.
        name: file name, for people and for the check against the content's type.
        declared_type: media type that the sender claims, or "".
        prompt: what it was made from, if known; kept in quarantine only.
        recipe: JSON-able fields of `generation.base.Recipe`, empty when unknown.
        origin: made here, or handed in.
        packs: names of the packs that decide; empty for the deployment's default.
        context: flags that packs may read, see docs/policies.md.
        asset_id: chosen by the caller as the key that makes the submission idempotent: with the same request it is one
            asset, with another it is refused, and so is an id of another tenant; None for a fresh one.
        submitter: id of the person or key that hands it in, at most 64 characters; "" for the operator.
        key: any text of 1 to 255 characters that the caller chose, within its tenant: with the same request it is one
            asset, with another it is refused; "" for none.
        components: files that went into it, where it was made here: they become ingredients of its manifest, and its
            recipe names them (`provenance.manifests.components`).
    """

    unverified_file: Blob
    name: str = ""
    declared_type: str = ""
    prompt: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = Origin.SUBMITTED
    packs: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
    asset_id: AssetId | None = None
    submitter: str = ""
    key: str = ""
    components: tuple[Component, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the stages of the line use. Holds no state of its own: that is in `database` and `blobs`.

    Attributes:
        database, blobs, log, works: where things are kept.
        runner: the enabled detectors.
        packs: every pack that a submission may name.
        default_packs: those that decide when it names none, as long as nobody chose others.
        floor_packs: those that decide about everything, whatever else is named or chosen: the operator's.
        sealer: the signing identity, and who releases.
        media: what is taken, and how it is looked at and marked.
        limits: bounds on what intake takes.
        contents: decoded files by digest, so that stages need not decode twice.
        leases: which assets this process works on.
        handover: what stages tell each other, so that none reads again what the one before it has just made.
        sensitive: patterns of categories and rules whose assets only some moderators see.
        may_review_own: whether who handed a file in may approve it.
        tenant: for whom: works, packs, sealer and limits are this tenant's, and so is every asset that is found.
        find_tenancy: what `tenancy` asks; None where there is one tenant.
        line: hands assets to workers, see `policies.workflow`; None where nobody does.
    """

    database: Database
    blobs: BlobStore
    log: Log
    works: Works
    runner: Runner
    packs: Mapping[str, Pack]
    default_packs: tuple[str, ...]
    sealer: Sealer
    media: Media
    limits: IntakeLimits
    contents: ContentCache
    leases: Leases
    handover: Handover = field(default_factory=Handover)
    sensitive: tuple[str, ...] = SENSITIVE
    may_review_own: bool = False
    floor_packs: tuple[str, ...] = ()
    tenant: Tenant = MAIN
    find_tenancy: Callable[[Tenant], "Deployment"] | None = None
    line: "Line | None" = None

    def tenancy(self, tenant: Tenant) -> "Deployment":
        """Return the deployment as another tenant of the site has it: identity, provider, packs, limits, keys, works.

        Raises:
            ConfigurationError: the site has no such tenant.
        """
        if tenant == self.tenant:
            return self
        if self.find_tenancy is None:
            raise ConfigurationError(f"this site has the one tenant {self.tenant}, asked for {tenant}")
        return self.find_tenancy(tenant)

    @property
    def deciding(self) -> tuple[str, ...]:
        """Names of the packs that decide where a submission names none: the floor, with those chosen or the default."""
        chosen = self.packs.chosen if isinstance(self.packs, LivePacks) else ()
        return self._raise_floor(chosen or self.default_packs)

    def _raise_floor(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.floor_packs, *names)))

    def select_packs(self, names: tuple[str, ...]) -> tuple[Pack, ...]:
        """Return the packs named, or the default ones, and the operator's floor with either.

        Raises:
            ConfigurationError: a name is unknown.
        """
        wanted = self._raise_floor(names) if names else self.deciding
        unknown = [name for name in wanted if name not in self.packs]
        if unknown or not wanted:
            known = ", ".join(sorted(self.packs))
            raise ConfigurationError(f"expected packs out of {known}, got {', '.join(unknown) or 'none'}")
        return tuple(self.packs[name] for name in wanted)
