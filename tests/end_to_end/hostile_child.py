"""Hands every hostile file to one site, as release and as verify, in a process whose memory is bounded.

Run as ``python -m tests.end_to_end.hostile_child HOME FOLDER``; prints one JSON object a file, then one about the process.
"""

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from api.wiring import open_site
from policies import gate
from provenance.errors import GateError
from provenance.watermarks.dwt_dct_svd import DwtDctSvd
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile2.scheme import Tile2
from tests.sites import as_submission, build_light_settings, encode, photograph

ADDRESS_SPACE_BYTES = 3 << 30
"""Above what the process has when it starts: a second line of defence, the resident size is what is asserted."""


def files(folder):
    """Yield (facts, bytes) of each file that the parent wrote: making them would take more memory than the gate."""
    for facts in sorted(folder.glob("*.json")):
        yield json.loads(facts.read_text("utf-8")), facts.with_suffix(".bin").read_bytes()


def listed(home):
    """Every file of both sides of the blob store, half-written ones included."""
    return {str(path.relative_to(home)) for side in ("quarantine", "public") for path in (home / side).rglob("*") if path.is_file()}  # fmt: skip


def attempt(action, done):
    """Run `action`; return how it ended, in words."""
    try:
        return {"ended": done(action())}
    except GateError as exc:
        return {"ended": "error", "type": type(exc).__name__, "bases": [base.__name__ for base in type(exc).__mro__], "text": str(exc)}  # fmt: skip


def measured(action, done):
    started = time.process_time()
    return {**attempt(action, done), "cpu_s": time.process_time() - started}


def resident_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bound_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + ADDRESS_SPACE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def remember_searches():
    """Have each scheme search the same pixels once: the files are hostile, most of their pixels one small gradient."""
    for scheme, name in ((Tile, "extract"), (Tile2, "extract"), (Tile2, "extract_all"), (DwtDctSvd, "extract")):
        setattr(scheme, name, remembering(getattr(scheme, name)))


def remembering(search):
    answers = {}

    def answer(self, frame):
        seen = (frame.shape, hashlib.sha256(np.ascontiguousarray(frame)).digest())
        if seen not in answers:
            answers[seen] = search(self, frame)
        return answers[seen]

    return answer


def run(home, folder):
    remember_searches()
    with open_site(build_light_settings(home)) as site:
        # Everything that is loaded once is loaded before memory is measured.
        site.verifier.verify(encode(photograph(side=288)))
        gate.release(site.deployment, as_submission(encode(photograph(side=288))))
        start = resident_mib()
        bound_memory()
        for file, data in files(folder):
            before = listed(home)
            handed_in = as_submission(data, name=file["declared_name"], declared_type=file["declared_type"])
            released = measured(
                lambda handed_in=handed_in: gate.release(site.deployment, handed_in),
                lambda result: result.outcome.value,
            )
            after = listed(home)
            verified = measured(lambda data=data: site.verifier.verify(data), lambda answer: answer.state.value)
            left = {"left": sorted(after - before), "gone": sorted(before - after)}
            tell(
                {**file, "release": released, "verify": verified, **left, "after_verify": sorted(listed(home) - before)}
            )
        tell({"growth_mib": resident_mib() - start})


def tell(facts):
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
