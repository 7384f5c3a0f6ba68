"""Blocks of memory for compiled loops, made and given back; object files that ask for more are refused."""

import ctypes

import llvmlite.binding as llvm
import pytest

from provenance.machine_symbols import RUNTIME, UNREACHED, Undefined, rename, rename_runtime


def make_object(text):
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    return machine.emit_object(llvm.parse_assembly(text))


def test_names_keep_their_length():
    for symbol in (*UNREACHED, "NRT_MemInfo_alloc_aligned", "malloc"):
        assert len(rename(symbol)) == len(symbol)
    assert rename("malloc") == "malloc"


def test_an_object_file_asks_for_our_names_instead():
    code = make_object(
        "declare ptr @NRT_Allocate(i64)\ndefine ptr @f() { %p = call ptr @NRT_Allocate(i64 8)\n ret ptr %p }"
    )
    renamed = rename_runtime(code)
    assert len(renamed) == len(code)
    assert b"NRT_" not in renamed
    assert b"CMK_Allocate" in renamed


@pytest.mark.parametrize("symbol", ["NRT_of_another_time", "numba_attempt_nocopy_reshape"])
def test_an_object_file_that_asks_for_more_is_refused(symbol):
    code = make_object(f"declare ptr @{symbol}()\ndefine ptr @f() {{ %p = call ptr @{symbol}()\n ret ptr %p }}")
    with pytest.raises(Undefined, match=symbol):
        rename_runtime(code)


@pytest.mark.parametrize("code", [b"", b"no object", b"\x7fELF\x01\x01" + bytes(80)])
def test_another_kind_of_file_is_refused(code):
    with pytest.raises(Undefined, match="ELF"):
        rename_runtime(code)


@pytest.fixture(scope="module")
def runtime():
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(RUNTIME), machine)
    engine.finalize_object()

    def find(name, gives, *takes):
        return ctypes.CFUNCTYPE(gives, *takes)(engine.get_function_address(name))

    return find


WORDS = ctypes.POINTER(ctypes.c_uint64)


@pytest.mark.parametrize(("size", "align"), [(0, 16), (100, 32), (1 << 20, 64)])
def test_a_block_says_where_its_aligned_data_lie(runtime, size, align):
    make = runtime("CMK_MemInfo_alloc_aligned", WORDS, ctypes.c_uint64, ctypes.c_uint32)
    end = runtime("CMK_MemInfo_call_dtor", None, WORDS)
    block = make(size, align)
    references, _, _, data, told, _ = block[:6]
    assert (references, told) == (1, size)
    assert data % align == 0
    assert data >= ctypes.addressof(block.contents) + 48
    ctypes.memset(data, 0xFF, size)
    end(block)


def test_a_block_that_grows_keeps_what_is_in_it_and_ends_once(runtime):
    ended = []
    note = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(ended.append)
    make = runtime("CMK_MemInfo_new_varsize_dtor", WORDS, ctypes.c_uint64, ctypes.c_void_p)
    grow = runtime("CMK_MemInfo_varsize_realloc", ctypes.c_void_p, WORDS, ctypes.c_uint64)
    end = runtime("CMK_MemInfo_call_dtor", None, WORDS)
    block = make(8, ctypes.cast(note, ctypes.c_void_p))
    ctypes.memmove(block[3], b"12345678", 8)
    data = grow(block, 1 << 20)
    assert data == block[3]
    assert block[4] == 1 << 20
    assert ctypes.string_at(data, 8) == b"12345678"
    end(block)
    assert ended == [data]
