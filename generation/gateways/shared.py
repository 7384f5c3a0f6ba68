"""What the files of single services share: settings, the words of states, and what a refusal's code tells."""

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Final

from generation.gateways.base import (
    Kind,
    Order,
    Output,
    ProviderError,
    ProviderUnreadableError,
    Refusal,
    Standing,
    State,
)
from generation.gateways.caller import Answer, Caller
from provenance.errors import ConfigurationError
from provenance.text import show

_CODE_LIMIT: Final = 100
# No service counts so far: JSON has numbers that no float holds, and Python reads "Infinity" in it.
_MOST_COUNTED: Final = 1e15

# Parts of codes and messages, in any case, and our categories. A service says little more than that it will not.
_CATEGORIES: Final = (
    (("csam", "minor", "child"), "minors"),
    (("sexual", "porn", "nsfw", "nudity"), "sexual"),
    (("violen", "gore", "terror"), "violence"),
    (("hate",), "hate"),
    (("self-harm", "selfharm", "self_harm"), "self_harm"),
    (("copyright", "policyviolation", "trademark"), "copyright"),
    (("privacy", "personalinformation", "face", "likeness", "celebrity", "person"), "real_person"),
    (("politic",), "political"),
)
_ABOUT: Final = (
    ("output", "output"),
    ("creation", "output"),
    ("image", "source"),
    ("text", "prompt"),
    ("prompt", "prompt"),
)


# A job's name becomes part of a path, so it may not lead to another one.
_JOB: Final = re.compile(r"(?!.*\.\.)(?!.*//)[\w:=@][\w.:=@/-]{0,511}", re.ASCII)


def read_refusal(code: str, message: str = "") -> Refusal:
    """Return what a service's refusal says in our words."""
    told = f"{code} {message}".casefold()
    categories = tuple(ours for parts, ours in _CATEGORIES if any(part in told for part in parts))
    about = next((ours for part, ours in _ABOUT if part in told), "")
    return Refusal(show(code)[:_CODE_LIMIT], categories, about)


def read_setting(options: Mapping[str, Any], name: str) -> str:
    """Return a setting that has to be there; no message repeats it.

    Raises:
        ConfigurationError: it is missing, or holds what no header may hold.
    """
    value = options.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"this gateway needs {name}: set it in gateway_options")
    if not (value.isascii() and value.isprintable()):
        raise ConfigurationError(f"{name} of this gateway holds characters that it may not hold")
    return value


def read_job_name(unverified: str) -> str:
    """Return a service's name for a job, as a person wrote it down.

    Raises:
        ProviderError: it is none that can be asked for.
    """
    if not _JOB.fullmatch(unverified):
        raise ProviderError(f"{show(unverified)[:60]} is no name of a job that a service can be asked for")
    return unverified


def spell_data_url(order: Order) -> str:
    """Return the picture that a clip starts from as a data URL."""
    return f"data:{order.source_type};base64,{base64.b64encode(order.source).decode()}"


def read_inline(unverified: object) -> Output | None:
    """Return an output that came in base64, or None where that is none."""
    if not isinstance(unverified, str) or not unverified:
        return None
    try:
        return Output(data=base64.b64decode(unverified, validate=True))
    except ValueError as exc:
        raise ProviderError("expected base64 of a file from the service, got something else") from exc


def read_outputs(items: object, *names: str) -> tuple[Output, ...]:
    """Return the outputs in a list of objects: the first of `names` under which there is an address, of each."""
    found = []
    for item in items if isinstance(items, list) else []:
        urls = [item.get(name) for name in names] if isinstance(item, Mapping) else []
        url = next((one for one in urls if isinstance(one, str) and one), None)
        if url:
            found.append(Output(url=url))
    return tuple(found)


class HttpGateway:
    """A service that takes one bearer key; the others say how they differ.

    Args:
        options: `base_url`, unless it is the usual one, `api_key`, and `model` for the default one.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]]
    finds: ClassVar[bool] = False
    usual_url: ClassVar[str]
    usual_model: ClassVar[str]
    states: ClassVar[Mapping[str, State]]
    """The service's words for how a job stands, in lower case."""
    refusals: ClassVar[tuple[str, ...]] = ()
    """Parts of codes, in lower case, that say that the service will not make it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.default_model = str(options.get("model") or self.usual_model)
        self.options = dict(options)
        self.caller = Caller(str(options.get("base_url") or self.usual_url), self.build_headers())

    def build_headers(self) -> Mapping[str, str]:
        """Return what every call carries."""
        return {"authorization": f"Bearer {read_setting(self.options, 'api_key')}"}

    def find(self, key: str, order: Order) -> Standing | None:
        """Refuse: this service cannot be asked for a job by a key of ours.

        Raises:
            ProviderError: always.
        """
        raise ProviderError(f"{self.name} does not find a {order.kind} by the key {key[:8]}")

    def open(self, path: str, most_bytes: int) -> AbstractContextManager[Iterator[bytes]]:
        """Read an output that lies at a path of the service."""
        return self.caller.open(path, most_bytes)

    def close(self) -> None:
        """Close its connections."""
        self.caller.close()

    def model_of(self, order: Order) -> str:
        """Return the model that an order is for.

        Raises:
            ProviderError: the service does not make what is asked.
        """
        if order.kind not in self.kinds:
            known = ", ".join(sorted(self.kinds))
            raise ProviderError(f"{self.name} makes {known}, not {order.kind}")
        if order.kind is Kind.IMAGE_TO_VIDEO and not order.source:
            raise ProviderError(f"{order.kind} needs a picture to start from")
        return order.model or self.default_model

    def stand(self, job: str, word: str, **more: Any) -> Standing:  # noqa: ANN401 - fields of Standing
        """Return how a job stands by the service's word for it.

        Raises:
            ProviderUnreadableError: the word is none that the service is known to say, or the job has no name.
        """
        state = self.states.get(word.casefold())
        if state is None:
            raise ProviderUnreadableError(
                f"{self.name} says {show(word)[:40] or 'nothing'} of a job, which is no state we know"
            )
        if not _JOB.fullmatch(job):
            raise ProviderUnreadableError(f"{self.name} gave its job no name that can be asked for")
        return Standing(job, state, **more)

    def is_refusal(self, code: str, message: str = "") -> bool:
        """Whether a code or message says that the service will not make it."""
        told = f"{code} {message}".casefold()
        return any(part in told for part in self.refusals)

    def end(self, job: str, code: str, message: str, usage: Mapping[str, float] | None = None) -> Standing:
        """Return the standing of a job that came to nothing: refused where its code says so, else failed."""
        problem = show(f"{code}: {message}" if message else code)[:300]
        if self.is_refusal(code, message):
            refusal = read_refusal(code, message)
            return Standing(job, State.REFUSED, refusal=refusal, problem=problem, usage=usage or {})
        return Standing(job, State.FAILED, problem=problem, usage=usage or {})

    def refuse(self, answer: Answer, code: str, message: str) -> Standing:
        """Return the standing of an order that was refused at once, or raise what else an error means.

        Raises:
            ProviderError: it is about us: the key, the balance, a parameter.
        """
        if self.is_refusal(code, message):
            return self.end("", code, message)
        told = show(f"{code}: {message}" if message else code)[:300]
        raise ProviderError(f"{self.name} answered with {answer.status}: {told or 'no reason'}")


def count(unverified: object) -> dict[str, float]:
    """Return the numbers of an object, by name: what a service says that it counts, as far as it can be."""
    items = unverified.items() if isinstance(unverified, Mapping) else ()
    return {
        show(str(name))[:64]: float(value)
        for name, value in list(items)[:32]
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST_COUNTED
    }
