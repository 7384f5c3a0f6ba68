"""The tenants of a site, each with its own signer, provider, packs, limits, watermark key and works.

A tenant's deployment shares what is the site's: database, blob stores, ledger, leases, and the detectors that know
nothing of works and keys, whose weights are large. It is built when it is first asked for.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Final

from api.settings import Settings
from detectors.base import DETECTORS, Toolbox
from detectors.runner import Runner
from policies.line.deployment import Deployment
from provenance.manifests.deferred import DeferredIdentity
from provenance.media.media import Media
from provenance.tenant import MAIN, Tenant
from provenance.watermarks.base import Watermark
from provenance.works.registry import Works

LENT_THINGS: Final = {"copyright": "the registry of works", "incoming_marks": "the watermark keys"}
"""Detectors that are lent what is one tenant's, and so cannot run in a process of their own, and what they are lent."""

Built = tuple[Deployment, DeferredIdentity]
"""A tenant's deployment, and who signs for it."""


class Tenancies:
    """The deployments of one site, by tenant; safe for any number of threads.

    Args:
        build: makes, beside the main one, that of a tenant which was not asked for yet.
    """

    def __init__(self, build: Callable[[Deployment, Tenant], Built]) -> None:
        self._build = build
        self._lock = threading.RLock()
        self._known: dict[Tenant, Built] = {}

    def add(self, deployment: Deployment, identity: DeferredIdentity) -> None:
        """Take in the main deployment, which is the first."""
        self._known[deployment.tenant] = deployment, identity

    def find(self, tenant: Tenant) -> Deployment:
        """Return the deployment of a tenant.

        Raises:
            ConfigurationError: the settings name no such tenant, or are wrong about it.
        """
        return self._find(tenant)[0]

    def find_identity(self, tenant: Tenant) -> DeferredIdentity:
        """Return who signs for a tenant.

        Raises:
            ConfigurationError: the settings name no such tenant, or are wrong about it.
        """
        return self._find(tenant)[1]

    def _find(self, tenant: Tenant) -> Built:
        with self._lock:
            if tenant not in self._known:
                self._known[tenant] = self._build(self._known[MAIN][0], tenant)
            return self._known[tenant]

    def close(self) -> None:
        """Let go of what each deployment holds of its own."""
        for deployment, _ in self._known.values():
            deployment.works.close()


def share_runner(
    settings: Settings, shared: Runner, works: Works, marks: Mapping[str, Watermark], media: Media
) -> Runner:
    """Build a runner over the detectors of another; those that may hold what is a tenant's are made anew.

    Of a third party's nobody knows what it keeps of its toolbox.
    """
    detectors = []
    for detector in shared.detectors:
        name = detector.card.name
        is_shared = name in settings.isolated_detectors or (name in DETECTORS.builtins and name not in LENT_THINGS)
        toolbox = Toolbox(
            works=works,
            models_dir=settings.models_dir,
            marks=marks,
            options=settings.detector_options.get(name, {}),
            enabled=frozenset(settings.detectors),
            media=media,
        )
        detectors.append(detector if is_shared else DETECTORS.load(name)(toolbox))
    deadline_s = settings.screen_deadline_s
    return Runner(tuple(detectors), deadline_s=deadline_s, total_s=2 * deadline_s)
