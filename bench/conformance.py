"""Do we say of signed files what c2pa-rs says of them? ``python -m bench.conformance FOLDER``.

Every file below the folder is verified on an empty site, and read once more by c2pa-rs alone, whose verdict is taken as
it is: state, and what it records of ingredients. The two agree when both find no manifest, a manifest elsewhere, one
that holds, one whose ingredient does not, or one that does not hold; or when neither can walk the file.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from api.commands.verify import SIDECAR, find_sidecar, verify_file
from api.console import plain
from api.settings import build_default_settings
from api.wiring import Site, open_site
from provenance.errors import GateError
from provenance.manifests.faults import IDENTITY_LIMITS
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import build_settings
from provenance.verify.state import FAULTS, SIGNERS, JointState

WIDTH: Final = 80

NONE, ELSEWHERE, HOLDS, INGREDIENT, FAULTY, UNREADABLE = (
    "no manifest", "elsewhere", "holds", "ingredient", "does not hold", "not walked",
)  # fmt: skip

_HOLDING: Final = frozenset({JointState.CONSISTENT, JointState.MANIFEST_INTACT, JointState.MANIFEST_UNTRUSTED})
_FAULTY: Final = frozenset({*FAULTS.values(), *SIGNERS.values()} - _HOLDING)
# What c2pa-rs 0.91 says of files whose container it does not walk, with or without a manifest
_NOT_WALKED: Final = ("asset could not be parsed", "type is unsupported", "could not parse")


@dataclass(frozen=True)
class Row:
    """One file: our state and c2pa-rs's verdict, each with its class."""

    name: str
    state: str
    verdict: str
    ours: str
    theirs: frozenset[str]

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.ours in self.theirs


def compare(folder: Path) -> Iterator[Row]:
    """Yield a row for every file below `folder`, by name; a manifest beside its file belongs to that file's row."""
    with tempfile.TemporaryDirectory(prefix="chopmark-bench-") as home:
        settings = build_default_settings(Path(home) / "home")
        with open_site(settings.model_copy(update={"detectors": ("incoming_marks",)})) as site:
            for path in sorted(one for one in folder.rglob("*") if one.is_file() and one.suffix != SIDECAR):
                state, ours = ask_us(site, path)
                verdict, theirs = ask_c2pa(path)
                yield Row(str(path.relative_to(folder)), state, verdict, ours, theirs)


def ask_us(site: Site, path: Path) -> tuple[str, str]:
    """Return our state of a file, and its class."""
    try:
        state = verify_file(site, str(path)).state
    except GateError as exc:
        return f"error {exc.code}", UNREADABLE
    if state in _FAULTY:
        return state.value, FAULTY
    if state in _HOLDING:
        return state.value, HOLDS
    classes = {JointState.INGREDIENT_BROKEN: INGREDIENT, JointState.MANIFEST_ELSEWHERE: ELSEWHERE}
    return state.value, classes.get(state, NONE)


def ask_c2pa(path: Path) -> tuple[str, frozenset[str]]:
    """Return c2pa-rs's verdict on a file, and the classes that agree with it.

    It finds most types by content; where it does not, it is told the name's ending, as its own tool is. A manifest
    beside the file is handed to it where it finds none inside, as we read one.
    """
    answer = _read(path, None)
    if answer[0] == UNREADABLE and path.suffix:
        answer = _read(path, path.suffix[1:].lower())
    beside = find_sidecar(str(path)) if answer[1] & {NONE, ELSEWHERE} else None
    return answer if beside is None else _read(path, None, beside)


def _read(path: Path, kind: str | None, beside: bytes | None = None) -> tuple[str, frozenset[str]]:
    import c2pa

    context = c2pa.Context.from_dict(build_settings(TrustAnchors()))
    try:
        with c2pa.Reader(kind, io.BytesIO(path.read_bytes()), beside, context=context) as reader:
            return judge(reader.get_validation_state() or "", json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        # Whether a file without a manifest is one at all, c2pa-rs does not say.
        return "no manifest", frozenset({NONE, UNREADABLE})
    except c2pa.C2paError as exc:
        text = str(exc)
    if "remote manifest" in text:
        return "elsewhere", frozenset({ELSEWHERE})
    if any(words in text for words in _NOT_WALKED):
        return UNREADABLE, frozenset({UNREADABLE})
    return f"refused: {text.partition(':')[0]}", frozenset({FAULTY})


def judge(state: str, store: dict[str, Any]) -> tuple[str, frozenset[str]]:
    """Return c2pa-rs's verdict out of its own report: its state, and what it lists of faulty ingredients."""
    results = store.get("validation_results") or {}
    faulty = [item["code"] for item in (results.get("activeManifest") or {}).get("failure", [])]
    recorded = [
        item["code"]
        for manifest in (store.get("manifests") or {}).values()
        for ingredient in manifest.get("ingredients", [])
        for item in (
            *(ingredient.get("validation_status") or ()),
            *((ingredient.get("validation_results") or {}).get("activeManifest") or {}).get("failure", []),
        )
    ]
    now = [
        item["code"]
        for delta in results.get("ingredientDeltas") or ()
        for item in (delta.get("validationDeltas") or {}).get("failure", [])
    ]
    broken = [code for code in (*recorded, *now) if _is_serious(code)]
    if state == "Invalid" and not broken and not any(map(_is_serious, faulty)) and set(faulty) & IDENTITY_LIMITS:
        # It was read offline: an identity that could not be looked up is no fault of the file.
        return "Invalid, identity offline", frozenset({HOLDS})
    if state != "Invalid" and broken:
        return f"{state}, ingredient {broken[0]}", frozenset({INGREDIENT})
    if state == "Invalid" and not any(_is_serious(code) for code in faulty):
        return f"Invalid, ingredient {broken[0] if broken else ''}".rstrip(), frozenset({INGREDIENT, FAULTY})
    return state, frozenset({FAULTY} if state == "Invalid" else {HOLDS})


def _is_serious(code: str) -> bool:
    """Say whether a code is more than that nobody knows a signer, or that nothing is known of a part."""
    return code not in IDENTITY_LIMITS and not code.endswith(
        (".untrusted", ".unknownProvenance", ".ocsp.skipped", ".match", ".validated", ".trusted", ".inaccessible")
    )


def main(arguments: list[str] | None = None) -> int:
    """Print a row for each file and a summary; return 0 when all agree, 1 when one does not, 2 without files."""
    parser = argparse.ArgumentParser(prog="python -m bench.conformance", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        print(f"expected a folder, got {folder}", file=sys.stderr)
        return 2
    rows = list(compare(folder))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), width=WIDTH)
    for title, ratio in (("file", 3), ("our state", 3), ("c2pa-rs's verdict", 3), ("agree", None)):
        table.add_column(title, overflow="fold", ratio=ratio)
    for row in rows:
        agree = plain("yes", "green") if row.agrees else plain("NO", "bold red")
        table.add_row(plain(row.name), plain(row.state), plain(row.verdict), agree)
    console = Console(width=WIDTH, highlight=False, emoji=False, markup=False)
    console.print(table)
    agreeing = sum(row.agrees for row in rows)
    console.print(f"{len(rows)} files: {agreeing} agree, {len(rows) - agreeing} do not")
    if not rows:
        return 2
    return 0 if agreeing == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
