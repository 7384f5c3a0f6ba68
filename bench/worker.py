"""One side of the line's benchmark in a process of its own, so that its memory is its own.

Speaks one JSON line each way: ``{"do": "release" | "verify", "path": ...}`` is answered with ``{"ms": ..., "out": ...}``,
``{"do": "memory"}`` with the peak resident size.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np


def make_ours(folder: Path) -> tuple[Callable[[Path], Path], Callable[[Path], None]]:
    """Return (release, verify) through the gate, as the command line does them."""
    import os

    os.environ["CHOPMARK_HOME"] = str(folder / "home")
    from api.settings import load_settings
    from api.wiring import open_site
    from policies.gate import release
    from policies.line.deployment import Submission
    from provenance.storage.blob import Blob

    site = open_site(load_settings()).__enter__()
    site.warm()

    def do_release(path: Path) -> Path:
        result = release(site.deployment, Submission(Blob.from_path(path), name=path.name))
        assert result.public_key, result.decision.reasons
        target = folder / f"ours-{path.name}"
        target.write_bytes(site.deployment.blobs.public.get(result.public_key))
        return target

    def do_verify(path: Path) -> None:
        site.verifier.verify(path.read_bytes())

    return do_release, do_verify


def make_naive(folder: Path) -> tuple[Callable[[Path], Path], Callable[[Path], None]]:
    """Return (release, verify) of the naive script, with a signing identity made by Chopmark's development CA."""
    from bench.naive import Naive
    from provenance.manifests.identity import load_development_identity

    chain = load_development_identity(folder / "keys", environment="development").certificate_chain_pem.encode()
    stored = (folder / "keys" / "development-leaf.pem").read_text()
    begin = stored.index("-----BEGIN PRIVATE KEY-----")
    key = stored[begin : stored.index("-----END PRIVATE KEY-----") + len("-----END PRIVATE KEY-----\n")].encode()
    works = np.random.default_rng(0).integers(0, 256, (1000, 32), dtype=np.uint8)
    naive = Naive(folder, chain, key, works)
    return naive.release, naive.verify


def main() -> None:
    """Serve requests until standard input ends."""
    side, folder = sys.argv[1], Path(sys.argv[2])
    do_release, do_verify = {"ours": make_ours, "naive": make_naive}[side](folder)
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, object] = {}
        if request["do"] == "memory":
            answer["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        else:
            path = Path(request["path"])
            start = time.perf_counter()
            out = do_release(path) if request["do"] == "release" else do_verify(path)
            answer = {"ms": (time.perf_counter() - start) * 1000, "out": str(out or "")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
