"""What costs minutes is made once for all workers of a run: the first that asks makes it, the others wait and read it."""

import fcntl
import json
import os


def make_once(tmp_path_factory, name, make):
    """Return what `make` returned, as JSON keeps it, the first time that any worker of this run asked for `name`."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = shared / f"{name}.json"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = json.dumps(make())
            kept.write_text(made, "utf-8")
    return json.loads(kept.read_text("utf-8"))
