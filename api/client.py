"""A client of the HTTP API: release, wait, download, verify, list; results and errors have types.

    with Client("https://gate.example", key=os.environ["CHOPMARK_KEY"]) as gate:
        release = gate.release(Path("picture.png"), prompt="a red boat", wait_s=30)
        if release.is_released:
            gate.download(release.id, Path("sealed.png"))

Nothing of the gate itself is imported, only httpx. A submission has a key of its own and is sent again when its answer
was lost, so that it is one release however often the network fails.
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, TypeVar
from urllib.parse import quote

import httpx

from api.answers import (
    OPERATIONS,
    AnswerError,
    Link,
    Release,
    UnreachableError,
    Verification,
    build_error,
    parse_answer,
)

USUAL_TIMEOUT_S: Final = 60.0
TRIES: Final = 4
PAUSE_S: Final = 0.5
MOST_PAUSE_S: Final = 30.0
LONGEST_WAIT_S: Final = 60
"""Of one request; who waits longer asks again."""
PART_BYTES: Final = 1 << 20

File = Path | bytes | BinaryIO
Model = TypeVar("Model", Release, Verification, Link)


class Client:
    """One gate, asked with one key; safe for any number of threads.

    Args:
        url: of the server.
        key: API key; without one, files can be verified and nothing else.
        timeout_s: without a byte from the server, besides what is waited for.
        transport: of httpx, for programs that have one of their own.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        timeout_s: float = USUAL_TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, transport=transport)
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def release(
        self,
        file: File | None = None,
        *,
        prompt: str | None = None,
        name: str = "",
        packs: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        recipe: Mapping[str, Any] | None = None,
        animate: Mapping[str, Any] | None = None,
        extend: Mapping[str, Any] | None = None,
        restyle: Mapping[str, Any] | None = None,
        wait_s: float = 0,
        key: str = "",
    ) -> Release:
        """Hand in a file, or a prompt alone that is to be drawn, and return where it stands.

        With `animate` or `extend` the server makes a clip first, with `restyle` a portrait: of the file, or of a
        release. That is handed in.

        Args:
            file: a path, bytes, or an open file.
            prompt: what the file was made from, or what is to be drawn.
            name: of the file; a path has its own.
            packs: that decide; the site's own where none is named.
            context: flags that packs may read.
            recipe: how the file was made: model_name, seed, and so on.
            animate: how a picture is to move: seconds, move, music, say, and so on; ``of`` names a release.
            extend: how a clip is to go on: seconds, music, and so on; ``of`` names a release.
            restyle: how a photograph is to be laid anew: style; `context` names the consents.
            wait_s: until its end, at most.
            key: the same key again is the same release; a fresh one unless given.

        Raises:
            AnswerError: the server refused.
            UnreachableError: it did not answer.
        """
        fields: dict[str, Any] = {"prompt": prompt, "packs": ",".join(packs), "name": name}
        fields |= {
            "context": json.dumps(dict(context)) if context else "",
            "recipe": json.dumps(recipe) if recipe else "",
            "animate": "" if animate is None else json.dumps(dict(animate)),
            "extend": "" if extend is None else json.dumps(dict(extend)),
            "restyle": "" if restyle is None else json.dumps(dict(restyle)),
        }
        given = {field: value for field, value in fields.items() if value}
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        waited_s = min(wait_s, LONGEST_WAIT_S)
        found = self._ask(
            "release", Release, file=file, data=given, headers=headers, params={"wait": waited_s}, wait_s=waited_s
        )
        left_s = wait_s - waited_s
        return found if found.is_final or left_s <= 0 else self.wait(found.id, deadline_s=left_s)

    def find(self, release_id: str) -> Release:
        """Return where a submission stands."""
        return self._ask("find", Release, release_id=release_id)

    def wait(self, release_id: str, *, deadline_s: float = 300.0) -> Release:
        """Return how a submission ended, or where it stands after `deadline_s`."""
        until, pause_s = time.monotonic() + deadline_s, 0.05
        while not (found := self.find(release_id)).is_final and (left_s := until - time.monotonic()) > 0:
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, 2.0)
        return found

    def releases(self) -> Iterator[Release]:
        """Yield what was handed in, newest first, a page at a time."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._send("releases", params={"cursor": cursor, "limit": 100}).json()
            yield from (parse_answer(Release, one) for one in page["items"])
            cursor = page["next"]

    def download(self, asset_id: str, to: Path | None = None) -> bytes:
        """Return a released file, or write it to `to`, where nothing may be yet, and return b"".

        Raises:
            FileExistsError: there is something; it is left alone.
            AnswerError: nothing was released under this id, or not to you.
        """
        method, path = OPERATIONS["download"]
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(self._http.stream(method, path.format(asset_id=asset_id)))
                if answer.is_error:
                    answer.read()
                    raise build_error(answer)
                if to is None:
                    return answer.read()
                with to.open("xb") as file:
                    file.writelines(answer.iter_bytes(PART_BYTES))
            except httpx.TransportError as exc:
                if to is not None:
                    to.unlink(missing_ok=True)
                raise UnreachableError(f"the file did not come whole ({type(exc).__name__}): try again") from exc
        return b""

    def link(self, asset_id: str, *, expires_s: int = 3600) -> Link:
        """Return an address of a released file that works without an account until it expires."""
        made = self._ask("link", Link, asset_id=asset_id, json={"expires_s": expires_s})
        return Link(url=str(self._http.base_url.join(made.url)), expires_at=made.expires_at)

    def verify(self, file: File | None = None, *, url: str = "") -> Verification:
        """Return where a file comes from, or one that lies at `url`, where the site fetches files."""
        if url:
            return self._ask("verify", Verification, json={"url": url})
        return self._ask("verify", Verification, file=file)

    def match(self, file: File) -> Mapping[str, Any]:
        """Return which works a file resembles, as the API spells it: `matches`, each with `why`, and what was asked."""
        with ExitStack() as stack:
            opened = stack.enter_context(file.open("rb")) if isinstance(file, Path) else file
            data = opened if isinstance(opened, bytes) else opened.read()
        return _parse_object(self._send("match", content=data))

    def register(
        self, file: File, *, title: str = "", owner: str = "", bank: str = "", name: str = "file"
    ) -> Mapping[str, Any]:
        """Put an original into the works registry and return its work, as the API spells it; again, it is the same one.

        Args:
            file: a picture or a clip.
            title: of the work; the file's name otherwise.
            owner: who holds the rights.
            bank: of works; the usual one otherwise.
            name: of the file, where it is no path.
        """
        given = {field: value for field, value in {"title": title, "owner": owner, "bank": bank}.items() if value}
        with ExitStack() as stack:
            opened = stack.enter_context(file.open("rb")) if isinstance(file, Path) else file
            shown = file.name if isinstance(file, Path) else name
            files = {"file": (shown, opened, "application/octet-stream")}
            return _parse_object(self._send("register", files=files, data=given))

    def explain(self, asset_id: str) -> Mapping[str, Any]:
        """Return why an asset was released, held or blocked, as the API spells it."""
        return _parse_object(self._send("explain", asset_id=asset_id))

    def _ask(self, name: str, model: type[Model], *, file: File | None = None, **options: Any) -> Model:  # noqa: ANN401 - httpx's
        """Send what a method of ours stands for, the file of it as a form, and return its answer."""
        with ExitStack() as stack:
            opened = stack.enter_context(file.open("rb")) if isinstance(file, Path) else file
            if opened is not None:
                shown = file.name if isinstance(file, Path) else "file"
                options["files"] = {"file": (shown, opened, "application/octet-stream")}
            return parse_answer(model, self._send(name, **options).json())

    def _send(self, name: str, *, wait_s: float = 0, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's
        """Return the answer, after a few tries where trying again may help.

        Raises:
            AnswerError, UnreachableError: the last try's.
        """
        method, path = OPERATIONS[name]
        places = {key: quote(options.pop(key), safe="") for key in ("release_id", "asset_id") if key in options}
        files, is_form = options.get("files"), "json" not in options and method == "POST"
        if is_form and files is None and "data" in options:
            options["files"] = {field: (None, value) for field, value in options.pop("data").items()}
        timeout = self._timeout_s + wait_s
        for left in reversed(range(TRIES)):
            try:
                answer = self._http.request(method, path.format(**places), timeout=timeout, **options)
            except httpx.TransportError as exc:
                error: AnswerError | UnreachableError = UnreachableError(
                    f"the server did not answer ({type(exc).__name__}): is its address right, and does it run?"
                )
                error.__cause__ = exc
            else:
                if not answer.is_error:
                    return answer
                error = build_error(answer)
            if not left or not error.retryable or not _rewind(files):
                raise error
            time.sleep(_choose_pause(error, TRIES - left))
        raise AssertionError  # the last try returns or raises


def _parse_object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UnreachableError("expected a JSON object, got something else: is this a gate?")
    return told


def _rewind(files: Mapping[str, Any] | None) -> bool:
    """Set an open file back to its start, and say whether it can be sent again."""
    for _, file, _ in (files or {}).values() if files and "file" in files else ():
        if not isinstance(file, bytes):
            if not file.seekable():
                return False
            file.seek(0)
    return True


def _choose_pause(error: AnswerError | UnreachableError, tries: int) -> float:
    asked_s = error.retry_after_s if isinstance(error, AnswerError) else 0
    return float(min(MOST_PAUSE_S, max(asked_s, PAUSE_S * 2 ** (tries - 1))))
