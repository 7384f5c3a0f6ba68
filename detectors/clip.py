"""What does the picture show, out of what a policy may forbid?

One forward pass of a CLIP image tower; a concept bank in words and any number of trained heads read the same embedding.
A small model of our own comes along; any open_clip architecture can take its place, from a local checkpoint or pulled
beforehand. Source: `cards/clip.toml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.bank_texts import embed_bank
from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.concept_bank import ConceptBank, Embedding, load_concept_bank
from detectors.heads import Head, load_head
from detectors.pixels import list_views, resized
from detectors.weights import DEFAULT_MODEL, build_clip_options, find_checkpoint
from provenance.asset import Digest, sha256_hex
from provenance.errors import ConfigurationError, MissingExtraError
from provenance.media.picture.image import Picture
from provenance.media.picture.kind import DRAWN_FROM, measure_kind

if TYPE_CHECKING:
    from detectors._clip_net import ClipNet

_OPTIONS: Final = frozenset(
    {
        "model",
        "pretrained",
        "checkpoint",
        "sha256",
        "config",
        "bank",
        "heads",
        "precision",
        "quick_gelu",
        "preprocess",
        "threads",
    }
)
_RESAMPLING: Final = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Everything `detect` needs; replaced as one, so threads see all of it or none."""

    net: "ClipNet"
    texts: NDArray[np.float32]
    digest: Digest
    knows_drawings_only: bool


@dataclass(slots=True)
class ClipDetector:
    """Scores pictures by a concept bank and heads on one CLIP embedding.

    Options, none of which is needed: ``model`` (architecture; the embedded chop-clip unless weights are named, then
    ViT-B-32); ``checkpoint`` (file; safetensors or a pickle of tensors) or ``pretrained`` (tag of weights pulled
    before; default laion2b_s34b_b79k); ``sha256`` of the weights; ``config`` (JSON of an architecture that open_clip
    does not know); ``bank`` (name or YAML file; embedded for chop-clip, else baseline); ``heads``
    (see `detectors.heads`); ``precision`` (fp32, bf16, auto); ``quick_gelu`` (true for OpenAI's own weights given as a
    file); ``preprocess`` (mean, std, interpolation, resize_mode where they are not OpenAI's); ``threads`` one picture
    may use (default 1: pictures, not layers, fill the cores).
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _options: dict[str, Any] = field(init=False)
    _bank: ConceptBank = field(init=False)
    _heads: tuple[Head, ...] = field(init=False, default=())
    _loaded: _Loaded | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        unknown = set(self.toolbox.options) - _OPTIONS
        if unknown:
            known = ", ".join(sorted(_OPTIONS))
            raise ConfigurationError(f"detector 'clip' has no option {min(unknown)!r}; known: {known}")
        self.card = load_card("clip")
        self._options = build_clip_options(self.toolbox.options, self.card.weights)
        self._bank = load_concept_bank(str(self._options.get("bank", "baseline")))

    def warm(self) -> None:
        """Load weights, bank and heads, embed the bank's texts once, and run once.

        Raises:
            MissingExtraError: the extra ``clip`` is not installed.
            DetectorUnavailableError: weights or a head are missing or have another digest.
            ConfigurationError: an option does not fit.
        """
        options = self._options
        model, tag = str(options.get("model", DEFAULT_MODEL)), str(options.get("pretrained", ""))
        path, digest, tag = find_checkpoint(options, self.toolbox.models_dir, model, tag)
        try:
            from detectors._clip_net import ClipNet
        except ImportError as exc:
            raise MissingExtraError(f"detector 'clip' needs the extra: pip install 'chopmark[clip]' ({exc})") from exc
        self._heads = tuple(load_head(fields) for fields in options.get("heads", ()))
        net = ClipNet(model, path, tag=tag, options=options)
        key = f"{digest} {model} {tag} {options.get('quick_gelu')}"
        texts = embed_bank(net, self._bank, key, self.toolbox.models_dir / "cache")
        net.settle()
        for head in self._heads:
            if head.width != texts.shape[1]:
                raise ConfigurationError(
                    f"head {head.name!r} takes {head.width} values, {model} yields {texts.shape[1]}"
                )
        self._loaded = _Loaded(net, texts, digest, str(digest) in load_card("clip").weights.values())
        self.card = self._card(digest, path.name)
        self._embed((Picture.from_frame(np.zeros((64, 64, 3), np.uint8)),))

    def embed(self, picture: Picture) -> Embedding:
        """Return the image embedding of `picture`, on white where it is transparent: (D,) float32 of length 1."""
        rows: Embedding = self._embed((picture.flattened(),))[0]
        return rows

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`; of a transparent picture, about the worst of its views.

        The embedded model answers about drawings only: of anything else its margins are evidence, and it does not
        apply.

        Raises:
            DetectorError: as `warm`, which the first call makes if nobody did.
        """
        names, views = zip(*list_views(subject.picture), strict=True)
        records = self._measure(self._embed(views), names)
        assert self._loaded is not None
        kinds = [measure_kind(view) for view in views] if self._loaded.knows_drawings_only else []
        drawnness = max((kind.drawnness for kind in kinds), default=1.0)
        applies = not kinds or any(kind.is_drawn for kind in kinds)
        scores: dict[str, float] = {}
        evidence: list[Mapping[str, Any]] = []
        for record in records:
            counts = record.pop("makes_score") and applies
            evidence.append(record if counts else {**record, "is_evidence_only": True})
            if counts:
                scores[record["category"]] = max(scores.get(record["category"], 0.0), record["score"])
        if kinds:
            evidence.append({"drawnness": round(drawnness, 4), "limit": DRAWN_FROM, "is_drawn": applies})
        if not applies:
            reason = "not a drawing: the embedded model learned from drawings alone, and says nothing of other pictures"
            return Signal("clip", self.card.version, Status.NOT_APPLICABLE, {}, tuple(evidence), reason)
        top = max(scores, key=lambda category: scores[category])
        reason = f"highest is {top} at {scores[top]:.2f}"
        return Signal("clip", self.card.version, Status.OK, scores, tuple(evidence), reason)

    def _measure(self, rows: NDArray[np.float32], names: Sequence[str]) -> list[dict[str, Any]]:
        """Return a record for each category and head, of the view that scores highest, named if there are several."""
        assert self._loaded is not None
        best: dict[tuple[str, str], dict[str, Any]] = {}
        for name, row in zip(names, rows, strict=True):
            shown = {"view": name} if len(names) > 1 else {}
            records = [
                {
                    "category": one.category,
                    "by": "bank",
                    "raw": one.margin,
                    "score": one.score,
                    "nearest": one.nearest,
                    "makes_score": one.makes_score,
                }
                for one in self._bank.measure(row, self._loaded.texts)
            ]
            records += (
                {
                    "category": head.category,
                    "by": head.name,
                    "raw": head.logit(row),
                    "score": head.score(row),
                    "makes_score": True,
                }
                for head in self._heads
            )
            for record in records:
                key = (str(record["by"]), str(record["category"]))
                if key not in best or record["score"] > best[key]["score"]:
                    best[key] = {**record, **shown}
        return list(best.values())

    def _embed(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        if self._loaded is None:
            self.warm()
        assert self._loaded is not None
        net = self._loaded.net
        batch = np.stack([_build_input(picture, net) for picture in pictures])
        return net.embed(batch)

    def _card(self, digest: Digest, name: str) -> Card:
        """Return the card of this very configuration: other weights, bank or heads are another version."""
        heads = {f"head:{head.name}": str(head.digest) for head in self._heads}
        categories = [one.category for one in self._bank.concepts if one.makes_score] + [
            head.category for head in self._heads
        ]
        settings = sorted((key, repr(value)) for key, value in self.toolbox.options.items() if key != "checkpoint")
        parts = (load_card("clip").version, digest, self._bank.digest, *sorted(heads.values()), repr(settings))
        return replace(
            self.card,
            categories=tuple(dict.fromkeys(categories)),
            weights={name: str(digest), **heads},
            version=sha256_hex(" ".join(parts).encode())[:16],
        )


def _build_input(picture: Picture, net: "ClipNet") -> NDArray[np.float32]:
    """Return (3, H, W) standardised pixels, as open_clip's own transform does but from the shared array."""
    small = resized(picture, net.image_size, mode=net.mode, resample=_RESAMPLING[net.interpolation])
    scaled = small.astype(np.float32) * (1 / (255 * net.std)) - net.mean / net.std
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)
