"""Errors at start-up name the setting that is to be put right: who reads one knows what to change, and where."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from provenance.errors import ConfigurationError, GateError

if TYPE_CHECKING:
    from api.settings import Settings


@contextmanager
def blaming(*names: str) -> Iterator[None]:
    """Have an error that is raised inside begin with the settings that it comes from, unless it names one of them.

    Args:
        names: of settings, such as ``signing.trust_anchors``.
    """
    try:
        yield
    except GateError as exc:
        text = str(exc)
        if names and not any(name in text for name in names):
            exc.args = (f"{' or '.join(names)}: {text}", *exc.args[1:])
        raise


def verify_names(settings: "Settings", packs: Mapping[str, object]) -> None:
    """Check what start-up would not ask for by itself: packs, and plugins that are needed later or have options.

    Args:
        settings: of the site, or of one of its tenants.
        packs: that can be named.

    Raises:
        ConfigurationError: a name that nothing has; the message lists the known ones.
    """
    from detectors.base import DETECTORS
    from generation.base import BACKENDS
    from generation.gateways.base import GATEWAYS
    from provenance.media.medium import MEDIA

    for setting, named, known in (
        ("packs", settings.packs, packs),
        ("floor_packs", settings.floor_packs, packs),
        ("backend", (settings.backend,), BACKENDS.names()),
        ("media_options", settings.media_options, MEDIA.names()),
        ("detector_options", settings.detector_options, DETECTORS.names()),
        *((f"makers.{kind}", (name,) if name else (), BACKENDS.names()) for kind, name in settings.makers),
        ("backend_options", settings.backend_options, BACKENDS.names()),
        ("gateway_options", settings.gateway_options, GATEWAYS.names()),
    ):
        for name in named:
            if name not in known:
                raise ConfigurationError(f"{setting}: expected names out of {', '.join(sorted(known))}, got {name!r}")
