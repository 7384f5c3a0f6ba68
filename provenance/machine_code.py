"""Compiled loops as plain machine code, so that a process need not import the compiler to run them.

The compiler keeps what it made as object files of the platform. Those of one module are put together in one file beside
its cache, with the types that each takes. LLVM's own loader, which the compiler comes with, links them in milliseconds,
and `ctypes` calls them without the interpreter lock. It is the same machine code, so results are the same bit by bit.

A file is used only where it is whole and its stamp is right: source, LLVM, interpreter, format and processor are those
it was made with. What is not in it, or cannot be, is the compiler's as before.

Trusts: the folder of the compiler's cache, as the compiler does.
Source: numba's calling convention, numba/core/callconv.py.
"""

import ctypes
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from threading import RLock
from types import FunctionType
from typing import Any, Final

import numpy as np

from provenance.machine_symbols import Undefined, rename_runtime

Types = tuple[object, ...]

FORMAT: Final = 1
SUFFIX: Final = ".machine-code"

CACHE_VARIABLE: Final = "NUMBA_CACHE_DIR"
"""Where it is set the compiler keeps everything in that folder, and so does this module."""

_SCALARS: Final = {
    "int64": ctypes.c_int64,
    "uint64": ctypes.c_uint64,
    "float64": ctypes.c_double,
    "float32": ctypes.c_float,
    "bool": ctypes.c_bool,
}
# numba/core/callconv.py: a loop without a result may end so, too.
_DONE: Final = (0, -2)

_LOADING: Final = RLock()
_engines: Final[list[object]] = []


def spell_types(arguments: Sequence[object]) -> Types | None:
    """Return what the compiler would compile for, as words; None for what is never kept as machine code."""
    words: list[object] = []
    for value in arguments:
        kind = type(value)
        if kind is np.ndarray:
            words.append(_spell_array(value))  # type: ignore[arg-type]  # it is one
        elif kind is int or kind is np.int64:
            words.append("int64")
        elif kind is float or kind is np.float64:
            words.append("float64")
        elif kind is np.float32 or kind is np.uint64 or kind is bool:
            words.append(kind.__name__)
        elif kind is tuple:
            inner = spell_types(value)  # type: ignore[arg-type]  # as above
            if inner is None:
                return None
            words.append(inner)
        else:
            return None
    return tuple(words)


def _spell_array(array: np.ndarray[Any, Any]) -> str:
    flags = array.flags
    layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
    ends = ("" if flags.writeable else "r") + ("" if flags.aligned else "u")
    return f"{array.dtype.str}/{array.ndim}{layout}{ends}"


def find_machine_code(function: Callable[..., Any], types: Types) -> Callable[..., Any] | None:
    """Return `function` as machine code for arguments of those types, or None where there is none."""
    with _LOADING:
        kept = _open(_source(function))
        entry = None if kept is None else kept.find(function.__qualname__, types)
        return None if kept is None or entry is None else kept.link(entry)


class Kept:
    """The machine code of one module, as it lies on disk."""

    def __init__(self, header: dict[str, Any], data: bytes) -> None:
        self._entries = header["loops"]
        self._data = data

    def find(self, name: str, types: Types) -> dict[str, Any] | None:
        """Return the entry of a loop that takes those types."""
        wanted = _as_json(types)
        for entry in self._entries:
            if entry["name"] == name and entry["takes"] == wanted:
                return dict(entry)
        return None

    def link(self, entry: dict[str, Any]) -> Callable[..., Any]:
        """Load one loop and return what calls it."""
        import llvmlite.binding as llvm  # type: ignore[import-untyped]  # it has no types

        _prepare_symbols()
        code = self._data[entry["start"] : entry["start"] + entry["size"]]
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _find_target().create_target_machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        return _build_call(engine.get_function_address(entry["symbol"]), entry)


def _build_call(address: int, entry: dict[str, Any]) -> Callable[..., Any]:
    """Return a function that passes arrays and numbers as the compiler's own callers do."""
    takes = [kind for word in entry["takes"] for kind in _flatten(word)]
    native = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *takes)(address)
    name, gives = entry["name"], entry["gives"]
    result_type = _result_type(tuple(gives or ("int64",)))

    def call(*arguments: Any) -> Any:  # noqa: ANN401 - as the loop has it
        flat: list[Any] = []
        for value in arguments:
            if isinstance(value, np.ndarray):
                flat += (None, None, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
            elif isinstance(value, tuple):
                flat += value
            else:
                flat.append(value)
        result, failure = result_type(), ctypes.c_void_p()
        status = native(ctypes.byref(result), ctypes.byref(failure), *flat)
        if status not in _DONE:
            raise MemoryError(f"the compiled loop {name} ended with status {status}, most likely for want of memory")
        if gives is None:
            return None
        values = tuple(getattr(result, f"value{index}") for index in range(len(gives)))
        return values if entry["is_tuple"] else values[0]

    return call


@cache
def _result_type(gives: tuple[str, ...]) -> type[ctypes.Structure]:
    fields = [(f"value{index}", _SCALARS[word]) for index, word in enumerate(gives)]
    return type("Result", (ctypes.Structure,), {"_fields_": fields})


def _flatten(word: str | list[str]) -> list[Any]:
    if isinstance(word, list):
        return [kind for part in word for kind in _flatten(part)]
    if word in _SCALARS:
        return [_SCALARS[word]]
    dimensions = int(word.partition("/")[2].rstrip("CFAru"))
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    return [pointer, pointer, size, size, pointer, *([size] * 2 * dimensions)]


@cache
def _find_target() -> Any:  # noqa: ANN401 - as above
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


@cache
def _prepare_symbols() -> None:
    """Make what the loops call: blocks of memory; nothing else of the compiler's runtime is reached."""
    import llvmlite.binding as llvm

    from provenance.machine_symbols import RUNTIME, UNREACHED, rename

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(RUNTIME), _find_target().create_target_machine())
    engine.finalize_object()
    _engines.append(engine)
    for line in RUNTIME.splitlines():
        if line.startswith("define"):
            symbol = line.partition("@")[2].partition("(")[0]
            llvm.add_symbol(symbol, engine.get_function_address(symbol))
    abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
    for symbol in UNREACHED:
        llvm.add_symbol(rename(symbol), abort)


def keep_machine_code(source: Path, dispatchers: Sequence[Any]) -> bool:
    """Write what the compiler has kept of the loops in `source`; return whether there was a place for it.

    Args:
        source: the module's file.
        dispatchers: the compiler's own objects, each called before with the types that count.
    """
    entries, parts, start = [], [], 0
    for dispatcher in dispatchers:
        for signature, overload in dispatcher.overloads.items():
            entry = _describe(dispatcher, signature, overload)
            with suppress(Undefined, OSError):
                code = b"" if entry is None else rename_runtime(_read_object(dispatcher, signature))
                if entry is not None and code:
                    entries.append({**entry, "start": start, "size": len(code)})
                    parts.append(code)
                    start += len(code)
    data = b"".join(parts)
    header = {"stamp": _build_stamp(source), "sha256": hashlib.sha256(data).hexdigest(), "loops": entries}
    done = _write(source, json.dumps(header).encode() + b"\n" + data)
    _open.cache_clear()
    return done


def _describe(dispatcher: Any, signature: Sequence[Any], overload: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Return what is to be known of one compiled form, or None where it takes or gives what cannot be passed."""
    takes, gives = [_spell(kind) for kind in signature], overload.fndesc.restype
    given = [_spell(kind) for kind in (gives if hasattr(gives, "__iter__") else (gives,))]
    is_nothing = str(gives) == "none"
    if None in takes or not (is_nothing or all(isinstance(word, str) and word in _SCALARS for word in given)):
        return None
    return {
        "name": dispatcher.py_func.__qualname__,
        "symbol": overload.fndesc.llvm_func_name,
        "takes": takes,
        "gives": None if is_nothing else given,
        "is_tuple": hasattr(gives, "__iter__"),
    }


def _spell(kind: Any) -> Any:  # noqa: ANN401 - the compiler's types
    """Return a type of the compiler as `spell_types` spells it, or None."""
    from numba import types
    from numba.np.numpy_support import as_dtype

    if isinstance(kind, types.Array):
        ends = ("" if kind.mutable else "r") + ("" if kind.aligned else "u")
        return f"{as_dtype(kind.dtype).str}/{kind.ndim}{kind.layout}{ends}"
    if isinstance(kind, types.UniTuple):
        return [_spell(part) for part in kind]
    if isinstance(kind, types.Boolean):  # passed as one bit, given back as a byte
        return "bool"
    return str(kind) if str(kind) in _SCALARS else None


def _read_object(dispatcher: Any, signature: object) -> bytes:  # noqa: ANN401 - as above
    """Return the object file that the compiler's cache has of one form; b"" where it has none."""
    cached = dispatcher._cache  # noqa: SLF001 - the compiler has no other way to its own cache
    file = getattr(cached, "_cache_file", None)
    if file is None:
        return b""
    library = file.load(cached._index_key(signature, dispatcher.targetctx.codegen()))  # noqa: SLF001
    _, kind, data = library[0] if library else ("", "", b"")
    return bytes(data[0]) if kind == "object" else b""


def is_kept(source: Path) -> bool:
    """Say whether machine code of that module lies on disk and fits."""
    with _LOADING:
        return _open(source) is not None


def has_place(source: Path) -> bool:
    """Say whether there is a folder for it that can be written."""
    return any(os.access(_nearest(place), os.W_OK) for place in _places(source))


def _nearest(place: Path) -> Path:
    return next(folder for folder in place.parents if folder.exists())


@lru_cache(maxsize=64)
def _open(source: Path) -> Kept | None:
    for place in _places(source):
        try:
            if place.stat().st_uid not in {0, os.geteuid()}:
                continue
            header, _, data = place.read_bytes().partition(b"\n")
            found = json.loads(header)
            if found["stamp"] == _build_stamp(source) and found["sha256"] == hashlib.sha256(data).hexdigest():
                return Kept(found, data)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # none there, or nothing that can be read: the compiler's
    return None


def _places(source: Path) -> list[Path]:
    """Return where machine code may lie: beside the source, else in the user's cache folder."""
    name = f"{source.stem}.{sys.implementation.cache_tag}{SUFFIX}"
    folder = hashlib.sha256(str(source.parent).encode()).hexdigest()[:16]
    if set_folder := os.environ.get(CACHE_VARIABLE):
        return [Path(set_folder) / folder / name]
    of_user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [source.parent / "__pycache__" / name, of_user / "chopmark" / folder / name]


def _write(source: Path, data: bytes) -> bool:
    for place in _places(source):
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, prefix=place.stem, delete=False) as part:
                part.write(data)
            # Who installs is often not who serves; such a file is of use to all, as the compiler's own are.
            Path(part.name).chmod(0o644)
            Path(part.name).replace(place)
            return True
    return False


def _build_stamp(source: Path) -> list[str | int]:
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    processor = hashlib.sha256(f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}".encode())
    return [FORMAT, digest, llvmlite.__version__, sys.version, np.__version__, processor.hexdigest()]


def _source(function: Callable[..., Any]) -> Path:
    assert isinstance(function, FunctionType)
    return Path(function.__code__.co_filename)


def _as_json(types: object) -> Any:  # noqa: ANN401 - lists of lists of words
    return [_as_json(part) for part in types] if isinstance(types, tuple) else types
