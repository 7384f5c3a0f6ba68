"""What compiled loops call by name: the few functions that hand out memory, made here, under names of our own.

The compiler's object files ask for its runtime. Their names are changed to ours, so that loops loaded without the
compiler and those of the compiler itself never share a block of memory.

Source: numba/core/runtime/nrt.cpp for the blocks; System V ABI, "Symbol Table", for the object files.
"""

import struct
from typing import Final

# Of equal length, so that no offset in an object file moves.
_NAMES: Final = ((b"NRT_", b"CMK_"), (b"numba_", b"chopm_"))

UNREACHED: Final = frozenset(
    {
        "NRT_adapt_ndarray_from_python",
        "NRT_adapt_ndarray_to_python_acqref",
        "numba_do_raise",
        "numba_gil_ensure",
        "numba_gil_release",
        "numba_runtime_build_excinfo_struct",
        "numba_unpickle",
    }
)
"""What only the compiler's wrappers for Python call, which nobody calls here."""

# struct MemInfo { size_t references; void (*end)(void*, size_t, void*); void* given; void* data; size_t size; void*; }
RUNTIME: Final = """
declare ptr @malloc(i64)
declare ptr @realloc(ptr, i64)
declare void @free(ptr)

define ptr @CMK_Allocate(i64 %size) {
  %block = call ptr @malloc(i64 %size)
  ret ptr %block
}

define void @CMK_Free(ptr %block) {
  call void @free(ptr %block)
  ret void
}

define ptr @CMK_MemInfo_alloc_aligned(i64 %size, i32 %align) {
  %wide = zext i32 %align to i64
  %head = add i64 %wide, 48
  %whole = add i64 %head, %size
  %block = call ptr @malloc(i64 %whole)
  %is_none = icmp eq ptr %block, null
  br i1 %is_none, label %none, label %some
none:
  ret ptr null
some:
  %number = ptrtoint ptr %block to i64
  %last = sub i64 %head, 1
  %past = add i64 %number, %last
  %below = sub i64 0, %wide
  %place = and i64 %past, %below
  %data = inttoptr i64 %place to ptr
  store i64 1, ptr %block
  %end = getelementptr i8, ptr %block, i64 8
  store ptr null, ptr %end
  %given = getelementptr i8, ptr %block, i64 16
  store ptr null, ptr %given
  %data_at = getelementptr i8, ptr %block, i64 24
  store ptr %data, ptr %data_at
  %size_at = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %size_at
  %extra = getelementptr i8, ptr %block, i64 40
  store ptr null, ptr %extra
  ret ptr %block
}

define ptr @CMK_MemInfo_alloc(i64 %size) {
  %block = call ptr @CMK_MemInfo_alloc_aligned(i64 %size, i32 16)
  ret ptr %block
}

define void @CMK_end_varsize(ptr %data, i64 %size, ptr %given) {
  %is_none = icmp eq ptr %given, null
  br i1 %is_none, label %done, label %ask
ask:
  call void %given(ptr %data)
  br label %done
done:
  call void @free(ptr %data)
  ret void
}

define ptr @CMK_MemInfo_new_varsize_dtor(i64 %size, ptr %given) {
  %data = call ptr @malloc(i64 %size)
  %block = call ptr @CMK_MemInfo_alloc_aligned(i64 0, i32 16)
  %no_data = icmp eq ptr %data, null
  %no_block = icmp eq ptr %block, null
  %is_none = or i1 %no_data, %no_block
  br i1 %is_none, label %none, label %some
none:
  call void @free(ptr %data)
  call void @free(ptr %block)
  ret ptr null
some:
  %end = getelementptr i8, ptr %block, i64 8
  store ptr @CMK_end_varsize, ptr %end
  %given_at = getelementptr i8, ptr %block, i64 16
  store ptr %given, ptr %given_at
  %data_at = getelementptr i8, ptr %block, i64 24
  store ptr %data, ptr %data_at
  %size_at = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %size_at
  ret ptr %block
}

define ptr @CMK_MemInfo_varsize_realloc(ptr %block, i64 %size) {
  %data_at = getelementptr i8, ptr %block, i64 24
  %old = load ptr, ptr %data_at
  %data = call ptr @realloc(ptr %old, i64 %size)
  %is_none = icmp eq ptr %data, null
  br i1 %is_none, label %none, label %some
none:
  ret ptr null
some:
  store ptr %data, ptr %data_at
  %size_at = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %size_at
  ret ptr %data
}

define void @CMK_MemInfo_call_dtor(ptr %block) {
  %end_at = getelementptr i8, ptr %block, i64 8
  %end = load ptr, ptr %end_at
  %is_none = icmp eq ptr %end, null
  br i1 %is_none, label %done, label %ask
ask:
  %data_at = getelementptr i8, ptr %block, i64 24
  %data = load ptr, ptr %data_at
  %size_at = getelementptr i8, ptr %block, i64 32
  %size = load i64, ptr %size_at
  %given_at = getelementptr i8, ptr %block, i64 16
  %given = load ptr, ptr %given_at
  call void %end(ptr %data, i64 %size, ptr %given)
  br label %done
done:
  call void @free(ptr %block)
  ret void
}
"""

# ELF-64: the header, one section header, one symbol.
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_SYMBOL_TABLE: Final = 2


class Undefined(Exception):  # noqa: N818 - no error: whoever asks does without
    """An object file calls what is not made here, or is of another kind."""


def rename(symbol: str) -> str:
    """Return our name for one of the compiler's runtime."""
    data = symbol.encode()
    for theirs, ours in _NAMES:
        data = data.replace(theirs, ours)
    return data.decode()


def rename_runtime(code: bytes) -> bytes:
    """Return an object file that asks for our names instead of the compiler's.

    Raises:
        Undefined: it asks for more than there is, or is no object file of this platform.
    """
    try:
        names, undefined = _read_symbols(code)
    except (struct.error, IndexError) as exc:
        raise Undefined("expected an ELF object file of 64 bits") from exc
    missing = {symbol for symbol in undefined if symbol.startswith(("NRT_", "numba_"))} - UNREACHED
    missing = {symbol for symbol in missing if f"@{rename(symbol)}(" not in RUNTIME}
    if missing:
        raise Undefined(f"expected loops that ask for memory alone, got {', '.join(sorted(missing))}")
    start, end = names
    text = code[start:end]
    for theirs, ours in _NAMES:
        text = text.replace(theirs, ours)
    return code[:start] + text + code[end:]


def _read_symbols(code: bytes) -> tuple[tuple[int, int], set[str]]:
    """Return where the symbols' names lie, and those that the file does not define itself."""
    identity, *_, offset, _, _, _, _, _, count, _ = _HEADER.unpack_from(code)
    if identity[:6] != b"\x7fELF\x02\x01":
        raise Undefined("expected an ELF object file of 64 bits")
    sections = [_SECTION.unpack_from(code, offset + index * _SECTION.size) for index in range(count)]
    table = next(section for section in sections if section[1] == _SYMBOL_TABLE)
    strings = sections[table[6]]
    start, end = strings[4], strings[4] + strings[5]
    undefined = set()
    for at in range(table[4], table[4] + table[5], _SYMBOL.size):
        name, _, _, section, _, _ = _SYMBOL.unpack_from(code, at)
        if name and not section:
            undefined.add(code[start + name : code.index(b"\0", start + name)].decode())
    return (start, end), undefined
