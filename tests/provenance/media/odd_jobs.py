"""A process for tests that does with its files whatever it is asked."""

import os
import resource
import time
from pathlib import Path

from provenance.errors import UndecodableAssetError
from provenance.media.apart import Bounds, serve_files

ROOM = 1 << 20
OPEN = 12
SMALL = Bounds(memory_bytes=64 << 20, written_bytes=ROOM)


def do(header, parts, memory):
    match header["job"]:
        case "describe":
            os.pwrite(memory, Path(header["path"]).read_bytes(), 0)
            limits = {
                name: resource.getrlimit(getattr(resource, name))[0]
                for name in ("RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
            }
            return {**limits, "type": header["media_type"], "parts": [len(part) for part in parts]}
        case "refuse":
            raise UndecodableAssetError("expected one thing, got another")
        case "refuse oddly":
            return {"refused": "SystemExit", "text": "\x1b[2Jwords\n" + "x" * 1000}
        case "grow":
            return {"size": len(bytearray(128 << 20))}
        case "write":
            os.pwrite(memory, bytes(2 * ROOM), 0)
            os.pwrite(memory, b"x", 2 * ROOM)
        case "open":
            return {"files": [os.open(os.devnull, os.O_RDONLY) for _ in range(OPEN)]}
        case "die":
            os._exit(3)
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(60)
    return {}


if __name__ == "__main__":
    serve_files(do, lambda _: SMALL, most_open=OPEN)
