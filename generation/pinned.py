"""Which weights a backend runs: a folder of one's own, or one that was pulled from the hub at a pinned commit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generation.pull import pull_pipeline
from generation.weights import KINDS, measure_pipeline, parse_pulled, pipeline_dir
from provenance.asset import Digest
from provenance.errors import BackendUnavailableError, ConfigurationError

TEXTS: Final = ("model", "revision", "models_dir", "device", "dtype")
"""Options that every backend with weights takes, beside `FLAG`."""
FLAG: Final = "allow_download"
DTYPES: Final = ("auto", "float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Pinned:
    """Weights as options name them.

    Attributes:
        kind: the library that runs them, out of `generation.weights.KINDS`.
        model: a folder, or a hub id.
        revision: commit of a hub id, else "".
        models_dir: where pulled ones lie, or None.
        device, dtype: as asked for.
        may_pull: whether they are fetched where they are missing.
    """

    kind: str
    model: str
    revision: str
    models_dir: Path | None
    device: str
    dtype: str
    may_pull: bool

    @property
    def is_folder(self) -> bool:
        """Whether `model` is a folder."""
        return not self.revision and Path(self.model).exists()

    @property
    def name(self) -> str:
        """Name of the model, for people."""
        named = self._named()
        return named[0] if named else Path(self.model).resolve().name

    @property
    def identifier(self) -> str:
        """Package URL of the model, or "" for a folder of one's own."""
        named = self._named()
        return f"pkg:huggingface/{named[0]}@{named[1]}" if named else ""

    def find(self) -> Path:
        """Return the folder; fetches it only where the options said so.

        Raises:
            BackendUnavailableError: it is not here.
        """
        if self.is_folder:
            return Path(self.model)
        folder = self._pulled_dir()
        if (folder / KINDS[self.kind]).is_file():
            return folder
        if self.may_pull and self.models_dir is not None:
            return pull_pipeline(self.models_dir, self.model, self.revision, kind=self.kind)
        raise BackendUnavailableError(
            f"{self.model} at {self.revision[:12]} was not pulled; run: "
            f"chopmark models pull {self.kind} {self.model} {self.revision}"
        )

    def measure(self, folder: Path) -> Digest:
        """Return the digest over the folder's files; raises what `measure_pipeline` does."""
        return measure_pipeline(folder, self.kind)

    def _pulled_dir(self) -> Path:
        if self.models_dir is None:
            raise ConfigurationError(
                f"{self.model!r} is no folder here; a hub id needs models_dir and a revision of 40 hexadecimal digits"
            )
        return pipeline_dir(self.models_dir, self.model, self.revision, self.kind)

    def _named(self) -> tuple[str, str] | None:
        return parse_pulled(Path(self.model)) if self.is_folder else (self.model, self.revision)


def parse_pinned(backend: str, kind: str, options: Mapping[str, Any], own: tuple[str, ...], usual: str = "") -> Pinned:
    """Return the weights that options name.

    Args:
        backend: whose options, for errors.
        kind: the library that runs them.
        options: as settings give them.
        own: options that the backend reads itself.
        usual: folder that is meant where none is named; "" where one has to be.

    Raises:
        ConfigurationError: an unknown option, no model, a hub id without its commit, or an unknown number format.
    """
    if unknown := sorted(options.keys() - {*TEXTS, FLAG, *own}):
        known = ", ".join((*TEXTS, *own, FLAG))
        raise ConfigurationError(f"{backend} has no option {', '.join(unknown)}; known: {known}")
    texts = {key: str(options.get(key, "")) for key in TEXTS}
    if not texts["model"] and not usual:
        raise ConfigurationError(f"{backend} comes with no weights: name a folder, or a hub id, as model")
    made = Pinned(
        kind=kind,
        model=texts["model"] or usual,
        revision=texts["revision"],
        models_dir=Path(texts["models_dir"]) if texts["models_dir"] else None,
        device=texts["device"] or "auto",
        dtype=texts["dtype"] or "auto",
        may_pull=options.get(FLAG, False) is True,
    )
    if made.dtype not in DTYPES:
        raise ConfigurationError(f"dtype must be one of {', '.join(DTYPES)}, got {made.dtype!r}")
    if not made.is_folder and (texts["model"] or made.revision):
        made._pulled_dir()  # noqa: SLF001 - checks the pin
    return made


def parse_count(backend: str, options: Mapping[str, Any], name: str, *, least: int = 1) -> int | None:
    """Return a whole number of the options, or None where it is not given.

    Raises:
        ConfigurationError: it is none, or less than `least`.
    """
    value = options.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise ConfigurationError(f"{backend}: {name} is a whole number of at least {least}, got {value!r}")
    return value


def parse_number(backend: str, options: Mapping[str, Any], name: str) -> float | None:
    """Return a number of the options, or None where it is not given.

    Raises:
        ConfigurationError: it is none, or below 0.
    """
    value = options.get(name)
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool) or not value >= 0):
        raise ConfigurationError(f"{backend}: {name} is a number of at least 0, got {value!r}")
    return value if value is None else float(value)
