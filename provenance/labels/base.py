"""The seam between the gate and labels of third parties: a note in a file's metadata, beside those that laws ask for.

A scheme that is enabled writes into everything that is released, whichever pack decided; what packs demand (an AIGC
item, IPTC fields, a visible label) they name themselves. A label is written before the signature and covered by it. It
proves nothing by itself: anybody can write one, or take it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from provenance.asset import MediaType
from provenance.errors import BrokenPluginError, LabelError
from provenance.plugins import Plugins, running


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What a label may say of a release.

    Attributes:
        asset_id: of the asset.
        provider, provider_code: who releases; the code is "" where there is none.
        digital_source_type: last segment of IPTC's NewsCode.
    """

    asset_id: str
    provider: str
    provider_code: str
    digital_source_type: str


class LabelScheme(Protocol):
    """Writes a label into an encoded file and finds it again."""

    @property
    def name(self) -> str:
        """Plugin name, at most 32 characters."""

    def write(self, file: bytes, media_type: MediaType, facts: LabelFacts) -> bytes:
        """Return the file with the label in it; what is seen in it MUST stay as it is, and so must other metadata.

        Raises:
            LabelError: a file of this type cannot carry it; the release is then held.
        """

    def read(self, file: bytes, media_type: MediaType) -> str:
        """Return in one line what the label in a file says, "" where there is none; the file is a stranger's.

        Raises:
            LabelError: there is one, and it is damaged.
        """


LABELS: Plugins[type[LabelScheme]] = Plugins(kind="labels", builtins={})
"""Built-in labels are marks that packs demand by kind, and no lines here."""

LABEL_PARTS = ("name", "write", "read")
"""What a scheme must have."""


def write_every(schemes: Sequence[LabelScheme], file: bytes, media_type: MediaType, facts: LabelFacts) -> bytes:
    """Return the file with every label in it.

    Raises:
        LabelError: a file of this type cannot carry one.
        BrokenPluginError: a scheme fails, or writes no bytes.
    """
    for scheme in schemes:
        with running(LABELS.kind, scheme.name):
            file = bytes(memoryview(scheme.write(file, media_type, facts)))
    return file


def read_every(schemes: Sequence[LabelScheme], file: bytes, media_type: MediaType) -> tuple[dict[str, str], list[str]]:
    """Return what each scheme reads, by its name, and what is wrong with those that are damaged or fail."""
    said, problems = {}, []
    for scheme in schemes:
        try:
            with running(LABELS.kind, scheme.name):
                text = "".join(scheme.read(file, media_type))[:200]
        except (LabelError, BrokenPluginError) as exc:
            problems.append(f"{scheme.name}: {exc}")
            continue
        if text:
            said[scheme.name] = text
    return said, problems
