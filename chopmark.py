"""Where the `chopmark` command and the server begin: this name is ours alone, those of the five packages are not.

`api`, `policies`, `detectors`, `generation` and `provenance` are names that a folder of yours may have as well. Started
from here, they are those that lie beside this file, whatever the current folder or PYTHONPATH say.

    chopmark ...    or    python -m chopmark ...    or    uvicorn --factory chopmark:create_app
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi import FastAPI

PACKAGES: Final = ("api", "policies", "detectors", "generation", "provenance")

_HERE: Final = Path(__file__).resolve().parent


def main() -> None:
    """Run the command line and end the process."""
    prefer_own_packages()
    from api.starting import postpone_collecting

    postpone_collecting()
    # What others installed beside us has no say in how settings are read, and is not looked for.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    leave_cores_to_files()
    from api.cli import main as run

    run()


def create_app() -> "FastAPI":
    """Return the HTTP application, for ``uvicorn --factory chopmark:create_app``."""
    prefer_own_packages()
    leave_cores_to_files()
    from api.app import create_app as build

    return build()


def leave_cores_to_files() -> None:
    """Have libraries of numbers use one thread a call, unless somebody says otherwise; before they are imported.

    Files fill the cores. OpenBLAS's threads wait for work by spinning: while two processes released 24 pictures on two
    cores they gave up their turn 107,690 times, and did 0.6 % of the work.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(name, "1")


def prefer_own_packages() -> None:
    """Have the five names mean the packages beside this file, where something else would come first.

    Raises:
        ImportError: another package of such a name is in use in this process already.
    """
    if all(_is_own(name) for name in PACKAGES):
        return
    taken = [name for name in PACKAGES if name in sys.modules and not _is_own(name)]
    if taken:
        raise ImportError(
            f"the package {taken[0]!r} in use is {getattr(sys.modules[taken[0]], '__file__', None)}, not chopmark's: "
            "run chopmark as a process of its own, in an environment of its own"
        )
    sys.path.insert(0, str(_HERE))


def _is_own(name: str) -> bool:
    try:
        spec = find_spec(name)
    except ValueError:  # a module without a spec, such as one that a test made up
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve().parent.parent == _HERE


if __name__ == "__main__":
    main()
