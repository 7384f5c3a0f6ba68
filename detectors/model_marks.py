"""Does a text carry the mark that a model of the operator's laid into its words: SynthID-Text, or a green list?

Such marks are made while a model writes, under keys and with its tokenizer; who has both can find them, nobody else.
No model is loaded: tokens are hashed, and what comes of that is held against chance. What was found says that the
model wrote it; that nothing was found says nothing. Source: `cards/model_marks.toml`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from provenance.errors import ConfigurationError, DetectorUnavailableError, MissingExtraError
from provenance.media.view import TEXT
from provenance.torchvision_guard import import_torchvision

CATEGORY: Final = "incoming_model_mark"
OPTIONS: Final = frozenset({"tokenizer", "synthid", "greenlist"})
_NO_TOKEN: Final = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """What one scheme says of a text.

    Attributes:
        scheme: ``synthid`` or ``greenlist``.
        tokens: how many counted.
        z: standard deviations above chance.
        p: how likely chance alone is to give that much or more.
    """

    scheme: str
    tokens: int
    z: float
    p: float

    @property
    def score(self) -> float:
        """0..1: 0.5 at a chance of one in a million, 1 at one in a million million."""
        return min(1.0, max(0.0, -math.log10(max(self.p, 1e-300)) / 12))


@dataclass(slots=True)
class ModelMarksDetector:
    """Looks under the operator's keys; without any it finds itself not applicable.

    Options:
        tokenizer: a ``tokenizer.json`` of the model, or the folder that it lies in.
        synthid: `keys`, a list of whole numbers, and as the model had them `ngram_len` (5), `sampling_table_size`
            (65536), `sampling_table_seed` (0), `context_history_size` (1024).
        greenlist: `vocab_size`, and as the model had them `greenlist_ratio` (0.25), `hashing_key` (15485863),
            `seeding_scheme` (lefthash), `context_width` (1).
    """

    toolbox: Toolbox
    card: Card = field(init=False)
    _tokenizer: Any = field(init=False, default=None)
    _readers: list[Any] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        options = self.toolbox.options
        unknown = sorted(options.keys() - OPTIONS)
        if unknown:
            raise ConfigurationError(f"detector 'model_marks' has no option {unknown[0]!r}")
        if options and ("tokenizer" not in options or not {"synthid", "greenlist"} & options.keys()):
            raise ConfigurationError(
                "detector 'model_marks' needs tokenizer, and synthid or greenlist, or none of them"
            )
        self.card = load_card("model_marks")

    def warm(self) -> None:
        """Load the tokenizer and what hashes its tokens.

        Raises:
            MissingExtraError: the extra ``generate`` is not installed.
            DetectorUnavailableError: the tokenizer cannot be read.
            ConfigurationError: keys or numbers that no model can have had.
        """
        try:
            import_torchvision()  # transformers asks for it before it gives its own readers of marks
            from tokenizers import Tokenizer
        except ImportError as exc:
            raise MissingExtraError(f"model_marks needs an extra: pip install 'chopmark[generate]' ({exc})") from exc
        options = self.toolbox.options
        if not options or self._readers:
            return
        path = Path(str(options["tokenizer"]))
        path = path / "tokenizer.json" if path.is_dir() else path
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as exc:  # tokenizers raises no narrower one
            raise DetectorUnavailableError(f"{path.name} is no tokenizer that can be read") from exc
        try:
            if "synthid" in options:
                self._readers.append(_build_synthid(options["synthid"]))
            if "greenlist" in options:
                self._readers.append(_build_greenlist(options["greenlist"]))
        except (TypeError, ValueError, KeyError) as exc:
            raise ConfigurationError(f"detector 'model_marks': these are no settings of a mark: {exc}") from exc

    def detect(self, subject: Subject) -> Signal:
        """Answer about the text of `subject`; a prompt is nobody's output, and is not looked at.

        Raises:
            DetectorUnavailableError: as `warm`, which the first call makes if nobody did.
        """
        is_text = subject.view.kind == TEXT and isinstance(subject.view.carrier, str)
        if not is_text or not self.toolbox.options:
            reason = "no key of a model's mark is given" if is_text else "it is no text"
            return Signal("model_marks", self.card.version, Status.NOT_APPLICABLE, reason=reason)
        if not self._readers:
            self.warm()
        most = int(self.card.thresholds["max_tokens"])
        tokens = self._tokenizer.encode(subject.view.carrier, add_special_tokens=False).ids[:most]
        found = [reading for reader in self._readers if (reading := reader(tokens)) is not None]
        least = int(self.card.thresholds["least_tokens"])
        counted = [one for one in found if one.tokens >= least]
        score = max((one.score for one in counted), default=0.0)
        evidence = tuple(
            {"mark": one.scheme, "tokens": one.tokens, "z": round(one.z, 2), "p": float(f"{one.p:.2e}")}
            for one in found
        )
        best = max(counted, key=lambda one: one.score, default=None)
        said = "too few tokens to tell" if best is None else f"{best.scheme}: z {best.z:.1f} over {best.tokens} tokens"
        return Signal("model_marks", self.card.version, Status.OK, {CATEGORY: score}, evidence, said)


def _tail(z: float) -> float:
    """Return how likely a normal variable is to be `z` or more."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def _build_synthid(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a function of tokens
    """Return what reads SynthID-Text: g-values of each new context are fair coins where nothing was laid in."""
    import torch
    from transformers import SynthIDTextWatermarkLogitsProcessor

    keys = [int(key) for key in settings["keys"]]
    more = {name: int(settings[name]) for name in settings if name != "keys"}
    ngram_len = more.pop("ngram_len", 5)
    size, seed = more.pop("sampling_table_size", 2**16), more.pop("sampling_table_seed", 0)
    history = more.pop("context_history_size", 1024)
    if more or not keys or ngram_len < 2:
        raise ValueError(f"expected keys, ngram_len from 2, and sizes; got also {', '.join(more) or 'none'}")
    processor = SynthIDTextWatermarkLogitsProcessor(
        ngram_len=ngram_len, keys=keys, sampling_table_size=size, sampling_table_seed=seed,
        context_history_size=history, device=torch.device("cpu"),
    )  # fmt: skip
    # Later layers of the tournament tell less: weights as the paper's weighted mean has them.
    weights = torch.linspace(10.0, 1.0, len(keys), dtype=torch.float64)

    def read(tokens: Sequence[int]) -> Reading | None:
        if len(tokens) <= ngram_len:
            return None
        ids = torch.tensor([tokens], dtype=torch.long)
        values = processor.compute_g_values(ids)[0].to(torch.float64)
        kept = processor.compute_context_repetition_mask(ids)[0].to(torch.bool)
        values = values[kept[: len(values)]]
        count = len(values)
        if not count:
            return None
        deviation = math.sqrt(0.25 * count * float((weights**2).sum()))
        z = float(((values - 0.5) * weights).sum()) / deviation
        return Reading("synthid", count, z, _tail(z))

    return read


def _build_greenlist(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a function of tokens
    """Return what reads green lists (Kirchenbauer et al.): of each n-gram, once, whether its last token was green."""
    import torch
    from transformers import WatermarkDetector, WatermarkingConfig

    given = dict(settings)
    vocab_size = int(given.pop("vocab_size"))
    config = WatermarkingConfig(bias=1.0, **given)
    config.validate()
    named = SimpleNamespace(is_encoder_decoder=False, bos_token_id=_NO_TOKEN, vocab_size=vocab_size)
    detector = WatermarkDetector(named, "cpu", config, ignore_repeated_ngrams=True)
    width = int(config.context_width) + 1

    def read(tokens: Sequence[int]) -> Reading | None:
        if len(tokens) <= width or max(tokens) >= vocab_size:
            return None
        answer = detector(torch.tensor([tokens], dtype=torch.long), return_dict=True)
        z = float(answer.z_score[0])
        return Reading("greenlist", int(answer.num_tokens_scored[0]), z, _tail(z))

    return read
