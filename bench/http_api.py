"""The HTTP API against the same function in process, and against a bare FastAPI upload route, in one run.

    .venv/bin/python -m bench.http_api

Everything takes turns, so that what else the machine does meets all of them alike; a submission is sent when the one
before it has come to its end. Release and verification run with the default detectors and marks.
"""

import hashlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import FastAPI, UploadFile
from rich.console import Console

from bench.page import build_table, machine
from bench.pictures import encode, photographs

ROUNDS: Final = 12
AT_ONCE: Final = 8
TOGETHER: Final = 40
"""Requests in all of `AT_ONCE` clients."""
PNG_BYTES: Final = 2_000_000
"""About as long is what is handed in: a photograph, enlarged until its PNG is."""
EACH: Final = 10
"""Verifications of a round, by each way."""

bare = FastAPI()


@bare.post("/upload")
async def upload(file: UploadFile) -> dict[str, str]:
    """Take a file the way FastAPI's documentation does, and hash it."""
    return {"sha256": hashlib.sha256(await file.read()).hexdigest()}


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; each row is one way to ask, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as name:
        folder = Path(name)
        os.environ |= {"CHOPMARK_HOME": str(folder / "site"), "CHOPMARK_HTTP__VISITS_PER_MINUTE": "0"}
        title, picture = next(iter(photographs()))
        sealed, key = _prepare(encode(picture, "jpg"), title)
        png = encode_about(picture, PNG_BYTES)
        gate_command = ("chopmark", "serve", "--workers", "1")
        with serving_apart(*gate_command) as (gate, _), serving_apart("bench.http_api") as (plain, _):
            gate_client = httpx.Client(base_url=gate, headers={"Authorization": f"Bearer {key}"}, timeout=60)
            ways: dict[str, list[float]] = {}
            with httpx.Client(base_url=plain, timeout=60) as plain_client, gate_client:
                _measure(rounds, sealed, png, gate_client, plain_client, ways)
        sizes = {"verify": len(sealed), "accept": len(png), "upload": len(png)}
        return [_row(name, times, sizes[name.split()[0]]) for name, times in ways.items()]


def encode_about(picture: Any, size_bytes: int) -> bytes:
    """Return a picture as a PNG of `size_bytes`, to a tenth."""
    found, share = encode(picture, "png"), 1.0
    while abs(len(found) - size_bytes) > size_bytes / 10:
        share *= (size_bytes / len(found)) ** 0.5
        found = encode(picture.resize((round(picture.width * share), round(picture.height * share))), "png")
    return found


def _measure(
    rounds: int, sealed: bytes, png: bytes, gate: httpx.Client, plain: httpx.Client, ways: dict[str, list[float]]
) -> None:
    from api.settings import load_settings
    from api.visiting import open_verifier
    from provenance.storage.blob import Blob

    def over_http() -> None:
        answer = gate.post("/v1/verifications", content=sealed, headers={"Content-Type": "image/jpeg"})
        assert answer.json()["state"] == "consistent", answer.text

    def in_process() -> None:
        assert visit.verifier.verify(Blob.from_bytes(sealed)).state.value == "consistent"

    def accept() -> None:
        answer = gate.post("/v1/releases", files={"file": ("a.png", png, "image/png")})
        assert answer.status_code == 202, answer.text
        waiting.append(answer.json()["url"])

    def upload_bare() -> None:
        plain.post("/upload", files={"file": ("a.png", png, "image/png")}).raise_for_status()

    waiting: list[str] = []
    with open_verifier(load_settings()) as visit:
        for number in range(rounds + 1):
            for name, ask, times in (
                ("verify in process", in_process, EACH),
                ("verify over HTTP", over_http, EACH),
                ("upload to a bare route", upload_bare, 2),
                ("accept (202)", accept, 1),
            ):
                took = [_time(ask) for _ in range(times)]
                if number:  # the first round warms up
                    ways.setdefault(name, []).extend(took)
            _await_ends(gate, waiting)
        for name, ask in (("upload to a bare route", upload_bare), ("accept (202)", accept)):
            with ThreadPoolExecutor(AT_ONCE) as pool:
                ways[f"{name}, {AT_ONCE} at once"] = list(pool.map(lambda _, ask=ask: _time(ask), range(TOGETHER)))
            _await_ends(gate, waiting)


def _await_ends(gate: httpx.Client, waiting: list[str]) -> None:
    """Wait until nothing is walked any more, so that what is measured next has the machine."""
    while waiting:
        while not gate.get(waiting[-1]).json()["final"]:
            time.sleep(0.1)
        waiting.pop()


def _time(ask: Callable[[], None]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def _row(name: str, times: list[float], size_bytes: int) -> dict[str, Any]:
    ranked = sorted(times)
    return {
        "what": name,
        "KiB": size_bytes >> 10,
        "times": len(times),
        "p50 ms": round(statistics.median(times), 1),
        "p99 ms": round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.99))], 1),
        "a second": round(1000 * len(times) / sum(times), 1),
    }


def _prepare(data: bytes, title: str) -> tuple[bytes, str]:
    """Make the site, release one file and make a key; return the sealed bytes and the key."""
    from api.access.key import create_key
    from api.settings import load_settings
    from api.wiring import open_site
    from policies.gate import release
    from policies.line.deployment import Submission
    from provenance.storage.blob import Blob

    with open_site(load_settings(), quiet=True) as site:
        result = release(site.deployment, Submission(Blob.from_bytes(data), name=f"{title}.jpg"))
        assert result.public_key, result.decision.reasons
        key = create_key(site.deployment, name="bench", roles=["submitter"])[1]
        return site.deployment.blobs.public.get(result.public_key), key


@contextmanager
def serving_apart(module: str, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve in a process of its own, which is warm when the block begins; give its address, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments, "--port", str(port)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                assert process.poll() is None, f"{module} ended with {process.returncode}"
                time.sleep(0.1)
        yield url, process
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    """Print the table, or serve the bare route."""
    if "--port" in sys.argv:
        import uvicorn

        uvicorn.run(bare, port=int(sys.argv[-1]), log_level="error", access_log=False)
        return
    console = Console(width=120)
    console.print(machine())
    rows = run()
    console.print(build_table("Over HTTP", rows))
    rate = {row["what"]: row["a second"] for row in rows}
    share = rate["verify over HTTP"] / rate["verify in process"]
    console.print(f"verification over HTTP: {share:.0%} of the rate in process")
    middle = {row["what"]: row["p50 ms"] for row in rows}
    for more in ("", f", {AT_ONCE} at once"):
        ratio = middle[f"accept (202){more}"] / middle[f"upload to a bare route{more}"]
        console.print(f"accepting{more}: {ratio:.1f} times a bare FastAPI upload")


if __name__ == "__main__":
    main()
