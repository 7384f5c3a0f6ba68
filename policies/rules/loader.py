"""Where packs come from: the built-in folder, and the folders that a deployment adds.

No pack silently takes another's place, and a pack with any problem is not loaded at all.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from policies.refusals import DuplicatePackError, NoPackError, PackFileError
from policies.rules.condition_checks import suggest
from policies.rules.document import SIZE_LIMIT
from policies.rules.pack import Pack
from policies.rules.parsing import parse_pack
from provenance.errors import PackInvalidError, PolicyError, UnknownPackError

__all__ = [
    "BUILTIN_PACKS_DIR", "Pack", "builtin_packs", "find_pack_files", "load_named", "load_new_packs",
    "load_pack", "parse_pack",
]  # fmt: skip

BUILTIN_PACKS_DIR: Final = Path(__file__).parents[1] / "packs"


def load_pack(path: Path, *, detectors: Collection[str] | None = None, taken: Collection[str] = ()) -> Pack:
    """Read and validate one pack file, whose name may be none of `taken`.

    Raises:
        PackFileError: the file cannot be read.
        PackInvalidError: with every problem.
    """
    try:
        if not path.is_file():
            raise PackFileError(f"no pack file {path}")
        with path.open("rb") as stream:
            unverified_bytes = stream.read(SIZE_LIMIT + 1)
    except OSError as exc:
        raise PackFileError(f"cannot read pack file {path}: {exc.strerror}") from exc
    return parse_pack(unverified_bytes, file=str(path), detectors=detectors, taken=taken)


def find_pack_files(folders: Sequence[Path] = ()) -> Mapping[str, Path]:
    """Return the built-in pack files and those in `folders`, by pack name, sorted.

    Raises:
        PackFileError: a folder does not exist.
        DuplicatePackError: two files have one name: no pack silently takes another's place.
    """
    files: dict[str, Path] = {}
    for folder in (BUILTIN_PACKS_DIR, *folders):
        if not folder.is_dir():
            raise PackFileError(f"no pack folder {folder}")
        for path in sorted(folder.glob("*.yaml")):
            if path.stem in files and not path.samefile(files[path.stem]):
                raise DuplicatePackError(f"two packs are named {path.stem!r}: {files[path.stem]} and {path}")
            files[path.stem] = path
    return dict(sorted(files.items()))


def load_new_packs(paths: Sequence[Path]) -> Iterator[Pack | PolicyError]:
    """Read and validate pack files that are to stand beside the built-in ones; yield the pack, or why it is none.

    A pack that has the name of a built-in one, or of an earlier one of `paths`, could never be loaded with it.
    """
    known = dict(find_pack_files())
    for path in paths:
        taken = [name for name, other in known.items() if not (path.is_file() and path.samefile(other))]
        try:
            pack = load_pack(path, taken=taken)
        except PolicyError as exc:
            yield exc
        else:
            known[pack.name] = path
            yield pack


def load_named(names: Sequence[str], folders: Sequence[Path] = ()) -> tuple[Pack, ...]:
    """Load packs by name, from the built-in folder and `folders`.

    Raises:
        NoPackError: no name is given.
        UnknownPackError: a name is unknown.
        PackInvalidError: with every problem of every pack named.
    """
    files = find_pack_files(folders)
    if not names:
        raise NoPackError(f"no pack is named, expected at least one of {', '.join(files)}")
    packs: list[Pack] = []
    problems: list[str] = []
    for name in dict.fromkeys(names):
        if name not in files:
            raise UnknownPackError(f"no pack is named {name!r}; {suggest(name, files)}")
        try:
            packs.append(load_pack(files[name]))
        except PackInvalidError as exc:
            problems.extend(exc.problems)
    if problems:
        raise PackInvalidError(tuple(problems))
    return tuple(packs)


def builtin_packs() -> tuple[Pack, ...]:
    """Load every built-in pack, by name."""
    return tuple(load_pack(path) for path in sorted(BUILTIN_PACKS_DIR.glob("*.yaml")))
