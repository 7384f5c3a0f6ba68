"""python -m bench.detectors WHAT ...: ``pictures FOLDER`` measures what the picture detectors find."""

import sys
from importlib import import_module
from importlib.util import find_spec

KNOWN = ("pictures", "prompts")


def main(arguments: list[str]) -> None:
    known = [name for name in KNOWN if find_spec(f"bench.detectors.{name}")]
    if not arguments or arguments[0] not in known:
        sys.exit(f"expected one of {', '.join(known)} and what it needs, got {arguments[:1] or 'nothing'}")
    import_module(f"bench.detectors.{arguments[0]}").main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
