"""What does the picture show, out of what a policy may forbid?

One look at a picture; concept banks in words and any number of trained heads read the direction that it yields. A
small model of our own comes along and sees photographs, drawings and renders, each by its own calibration; any
open_clip architecture can take its place, from a local checkpoint or pulled beforehand. Source: `cards/clip.toml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from detectors.bank_texts import embed_bank
from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from detectors.concept_bank import ConceptBank, Embedding, load_concept_bank
from detectors.eyes import Eyes, OpenClipEyes, Record
from detectors.heads import Head, load_head
from detectors.pixels import list_views
from detectors.weights import DEFAULT_MODEL, EMBEDDED_BANKS, find_checkpoint, names_weights
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, MissingExtraError
from provenance.media.picture.image import Picture

_OF_EVERY_MODEL: Final = frozenset({"bank", "heads", "model", "threads"})
_OF_OWN_WEIGHTS: Final = frozenset(
    {"pretrained", "checkpoint", "sha256", "config", "precision", "quick_gelu", "preprocess"}
)


@dataclass(slots=True)
class ClipDetector:
    """Scores pictures by concept banks and heads.

    Options, none of which is needed: ``model`` (architecture; the embedded chop-clip unless weights are named, then
    ViT-B-32); ``checkpoint`` (file; safetensors or a pickle of tensors) or ``pretrained`` (tag of weights pulled
    before; default laion2b_s34b_b79k); ``sha256`` of the weights; ``config`` (JSON of an architecture that open_clip
    does not know); ``bank`` (name or YAML file; photographs and drawings for chop-clip, else baseline); ``heads``
    (see `detectors.heads`); ``precision`` (fp32, bf16, auto); ``quick_gelu`` (true for OpenAI's own weights given as a
    file); ``preprocess`` (mean, std, interpolation, resize_mode where they are not OpenAI's); ``threads`` one picture
    may use (default 1: pictures, not layers, fill the cores; chop-clip always uses one).
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _banks: tuple[ConceptBank, ...] = field(init=False)
    _eyes: Eyes | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        options = self.toolbox.options
        unknown = set(options) - _OF_EVERY_MODEL - _OF_OWN_WEIGHTS
        if unknown:
            known = ", ".join(sorted(_OF_EVERY_MODEL | _OF_OWN_WEIGHTS))
            raise ConfigurationError(f"detector 'clip' has no option {min(unknown)!r}; known: {known}")
        foreign = set(options) & _OF_OWN_WEIGHTS
        if foreign and not names_weights(options):
            raise ConfigurationError(
                f"option {min(foreign)!r} of detector 'clip' is for weights of your own: name them with 'checkpoint', "
                "'pretrained' or 'model', or leave it out"
            )
        self.card = load_card("clip")
        usual = ("baseline",) if names_weights(options) else EMBEDDED_BANKS
        names = (str(options["bank"]),) if "bank" in options else usual
        self._banks = tuple(load_concept_bank(name) for name in names)

    def warm(self) -> None:
        """Load weights, banks and heads, embed the texts that are not embedded yet, and look once.

        Raises:
            MissingExtraError: weights of your own are named, and the extra ``clip`` is not installed.
            DetectorUnavailableError: weights or a head are missing or have another digest.
            ConfigurationError: an option does not fit.
        """
        heads = tuple(load_head(fields) for fields in self.toolbox.options.get("heads", ()))
        eyes, card = self._open_own(heads) if names_weights(self.toolbox.options) else self._open_embedded(heads)
        eyes.look(Picture.from_frame(np.zeros((64, 64, 3), np.uint8)))
        self.card = card
        self._eyes = eyes

    def embed(self, picture: Picture) -> Embedding:
        """Return the direction of `picture`, on white where it is transparent: (D,) float32 of length 1."""
        return self._opened().embed(picture.flattened())

    def detect(self, subject: Subject) -> Signal:
        """Answer about the pixels of `subject`; of a transparent picture, about the worst of its views.

        Raises:
            DetectorError: as `warm`, which the first call makes if nobody did.
        """
        return self.answer(subject.picture)

    def answer(self, picture: Picture) -> Signal:
        """Answer about a picture alone, as `detect` does.

        Raises:
            DetectorError: as `detect`.
        """
        eyes = self._opened()
        views = list_views(picture)
        glances = [eyes.look(view.picture) for view in views]
        best: dict[tuple[str, str], Record] = {}
        for view, glance in zip(views, glances, strict=True):
            shown = {"view": view.name} if len(views) > 1 else {}
            for record in glance.records:
                key = (str(record["by"]), str(record["category"]))
                if key not in best or _rank(record) > _rank(best[key]):
                    best[key] = {**record, **shown}
        scores: dict[str, float] = {}
        evidence: list[Mapping[str, Any]] = []
        for record in best.values():
            counts = record.pop("makes_score")
            evidence.append(record if counts else {**record, "is_evidence_only": True})
            if counts:
                scores[record["category"]] = max(scores.get(record["category"], 0.0), record["score"])
        evidence += glances[0].evidence
        top = max(scores, key=lambda category: scores[category], default="")
        said = [glances[0].words, f"highest is {top} at {scores[top]:.2f}" if top else "no category makes a score here"]
        reason = "; ".join(filter(None, said))
        return Signal("clip", self.card.version, Status.OK, scores, tuple(evidence), reason)

    def _opened(self) -> Eyes:
        if self._eyes is None:
            self.warm()
        assert self._eyes is not None
        return self._eyes

    def _open_embedded(self, heads: tuple[Head, ...]) -> tuple[Eyes, Card]:
        from detectors.chop.eyes import open_chop_eyes

        digests = load_card("clip").weights
        key = " ".join(digests.values())
        eyes = open_chop_eyes(self._banks, heads, self.toolbox.models_dir / "cache", key)
        return eyes, self._card(digests, heads)

    def _open_own(self, heads: tuple[Head, ...]) -> tuple[Eyes, Card]:
        options = dict(self.toolbox.options)
        model, tag = str(options.get("model", DEFAULT_MODEL)), str(options.get("pretrained", ""))
        path, digest, tag = find_checkpoint(options, self.toolbox.models_dir, model, tag)
        try:
            from detectors._clip_net import ClipNet
        except ImportError as exc:
            raise MissingExtraError(
                f"weights of your own for detector 'clip' need the extra: pip install 'chopmark[clip]' ({exc})"
            ) from exc
        net = ClipNet(model, path, tag=tag, options=options)
        key = f"{digest} {model} {tag} {options.get('quick_gelu')}"
        (bank,) = self._banks
        texts = embed_bank(net, bank, key, self.toolbox.models_dir / "cache")
        net.settle()
        for head in heads:
            if head.width != texts.shape[1]:
                raise ConfigurationError(
                    f"head {head.name!r} takes {head.width} values, {model} yields {texts.shape[1]}"
                )
        return OpenClipEyes(net, bank, texts, heads), self._card({path.name: str(digest)}, heads)

    def _card(self, weights: Mapping[str, str], heads: tuple[Head, ...]) -> Card:
        """Return the card of this very configuration: other weights, banks or heads are another version."""
        digests = {f"head:{head.name}": str(head.digest) for head in heads}
        categories = [category for bank in self._banks for category in bank.scored] + [head.category for head in heads]
        settings = sorted((key, repr(value)) for key, value in self.toolbox.options.items() if key != "checkpoint")
        banks = (bank.digest for bank in self._banks)
        parts = (load_card("clip").version, *weights.values(), *banks, *sorted(digests.values()), repr(settings))
        return replace(
            self.card,
            categories=tuple(dict.fromkeys(categories)),
            weights={**weights, **digests},
            version=sha256_hex(" ".join(parts).encode())[:16],
        )


def _rank(record: Record) -> tuple[bool, float]:
    return bool(record["makes_score"]), float(record["score"])
