"""`kill -9` of the HTTP process itself, at random, under load: what became of all that a client was told is accepted.

    .venv/bin/python -m bench.http_kills --kills 100
    .venv/bin/python -m bench.http_kills --kills 100 --workers 0 --database postgres
    .venv/bin/python -m bench.http_kills --kills 100 --store s3://bucket/kills

A store that is named is reached as its environment variables say (`AWS_ENDPOINT` and so on) and has to be empty there.

Accepted is what a client was answered 200 or 202 for, and nothing else. Clients hand in files as forms and as bodies,
and prompts that are to be drawn; some wait for the end, some break off in the middle of a body. Whoever sends an
`Idempotency-Key` sends the same again until it is answered, as clients do: a key must never come to mean two assets.
Without workers the server walks what it accepted itself, so that each kill takes walks along; with some, a part of the
kills is theirs. The server is the one of `chopmark serve`, forked from a process that has imported everything.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import select

from api.serving import serve
from api.settings import load_settings
from api.wiring import open_site
from bench.kill_site import SIDE, add_options, build_files, build_overrides, build_places
from bench.kills import PROMPTS, WRONG, Load, await_rest, find_outcomes, kill, make_site, start, stop, walk
from bench.postgres import database_url
from policies.line.sweeping import find_leftovers, sweep, sweep_staging
from provenance.storage.tables import ASSETS, WISHES

IMPORTED: Final = ("api.app", "argon2", "python_multipart", "uvicorn.loops.auto", "uvicorn.lifespan.on")
CLIENTS: Final = 5
HALF: Final = "half"
"""Name of files of which half is sent."""
WHILE_SERVING: Final = 0.8
"""Of the kills come when the server has answered; the others whenever they come, while it starts too."""
WORKERS_SHARE: Final = 0.25
"""Of the kills beside those of the server that are a worker's."""
ANSWERED_S: Final = 900.0
"""A busy machine may take a minute to start the server that is killed next."""

HTTP_WRONG: Final = (
    *WRONG,
    "keys_for_two",
    "answered_otherwise",
    "forgotten",
    "wishes_left",
    "half_taken",
    "left_in_temporary",
    "left_after_sweep",
)
"""What has to be 0."""


def run_load(load: Load, port: int, key: str, notes: Path) -> dict[str, Any]:
    """Kill the server so often, let the rest finish, and return what became of everything."""

    def run_server() -> None:
        serve(load.settings, host="127.0.0.1", port=port, workers=0, tell=lambda _: None)

    def run_clients() -> None:
        asyncio.run(hand_in(load, port, key, notes))

    running = {number: start(lambda number=number: walk(load, number)) for number in range(load.workers)}
    running[-1] = start(run_server)
    clients = start(run_clients)
    killed: Counter[str] = Counter()
    began = time.monotonic()
    try:
        while len(notes.read_text().splitlines()) < CLIENTS:
            time.sleep(0.05)
        while killed["server"] < load.kills or (load.workers and not killed["worker"]):
            if load.dice.random() < WHILE_SERVING:
                await_server(port)
            time.sleep(load.dice.uniform(*load.pauses))
            is_worker = load.workers and load.dice.random() < WORKERS_SHARE
            whom = load.dice.randrange(load.workers) if is_worker else -1
            kill(running.pop(whom))
            killed["server" if whom < 0 else "worker"] += 1
            running[whom] = start(run_server if whom < 0 else lambda whom=whom: walk(load, whom))
        took_s = time.monotonic() - began
        os.kill(clients, signal.SIGTERM)
        client_code = os.waitstatus_to_exitcode(os.waitpid(clients, 0)[1])
        await_rest(load)
    finally:
        codes = [stop(process) for process in running.values()]
    return {
        "killed": dict(killed),
        "seconds": round(took_s),
        "client": client_code,
        "exit_codes": codes,
        **find_what_became(load, notes),
    }


def await_server(port: int) -> None:
    """Wait until the server answers, a minute at most."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as asking:
            asking.settimeout(5)
            asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
            if asking.recv(64).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.05)


async def hand_in(load: Load, port: int, key: str, notes: Path) -> None:
    """Be some clients at once, until told to stop; what was answered is noted."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    limits = httpx.Timeout(60, connect=2)
    headers = {"Authorization": f"Bearer {key}"}
    with notes.open("a") as file:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=limits) as client:
            await asyncio.gather(*(_Client(load, client, file, stopped).run() for _ in range(CLIENTS)))


class _Client:
    """Hands in one thing after the other, and asks how each ended."""

    def __init__(self, load: Load, client: httpx.AsyncClient, notes: Any, stopped: asyncio.Event) -> None:
        self._files, self._client, self._notes, self._stopped = load.files, client, notes, stopped
        self._dice = random.Random()

    async def run(self) -> None:
        """Go on until told to stop; a submission with a key is sent until it is answered, even then."""
        while not self._stopped.is_set():
            if self._dice.random() < 0.15:
                await self._break_off()
                continue
            key = f"k-{os.getpid()}-{self._dice.random()}" if self._dice.random() < 0.7 else ""
            request = self._choose()
            for _ in range(2 if key and self._dice.random() < 0.2 else 1):
                found = await self._send(request, key)
            if found and self._dice.random() < 0.8:
                await self._follow(found)

    def _choose(self) -> dict[str, Any]:
        """Return one request."""
        prompt, data = self._dice.choice(PROMPTS), self._dice.choice(self._files)
        params = {"wait": self._dice.choice((0, 0, 2))}
        way = self._dice.random()
        if way < 0.2:
            words = {"prompt": prompt or "a red boat on a lake", "seed": self._dice.randrange(1000)}
            return {"json": {**words, "width": SIDE, "height": SIDE}, "params": params}
        if way < 0.5:
            return {"content": data, "params": params, "headers": {"Content-Type": "image/jpeg"}}
        fields = {"prompt": prompt} if prompt else {}
        return {"files": {"file": ("a.jpg", data, "image/jpeg")}, "data": fields, "params": params}

    async def _send(self, request: Mapping[str, Any], key: str) -> str:
        """Send until it is answered, with a key; once without. Return the id, or "" where nobody answered."""
        headers = {**request.get("headers", {}), **({"Idempotency-Key": key} if key else {})}
        give_up = time.monotonic() + ANSWERED_S
        while time.monotonic() < give_up:
            try:
                answer = await self._client.post("/v1/releases", **{**request, "headers": headers})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code in {200, 202}:
                self._note(id=answer.json()["id"], key=key, is_wish="json" in request)
                return str(answer.json()["id"])
            if answer is not None and answer.status_code not in {408, 500, 503}:
                self._note(wrong=f"{answer.status_code} {answer.text[:200]}")
                return ""
            if not key:
                return ""
            await asyncio.sleep(0.1)
        self._note(wrong=f"no answer within {ANSWERED_S:.0f} s")
        return ""

    async def _follow(self, found: str) -> None:
        while not self._stopped.is_set():
            await asyncio.sleep(0.2)
            try:
                answer = await self._client.get(f"/v1/releases/{found}")
            except httpx.TransportError:
                continue
            if answer.status_code == 404:
                self._note(forgotten=found)
            if answer.status_code == 404 or (answer.status_code == 200 and answer.json()["final"]):
                return

    async def _break_off(self) -> None:
        """Send half of a file, and go."""
        data, declared = self._dice.choice(self._files), {"Content-Type": "image/jpeg", "Content-Length": "200000"}

        async def send_half() -> AsyncIterator[bytes]:
            yield data[: len(data) // 2]
            await asyncio.sleep(self._dice.uniform(0.0, 0.5))
            raise httpx.WriteError("gone")

        try:
            await self._client.post("/v1/releases", content=send_half(), headers=declared, params={"name": HALF})
        except httpx.TransportError:
            await asyncio.sleep(0.1)

    def _note(self, **what: Any) -> None:
        self._notes.write(json.dumps(what) + "\n")
        self._notes.flush()


def find_what_became(load: Load, notes: Path) -> dict[str, Any]:
    """Count what became of everything, and what should not be."""
    told = [json.loads(line) for line in notes.read_text().splitlines()]
    accepted = {one["id"] for one in told if "id" in one}
    load.accepted.write_text("\n".join(accepted))
    by_key: dict[str, set[str]] = {}
    for one in told:
        if one.get("key"):
            by_key.setdefault(one["key"], set()).add(one["id"])
    temporary = tuple(Path(tempfile.gettempdir()).rglob("*"))
    wrong = [one["wrong"] for one in told if "wrong" in one]
    with open_site(load.settings, finish=False) as site:
        here = site.deployment
        with here.database.read() as connection:
            wishes = dict(connection.execute(select(WISHES.c.id, WISHES.c.state)).all())
            assets = set(connection.execute(select(ASSETS.c.id)).scalars())
            half = connection.execute(select(ASSETS.c.id).where(ASSETS.c.name == HALF)).scalars().all()
        ended_undrawn = {one for one, state in wishes.items() if state in {"refused", "failed"}}
        leftovers = find_leftovers(here, grace_s=0)
        sweep(here, grace_s=0)
        sweep_staging(here.blobs.quarantine, here.blobs.public)
        after = find_leftovers(here, grace_s=0)
        found = find_outcomes(load)
        # A prompt that was refused, or could not be drawn, has its outcome without an asset.
        found["lost"] = len(accepted - assets - ended_undrawn)
        return {
            **found,
            "wishes": dict(Counter(wishes.values())),
            "wishes_left": sum(state == "waiting" for state in wishes.values()),
            "keys": len(by_key),
            "keys_for_two": sum(len(ids) > 1 for ids in by_key.values()),
            "answered_otherwise": len(wrong),
            "answers": sorted(set(wrong))[:3],
            "forgotten": sum("forgotten" in one for one in told),
            "half_taken": len(half),
            "orphans_swept": len(leftovers.orphans),
            "left_after_sweep": len(after.orphans) + len(after.emptied),
            # A library keeps a hidden file of its own there, with an id and no byte of anybody's.
            "left_in_temporary": sum(one.is_file() and not one.name.startswith(".") for one in temporary),
        }


def _find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _make_key(load: Load, path: Path) -> None:
    from api.access.key import create_key

    with open_site(load.settings, quiet=True) as site:
        path.write_text(create_key(site.deployment, name="clients", roles=["submitter"])[1])


def main() -> None:
    """Run from the command line, and print what became of everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add_options(parser, workers=1)
    asked = parser.parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(database_url(asked.database))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chopmark-kills-")))
        (folder / "tmp").mkdir()
        # Put back before the folder goes: whoever stops the database needs a temporary file.
        stack.callback(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
        settings = set_environment(folder / "home", url, {**build_overrides(), **build_places(asked.store)})
        load = Load(
            settings,
            build_files(),
            folder / "accepted",
            workers=asked.workers,
            kills=asked.kills,
            dice=random.Random(asked.seed),
            pauses=(0.3, 2.0) if asked.quick else (0.5, 4.0),
        )
        (notes := folder / "notes").touch()
        for module in IMPORTED:
            import_module(module)
        make_site(load)
        os.waitpid(start(lambda: _make_key(load, folder / "key")), 0)
        found = run_load(load, _find_port(), (folder / "key").read_text(), notes)
    print(json.dumps(found) if asked.json else "\n".join(f"{name:26} {value}" for name, value in found.items()))
    sys.exit(any(found[name] for name in HTTP_WRONG))


def set_environment(home: Path, database_url: str, overrides: Mapping[str, Any]) -> Any:
    """Have every process that reads its settings find these; return them."""
    given = {"home": home, "database_url": database_url, "http": {"visits_per_minute": 0}, **overrides}
    for name, value in given.items():
        # Each field of a group by itself.
        for key, one in value.items() if isinstance(value, dict) else [("", value)]:
            spelled = one if isinstance(one, str) else json.dumps(one, default=str)
            setting = f"CHOPMARK_{name}__{key}" if key else f"CHOPMARK_{name}"
            os.environ[setting.upper()] = str(one) if isinstance(one, Path) else spelled
    return load_settings()


if __name__ == "__main__":
    main()
