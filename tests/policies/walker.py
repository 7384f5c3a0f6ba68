"""A worker process whose walks take a moment and are noted, for tests of what the queue takes on: `walker FOLDER NAME`."""

import json
import os
import sys
import time
from pathlib import Path

from policies import workflow
from policies.line.waiting import Limits
from provenance.storage.database import Database

WALK_S = 0.15


def main(folder: Path, worker: str) -> None:
    """Take what waits from when the file `go` is there until `stop` is."""
    told = json.loads((folder / "told").read_text())
    database = Database(told["url"])
    line = workflow.Line(database, Limits(**told["limits"]))
    notes = os.open(folder / "notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str, asset_id: str) -> None:
        os.write(notes, f"{what} {worker} {asset_id}\n".encode())  # one write, so in the order in which they come

    def walk(_here: object, _line: object, asset_id: str, *_: object) -> None:
        note("begin", asset_id)
        time.sleep(WALK_S)
        note("end", asset_id)

    class Here:
        pass

    here = Here()
    here.database, here.line = database, line  # type: ignore[attr-defined]
    workflow.attempt = walk  # type: ignore[assignment]
    engine = workflow.Engine(here, worker)  # type: ignore[arg-type]
    (folder / f"ready-{worker}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    engine.start()
    while not (folder / "stop").exists():
        time.sleep(0.05)
    engine.stop(1)
    line.close()
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
