"""How much memory a large upload takes: `python -m bench.upload [MIB]`; of the server's process, above what it had."""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from bench.http_api import serving_apart

MIB: Final = 1 << 20
SMALL_MIB: Final = 5
"""An upload that is sent before, so that what any request needs is there."""


def run(size_mib: int = 500) -> list[dict[str, Any]]:
    """Send one file by each way that takes files, and watch the server."""
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as folder:
        os.environ |= {
            "CHOPMARK_HOME": str(Path(folder) / "home"),
            "CHOPMARK_DETECTORS": "prompt,copyright,incoming_marks",
            "CHOPMARK_MAX_BYTES": str(1024 * MIB),
            "CHOPMARK_VERIFY_MAX_BYTES": str(1024 * MIB),
            "CHOPMARK_HTTP__VISITS_PER_MINUTE": "0",
            "CHOPMARK_HTTP__UPLOAD_S": "600",
        }
        made = subprocess.run(
            [sys.executable, "-m", "chopmark", "access", "key", "create", "bench", "--role", "submitter"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:  # no site yet
            subprocess.run([sys.executable, "-m", "chopmark", "init"], check=True, capture_output=True)
            made = subprocess.run(made.args, capture_output=True, text=True, check=True)
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        with serving_apart("chopmark", "serve", "--workers", "0") as (url, process):
            rows = []
            with httpx.Client(base_url=url, headers=headers, timeout=600) as client:
                for path in ("/v1/releases", "/v1/verifications"):
                    client.post(path, content=_parts(SMALL_MIB), headers=_declare(SMALL_MIB))
                    rows.append({"what": f"POST {path}", "MiB": size_mib, **_send(client, process.pid, path, size_mib)})
            return rows


def _send(client: httpx.Client, process: int, path: str, size_mib: int) -> dict[str, Any]:
    idle, peak, stopped = _memory(process), [0.0], threading.Event()

    def watch() -> None:
        while not stopped.wait(0.02):
            peak[0] = max(peak[0], _memory(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.monotonic()
    try:
        answer = client.post(path, content=_parts(size_mib), headers=_declare(size_mib))
    finally:
        stopped.set()
        watcher.join()
    return {
        "answer": answer.status_code,
        "seconds": round(time.monotonic() - began, 1),
        "memory above idle, MiB": round(peak[0] - idle, 1),
    }


def _declare(size_mib: int) -> dict[str, str]:
    return {"Content-Type": "image/png", "Content-Length": str(size_mib * MIB)}


def _parts(size_mib: int) -> Iterator[bytes]:
    """Yield what begins as a PNG does; the rest is noise."""
    noise = os.urandom(MIB)
    yield b"\x89PNG\r\n\x1a\n" + noise[8:]
    for _ in range(size_mib - 1):
        yield noise


def _memory(process: int) -> float:
    """Return the resident memory of a process that is not of files, in MiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(prog="python -m bench.upload")
    parser.add_argument("mib", nargs="?", type=int, default=500)
    for row in run(parser.parse_args().mib):
        print(row)


if __name__ == "__main__":
    main()
