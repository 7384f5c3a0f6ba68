"""What every backend with weights does alike: one model, measured and loaded when it is first asked for, and named."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from generation.base import Recipe
from generation.pinned import Pinned
from provenance.asset import Frame, sha256_hex
from provenance.errors import MissingExtraError


class Net(Protocol):
    """What a recipe says of a model that was loaded."""

    class_name: str
    dtype: str
    device: str


N = TypeVar("N", bound=Net)


class OneModel(Generic[N]):
    """Runs one model, for one request at a time; who inherits says which and what it makes.

    Attributes:
        name: of the backend.
    """

    name: str

    def __init__(self, pinned: Pinned) -> None:
        self._pinned = pinned
        self._lock = threading.Lock()
        self._net: N | None = None
        self._model_sha256 = ""

    def warm(self) -> None:
        """Measure the weights and load them; a second call does nothing.

        Raises:
            MissingExtraError: the extra ``generate`` is not installed.
            BackendUnavailableError: the model is missing, damaged, or of a kind that is not loaded.
            ConfigurationError: no such device, or an option that the model needs is not given.
        """
        with self._lock:
            if self._net is not None:
                return
            folder = self._pinned.find()
            self._model_sha256 = self._pinned.measure(folder)
            try:
                net = self._import_net()(folder, device=self._pinned.device, dtype=self._pinned.dtype)
            except ImportError as exc:
                raise MissingExtraError(
                    f"{self.name} needs an extra: pip install 'chopmark[generate]' ({exc})"
                ) from exc
            self._verify_net(net)
            self._net = net

    def _import_net(self) -> Callable[..., N]:
        """Return the class of the model, whose module imports what runs it."""
        raise NotImplementedError

    def _verify_net(self, net: N) -> None:
        """Refuse a model that the options do not fit; any does by default."""

    def _warm(self) -> N:
        self.warm()
        assert self._net is not None
        return self._net

    def _describe(self, words: str, seed: int, told: Mapping[str, Any], source: Frame | None = None) -> Recipe:
        """Return the recipe of what was made of `words`, and of the picture `source` where there was one."""
        net = self._warm()
        return Recipe(
            backend=f"{self.name}/{net.class_name}",
            model_name=self._pinned.name,
            digital_source_type="trainedAlgorithmicMedia",
            prompt_sha256=sha256_hex(words.encode()),
            seed=seed,
            model_identifier=self._pinned.identifier,
            model_type="c2pa.types.model.pytorch",
            model_sha256=self._model_sha256,
            parameters={**told, "dtype": net.dtype, "device": net.device.partition(":")[0]},
            source_sha256="" if source is None else sha256_hex(source.tobytes()),
        )
