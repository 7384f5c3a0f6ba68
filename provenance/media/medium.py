"""The seam between the line and a medium: what is asked of pictures, of clips, of sound, of text.

The line knows assets; a medium knows what is inside them. It takes a file apart, shows it to detectors, makes the marks
that a grant names, reads them back from what really ships, and answers about strangers' files. Nothing outside its
folder knows its pixels or samples. Signing, recording and publishing are the line's and the same for all.

A medium is a folder here and a line in `MEDIA`, or a third party's entry point in ``chopmark.media``; settings name
which ones a deployment takes. `tests/contracts/test_media.py` holds each to what this module says.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from provenance.asset import AssetId, MediaType
from provenance.errors import AssetError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.grant import Grant, MarkKind
from provenance.labels.aigc import AigcItem
from provenance.labels.base import LabelScheme
from provenance.labels.implicit import FoundLabels, IptcFields
from provenance.manifests.claim import Marks
from provenance.media.limits import IntakeLimits
from provenance.media.view import View
from provenance.plugins import Plugins
from provenance.storage.blob import Blob
from provenance.watermarks.base import Reading, Watermark, WatermarkKey

if TYPE_CHECKING:
    from provenance.fingerprints.shingles import Passages

Facts = Mapping[str, int | float | str]
"""What is known of an asset of its medium: width and height in pixels, duration in seconds, number of lines."""


class Content(Protocol):
    """A file taken apart: immutable, shared by every stage and thread."""

    @property
    def media_type(self) -> MediaType:
        """What the file was, by its content."""

    @property
    def facts(self) -> Facts:
        """What the database and policies may know of it."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """What else the file held that will not ship, in words."""

    @property
    def size_bytes(self) -> int:
        """Memory held."""

    def views(self) -> Iterator[View]:
        """Show it to detectors; at least one view for each carrier that it has."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What whoever hands in a file says of it: its name and its type; both are held against the content."""

    name: str = ""
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a file's headers say, within every bound; what they promise was not looked at.

    Attributes:
        media_type: by its content.
        facts: as `Content.facts`, by the headers alone.
        weight: about how many pixels or samples it holds.
    """

    media_type: MediaType
    facts: Facts
    weight: int


@dataclass(frozen=True, slots=True)
class Provider:
    """Who releases, as labels and manifests name them.

    Attributes:
        name: of the provider.
        code: 27-character code of TC260-PG-20252A, or "" to write the name instead.
        label_text: what the explicit label says where a pack does not.
        version: of this software.
    """

    name: str
    code: str = ""
    label_text: str = "AI生成"
    version: str = ""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is to be done to one granted asset.

    Attributes:
        asset_id: whose marks these are.
        grant: names them; what it does not name is not made.
        payload: 64 bits that an invisible mark carries.
        provider: who releases.
        recipe: JSON form of `generation.base.Recipe`, {} when unknown.
        original: the file as it came in; labels in it live on.
    """

    asset_id: AssetId
    grant: Grant
    payload: int
    provider: Provider
    recipe: Mapping[str, Any]
    original: Blob

    def build_aigc(self) -> AigcItem | None:
        """Return the AIGC item that the grant names; one that came in goes before it (`ImplicitLabels.after`)."""
        if self.grant.obligation(MarkKind.AIGC_METADATA) is None:
            return None
        return AigcItem(content_producer=self.provider.code or self.provider.name, produce_id=self.asset_id)

    def build_iptc(self) -> IptcFields | None:
        """Return IPTC's fields of the making, where the grant names them."""
        wanted = self.grant.obligation(MarkKind.IPTC_METADATA) is not None
        return IptcFields.from_recipe(self.recipe) if wanted else None


@dataclass(frozen=True, slots=True)
class Made:
    """A file with every mark but the signature.

    Attributes:
        file: what will be signed.
        media_type: of `file`, which may be another one than came in.
        marks: what the manifest will say of it; `marks.watermark` is None where none was laid.
        codes: fingerprints of what is seen or heard in `file`.
        cleaned: what nobody could see or hear and was taken out, in words.
        kept: the medium's own, for `show`.
    """

    file: Blob
    media_type: MediaType
    marks: Marks
    codes: tuple[Fingerprint, ...] = ()
    cleaned: tuple[str, ...] = ()
    kept: Any = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A mark as the finished bytes show it.

    Attributes:
        is_made: whether it reads back.
        technique: its public name.
        facts: JSON-able, what the read-back gave.
    """

    is_made: bool
    technique: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What the finished bytes show.

    Attributes:
        marks: each of the medium's marks, made or not.
        problem: why what is seen or heard in them is not what was sealed, or "".
    """

    marks: Mapping[MarkKind, Shown]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What could be seen or heard of a stranger's file.

    Attributes:
        media_type: by its content; a plain text where it is of no type that is taken, "" where nobody knows it.
        content: taken apart, or None.
        problem: why it is None.
        remarks: what else was noticed, a line each.
        kind: what a file of a type that is not taken looks like, else "".
        store: a C2PA manifest store that the medium found in the file, where c2pa does not look; None for none.
        binding: whether the file is the one that it was made for, as a C2PA status code.
        labels: what its metadata says, where that could be read and the content not.
    """

    media_type: MediaType | str
    content: Content | None = None
    problem: AssetError | None = None
    remarks: tuple[str, ...] = ()
    kind: str = ""
    store: bytes | None = None
    binding: str = ""
    labels: FoundLabels | None = None


@dataclass(frozen=True, slots=True)
class MarkReading:
    """What was found of invisible marks.

    Attributes:
        reading: the first one found, or None.
        problems: why a scheme could not look, a line each.
    """

    reading: Reading | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an asset compares with a release.

    Attributes:
        distance_bits: between the fingerprints; None where either has none.
        shared_details: with the released file; None where it was not needed, or is not there.
        agrees: whether it is that release or a part of it; None where that cannot be told.
    """

    distance_bits: int | None = None
    shared_details: int | None = None
    agrees: bool | None = None


class Medium(Protocol):
    """One kind of thing that the gate takes. MUST be thread-safe; MUST NOT trust a byte of what it is given."""

    @property
    def name(self) -> str:
        """Plugin name, as assets are recorded under."""

    @property
    def types(self) -> tuple[MediaType, ...]:
        """Every type that it takes or ships."""

    @property
    def carriers(self) -> frozenset[str]:
        """Every kind of view that its assets are shown as; each has to be looked at before one is released."""

    @property
    def marks(self) -> frozenset[MarkKind]:
        """Marks that it can make; the signature and its time-stamp are the line's."""

    def embeds_manifests(self, media_type: MediaType) -> bool:
        """Say whether a manifest is written into files of a type; else it is kept and published beside them."""

    @property
    def mark_algs(self) -> tuple[str, ...]:
        """Public names of the invisible marks that it looks for."""

    @property
    def code_alg(self) -> str:
        """Name of the fingerprint that its releases are found by, "" where they have none."""

    @property
    def code_radius_bits(self) -> int:
        """How many bits of such codes may differ between two files that count as the same."""

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a file by its first bytes, 4,096 at most, or None where it is none of `types`."""

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type in which a file of this type ships."""

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Content:
        """Verify a file, within bounds, and take it apart.

        Raises:
            AssetError: it is nothing that can be taken; the message says what was expected and what was got.
        """

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Take a stranger's file apart as far as that can be done; raises nothing for a bad file."""

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return about how many pixels or samples `look` would hold, by the file's headers; 0 where it would none."""

    def mark(self, content: Content, orders: Orders) -> Made:
        """Make the marks that the grant names and the file around them; `content` stays as it is.

        Raises:
            UnmarkableError: a required mark cannot be made.
            ProvenanceError: something else went wrong; nothing was made.
        """

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark of `marks` back from the finished bytes, and hold them against what was made.

        Raises:
            ProvenanceError: they cannot be read.
        """

    def read_mark(self, content: Content) -> MarkReading:
        """Look for invisible marks under every key held."""

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the file's own metadata says of its making."""

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return the codes that releases are found by, the one named `code_alg` first; () for too little structure."""

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        """Compare with a release.

        Args:
            content: the asset asked about.
            recorded: what the record holds of the release under `code_alg`, or under `sealed_alg` where a medium has
                one; or None.
            load_released: returns what was released, or None where it is not at hand; asked only where codes do not
                settle it.
        """


@runtime_checkable
class Measuring(Protocol):
    """A medium that can also check a file without taking it apart, so that a server may accept it at once."""

    def measure(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Measured | None:
        """Check all of a file that `take` checks before it decodes; None for a type whose headers say too little.

        Raises:
            AssetError: as `take`, of what can be known by then.
        """


Bind = Callable[[int], Mapping[str, Any]]
"""Returns the binding of a file to a manifest store of a length."""


@runtime_checkable
class Carrier(Protocol):
    """A medium whose files carry a manifest where c2pa does not write; the one beside the file is made all the same."""

    def carry(self, made: Made, sign: Callable[[Blob, Bind], bytes]) -> Made:
        """Return what was made with a manifest in it, or as it is where settings or its type say so.

        Args:
            made: by `mark`.
            sign: returns the manifest store for a file, by its binding.
        """


@runtime_checkable
class Worded(Protocol):
    """A content that is found by its words: what is registered and matched of a text."""

    def passages(self) -> "Passages":
        """Return the codes of the whole and of its parts."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What the deployment lends to media when it builds them.

    Attributes:
        keys: watermark keys, newest first, for media with schemes of their own.
        watermark: the scheme that pictures are marked with; None where nothing is marked.
        marks: schemes that pictures are read with, by plugin name.
        fingerprints: schemes of pictures; the first one is what releases are found by.
        clean_hidden: whether what nobody can see or hear is taken out before it ships.
        labels: of third parties, written into whatever can carry them.
        options: the medium's own settings.
    """

    keys: tuple[WatermarkKey, ...] = ()
    watermark: Watermark | None = None
    marks: Mapping[str, Watermark] = field(default_factory=dict)
    fingerprints: tuple[FingerprintScheme, ...] = ()
    clean_hidden: bool = True
    labels: tuple[LabelScheme, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


MediumFactory = Callable[[Kit], Medium]
"""What a plugin's name stands for."""

MEDIA: Plugins[MediumFactory] = Plugins(
    kind="media",
    builtins={
        "pdf": "provenance.media.pdf.medium:build_medium",
        "picture": "provenance.media.picture.medium:build_medium",
        "sound": "provenance.media.sound.medium:build_medium",
        "text": "provenance.media.text.medium:build_medium",
        "video": "provenance.media.video.medium:build_medium",
    },
    extras={"pdf": "pdf", "sound": "video", "video": "video"},
)

MEDIUM_PARTS: Final = tuple(name for name in vars(Medium) if not name.startswith("_"))
"""What a medium must have."""
