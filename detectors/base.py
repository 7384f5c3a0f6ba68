"""What a detector is asked, and what it answers.

A detector answers one question about one asset with a `Signal`: scores, evidence and a reason. It never decides; the
thresholds that turn a score into an outcome live in policy packs. A detector that cannot answer raises; the runner
turns that, and a missed deadline, into a Signal with status FAILED, which holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from detectors.cards import Card
from provenance.asset import Asset
from provenance.errors import UnsupportedMediaError
from provenance.media.view import PICTURE, TEXT, Span, View
from provenance.plugins import Plugins
from provenance.storage.blob import Blob

if TYPE_CHECKING:
    # The registry brings the database along; a detector in a process of its own needs neither.
    from provenance.media.media import Media
    from provenance.media.picture.raster import Picture
    from provenance.works.registry import Works


class Status(StrEnum):
    """How a detector fared."""

    OK = "ok"
    """It answered."""
    NOT_APPLICABLE = "not_applicable"
    """It has nothing to say about this asset, such as a prompt detector where there is no prompt."""
    FAILED = "failed"
    """It crashed, ran out of time or memory, or could not answer. Holds."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is being asked about.

    Attributes:
        asset: verified facts.
        view: what is to be looked at, of a kind that the detector's card says it reads.
        unverified_file: the file as handed in, for detectors that read its metadata.
        prompt: the prompt it was made from, if known. Never log it, never put it in a Signal.
        thumbnails: what a manifest that came with it shows.
        unsearched: why the pixels are not to be searched for watermarks, in words; "" where they are.
        sources: payloads of our own releases that it was openly made from here, and whose mark it may show.
    """

    asset: Asset
    view: View
    unverified_file: Blob
    prompt: str | None = None
    thumbnails: tuple[View, ...] = ()
    unsearched: str = ""
    sources: frozenset[int] = frozenset()

    @property
    def picture(self) -> "Picture":
        """Decoded pixels, shared by all detectors; use `picture.reduced` rather than scaling again.

        Raises:
            UnsupportedMediaError: it is no picture that is to be looked at.
        """
        if self.view.kind != PICTURE:
            raise UnsupportedMediaError(f"expected a view of kind {PICTURE}, got {self.view.kind}")
        picture: Picture = self.view.carrier
        return picture

    @property
    def text(self) -> str | None:
        """The text that is to be read: the asset's own where it is one, else the prompt."""
        return str(self.view.carrier) if self.view.kind == TEXT else self.prompt


@dataclass(frozen=True, slots=True)
class Finding:
    """The worst score of one category, and where it was seen or heard.

    Attributes:
        category: of the score.
        score: 0..1.
        span: when; None for what has no time or is the whole asset.
    """

    category: str
    score: float
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One detector's answer about one asset.

    Attributes:
        detector: its name.
        version: digest of its card, which pins weights, thresholds and calibration.
        status: OK, NOT_APPLICABLE or FAILED.
        scores: category to calibrated score in 0..1, higher is worse; categories are those of its card.
        evidence: JSON-able records of what the scores rest on (raw scores, boxes, matches, marks found).
        reason: one line for a person.
        elapsed_ms: wall time.
        findings: each category above 0 at its worst; the runner's, but for the times within a view that a detector
            knows: it gives those itself.
        looked_at: kinds of view whose content it has judged; none where the asset has none of what it reads. The
            runner's.
    """

    detector: str
    version: str
    status: Status
    scores: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Mapping[str, Any], ...] = ()
    reason: str = ""
    elapsed_ms: float = 0.0
    findings: tuple[Finding, ...] = ()
    looked_at: tuple[str, ...] = ()


class Detector(Protocol):
    """Answers one question about one asset."""

    @property
    def card(self) -> Card:
        """What it answers, what with, and how well; `card.name` is its plugin name."""

    def warm(self) -> None:
        """Load weights and do one dry run, so that configuration errors surface at start-up.

        Raises:
            MissingExtraError: an optional dependency is not installed.
            DetectorUnavailableError: weights are missing or do not match their digest.
        """

    def detect(self, subject: Subject) -> Signal:
        """Answer about `subject`. MUST be thread-safe and MUST NOT modify the subject.

        Raises:
            DetectorError: it cannot answer.
        """


@runtime_checkable
class ReadsPrompts(Protocol):
    """A detector that answers about a prompt for which nothing has been generated yet."""

    def detect_prompt(self, prompt: str) -> Signal:
        """Answer about `prompt`. MUST be thread-safe.

        Raises:
            DetectorError: it cannot answer.
        """


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What the deployment lends to detectors when it builds them.

    Attributes:
        works: the works registry.
        models_dir: folder for weights that the user pulled.
        marks: scheme name to watermark reader; see `provenance.watermarks.base`.
        options: this detector's own settings.
        enabled: names of all detectors of this deployment.
        media: what the deployment takes, for marks in files that are no pictures; None where nobody lends it.
    """

    works: "Works"
    models_dir: Path
    marks: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset()
    media: "Media | None" = None


class DetectorFactory(Protocol):
    """What a plugin's name stands for: builds one detector."""

    def __call__(self, toolbox: Toolbox) -> Detector:
        """Build without loading weights; `warm` loads them."""


DETECTORS: Plugins[DetectorFactory] = Plugins(
    kind="detectors",
    builtins={
        "prompt": "detectors.prompt:PromptDetector",
        "clip": "detectors.clip:ClipDetector",
        "nsfw": "detectors.nsfw:NsfwDetector",
        "nudity": "detectors.nudity:NudityDetector",
        "personal": "detectors.personal:PersonalDetector",
        "faces": "detectors.faces:FacesDetector",
        "codes": "detectors.codes:CodesDetector",
        "ocr": "detectors.ocr:OcrDetector",
        "copyright": "detectors.copyright:CopyrightDetector",
        "levels": "detectors.levels:LevelsDetector",
        "speech": "detectors.speech:SpeechDetector",
        "incoming_marks": "detectors.incoming_marks:IncomingMarksDetector",
        "model_marks": "detectors.model_marks:ModelMarksDetector",
    },
    extras={"nudity": "nudity-agpl", "ocr": "ocr", "speech": "speech", "model_marks": "generate"},
)
