"""What a service that generates is asked, and what it answers.

One job is one paid call: `submit` starts it, `poll` asks how it stands, `open` reads what came of it, `cancel` gives it
up. Services differ in paths, names and codes; all that is in one file for each, and nothing above it names a service.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from provenance.errors import GenerationError
from provenance.plugins import Plugins


class Kind(StrEnum):
    """What is asked for."""

    TEXT_TO_IMAGE = "text-to-image"
    TEXT_TO_VIDEO = "text-to-video"
    IMAGE_TO_VIDEO = "image-to-video"

    @property
    def is_video(self) -> bool:
        """Whether a clip comes of it."""
        return self is not Kind.TEXT_TO_IMAGE


class State(StrEnum):
    """How a job stands, in one spelling for every service."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """The service will not make it: final, and nothing of ours failed."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """It was made, and is there no more."""

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self not in {State.QUEUED, State.RUNNING}


class ProviderError(GenerationError):
    """A service did not do what it was asked, and asking again will not help."""

    code = "generation.provider"


class ProviderBusyError(ProviderError):
    """A service could not be reached, or asks to be left alone for `wait_s` seconds; nothing was started."""

    code = "generation.provider.busy"
    retryable = True

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ProviderUnsureError(ProviderError):
    """Nobody knows whether a service took a call that costs money; another one might be paid for twice."""

    code = "generation.provider.unsure"


class ProviderUnreadableError(ProviderError):
    """A service took a call, and what it answered says nothing that can be followed."""

    code = "generation.provider.unreadable"


class QuotaSpentError(GenerationError):
    """As many paid jobs were ordered today as may be."""

    code = "generation.quota"
    retryable = True


class JobSettledError(GenerationError):
    """A person says what became of a job of which nobody has to be asked."""

    code = "generation.job_settled"


@dataclass(frozen=True, slots=True)
class Order:
    """What a service is to make.

    Attributes:
        kind: what comes of it.
        prompt: in words; never logged.
        negative_prompt: what to avoid, where the service has that.
        model: as the service names it; "" for the gateway's default.
        seconds: of a clip.
        aspect: ratio of width to height, such as ``16:9``.
        seed: None for the service's own choice.
        source: bytes of the picture that a clip starts from, JPEG or PNG.
        source_type: its media type.
        more: further fields in the service's own spelling, written over ours; for what only one service has.
    """

    kind: Kind
    prompt: str
    negative_prompt: str = ""
    model: str = ""
    seconds: int = 5
    aspect: str = "16:9"
    seed: int | None = None
    source: bytes = b""
    source_type: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a service would not make something.

    Attributes:
        code: the service's own, as it came.
        categories: ours, as far as the code tells; empty where it only says no.
        about: "prompt", "source" or "output", or "" where it is not said.
    """

    code: str
    categories: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that was made: at an address that anybody may fetch, at a path of the service, or in the answer."""

    url: str = ""
    path: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands.

    Attributes:
        job: the service's name for it.
        state: in our words.
        outputs: what was made, once it succeeded.
        refusal: why not, when it was refused.
        problem: the service's words for a failure, cleaned and cut.
        usage: what the service says that it counts, such as tokens or credits.
    """

    job: str
    state: State
    outputs: tuple[Output, ...] = ()
    refusal: Refusal | None = None
    problem: str = ""
    usage: Mapping[str, float] = field(default_factory=dict)


class Gateway(Protocol):
    """One service.

    Attributes:
        name: plugin name.
        kinds: what it can make.
        finds: whether `find` tells for certain if the service has a job under a key of ours.
        default_model: where an order names none.
    """

    name: str
    kinds: frozenset[Kind]
    finds: bool
    default_model: str

    def submit(self, order: Order, key: str) -> Standing:
        """Start one job; `key` is the same for every attempt at it, and goes along where the service takes one.

        Raises:
            ProviderBusyError: it was not started, and may be later.
            ProviderUnsureError: nobody knows whether it was.
            ProviderError: it was not, and will not be.
        """

    def find(self, key: str, order: Order) -> Standing | None:
        """Return the job that was started under `key`, or None; only where `finds`.

        Raises:
            ProviderError: the service does not say.
        """

    def poll(self, job: str) -> Standing:
        """Say how a job stands.

        Raises:
            ProviderError: the service does not say.
        """

    def cancel(self, job: str) -> bool:
        """Ask the service to give a job up; False where it does not take that (the job goes on, and is paid for).

        Raises:
            ProviderError: the service does not answer.
        """

    def open(self, path: str, most_bytes: int) -> AbstractContextManager[Iterator[bytes]]:
        """Read an output that lies at a path of the service, chunk by chunk.

        Raises:
            ProviderError: it cannot be read, or is larger than `most_bytes`.
        """

    def close(self) -> None:
        """Close its connections."""


GatewayFactory = Callable[[Mapping[str, Any]], Gateway]
"""What a plugin's name stands for: built from its settings."""

GATEWAYS: Final[Plugins[GatewayFactory]] = Plugins(
    kind="gateways",
    builtins={
        "kling": "generation.gateways.kling:Kling",
        "hunyuan": "generation.gateways.hunyuan:Hunyuan",
        "tencent_vod": "generation.gateways.tencent_vod:TencentVod",
        "musesteamer": "generation.gateways.musesteamer:MuseSteamer",
        "ark": "generation.gateways.ark:Ark",
        "wan": "generation.gateways.wan:Wan",
        "vidu": "generation.gateways.vidu:Vidu",
        "google": "generation.gateways.google:Google",
        "openai_images": "generation.gateways.openai:OpenAIImages",
        "openai_videos": "generation.gateways.openai:OpenAIVideos",
    },
)
