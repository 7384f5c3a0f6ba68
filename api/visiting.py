"""Verification where there is no site: what a file says of itself is told, what only a site knows is "not checked".

A manifest, its signer and labels need no site; watermark keys, the registry of releases and the ledger do. The
verifier is the usual one over a throw-away site that knows nothing, and what it cannot know is not reported as absent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from api.console import print_hint
from api.home import has_site
from api.reading import build_reader, open_reader
from api.settings import Settings
from provenance.storage.blob import Blob
from provenance.verify.state import LayerStatus, Verification
from provenance.verify.verifier import Verifier

SITE_LAYERS: Final = frozenset({"watermark", "fingerprint", "ledger"})
"""Layers that only a site can answer for."""

NO_SITE: Final = "not checked: there is no site here to ask"


class VisitingVerifier:
    """Verifies as a site that knows nothing, and says "not checked" of what it cannot know."""

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def verify(self, unverified_file: Blob | bytes, *arguments: Any, **options: Any) -> Verification:  # noqa: ANN401 - as `Verifier`
        """Ask the layers that need no site; takes what `Verifier.verify` takes.

        Raises:
            AssetError: the bytes are not a picture that can be looked at.
        """
        found = self._verifier.verify(unverified_file, *arguments, **options)
        layers = tuple(
            replace(layer, status=LayerStatus.NOT_CHECKED, text=NO_SITE, plain=NO_SITE, detail={})
            if layer.name in SITE_LAYERS
            else layer
            for layer in found.layers
        )
        return replace(found, layers=layers)


@dataclass(frozen=True, slots=True)
class Visit:
    """What verification needs, of a site or of none."""

    settings: Settings
    verifier: Verifier | VisitingVerifier


@contextmanager
def open_verifier(settings: Settings) -> Iterator[Visit]:
    """Open what verification asks: the site for reading, or, where there is none, what needs none; says so.

    Raises:
        ConfigurationError: settings that cannot work, or a part of the site that is missing.
    """
    if has_site(settings):
        with open_reader(settings) as reader:
            yield Visit(settings, reader.verifier)
        return
    print_hint(
        f"there is no site in {settings.home}: watermark, fingerprint and ledger are not checked; set CHOPMARK_HOME to "
        "where it is, or make one with chopmark init"
    )
    with TemporaryDirectory(prefix="chopmark-") as folder:
        elsewhere = {"home": Path(folder), "database_url": "", "quarantine_url": "memory://", "public_url": "memory://"}
        reader = build_reader(settings.model_copy(update={**elsewhere, "read_watermarks": ()}), is_reading=False)
        try:
            yield Visit(settings, VisitingVerifier(reader.verifier))
        finally:
            reader.close()
