"""Every compiled loop, compiled when an installation is made and not while somebody waits for the first answer.

Compiling takes the better part of a minute, once for an installation and a kind of processor: the result is kept on
disk (`provenance.compiler`). `make setup` runs this module; `chopmark init` and `doctor` do the same for what pip
installed. What counts is which types each loop is called with, so the loops are run as the gate runs them.

    python -m provenance.warming
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from provenance.compiler import COMPILED, compiling_anew
from provenance.machine_code import has_place, is_kept, keep_machine_code

KERNELS: Final = (
    "provenance.watermarks.tile._guess_kernel",
    "provenance.watermarks.tile._mark_kernel",
    "provenance.watermarks.tile._place_kernel",
    "provenance.watermarks.tile._polar_kernel",
    "provenance.watermarks.tile._score_kernel",
    "provenance.watermarks.tile._search_kernel",
    "provenance.watermarks.tile2._blocks_kernel",
    "provenance.watermarks.tile2._cells_kernel",
    "provenance.watermarks.tile2._waves_kernel",
    "provenance.watermarks.tile2._windows_kernel",
    "provenance.works._kernel",
)
"""Modules of compiled loops; a test holds them to the tree."""

CODE_BITS: Final = (64, 256, 512)
"""Lengths of the fingerprints that come with the gate: the number of limbs is a type to the compiler."""

# Large enough that the detector looks at the middle first and at half the size last.
_SIDES: Final = (900, 700)
_TURN_DEGREES: Final = 7.0


def are_kernels_warm() -> bool:
    """Say whether every loop lies compiled on disk, as machine code that fits this installation; compiles nothing."""
    return all(is_kept(_find_source(name)) for name in KERNELS)


def have_kernels_a_place() -> bool:
    """Say whether there is a folder where compiled loops can be kept."""
    return has_place(_find_source(KERNELS[0]))


def warm_kernels() -> None:
    """Run every compiled loop with the types that the gate calls it with; compiles what is not on disk yet."""
    with compiling_anew():
        _warm_watermark()
        _warm_works()
    for name in KERNELS:
        loops = [loop for loop in COMPILED if loop.__module__ == name]
        keep_machine_code(_find_source(name), [loop.dispatcher for loop in loops])


def _find_source(name: str) -> Path:
    return Path(__file__).parent.joinpath(*name.split(".")[1:]).with_suffix(".py")


def _warm_watermark() -> None:
    """Mark a picture and find the mark again: as it is, turned, and not at all, which takes every search; a part."""
    import cv2
    import numpy as np

    from provenance.watermarks.base import WatermarkKey
    from provenance.watermarks.tile.front import build_residual
    from provenance.watermarks.tile.reading import IDENTITY
    from provenance.watermarks.tile.scheme import Tile
    from provenance.watermarks.tile2.reading import lay, read_anywhere
    from provenance.watermarks.tile2.scheme import Tile2

    keys = (WatermarkKey("warming", bytes(32)),)
    width, height = _SIDES
    noise = np.random.default_rng(0).integers(64, 192, (height // 4, width // 4, 3), dtype=np.uint8)
    frame = np.asarray(cv2.resize(noise, _SIDES, interpolation=cv2.INTER_CUBIC), np.uint8)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), _TURN_DEGREES, 1.0)
    read_only = frame.copy()
    read_only.flags.writeable = False  # to the compiler another type, as decoders give it
    for scheme in (Tile(keys), Tile2(keys)):
        marked = scheme.embed(frame, 1)
        for seen in (marked, cv2.warpAffine(marked, turn, _SIDES), frame, np.ascontiguousarray(frame[:256, :256])):
            scheme.extract(np.asarray(seen, np.uint8))
        scheme.extract(read_only)
        scheme.embed(read_only, 1)
    layout = Tile2(keys).layouts[0]
    laid = lay(build_residual(np.ascontiguousarray(frame[:96, :96])), layout.lines, IDENTITY, np.zeros(2))
    assert laid is not None, "the identity is never degenerate"
    read_anywhere(laid, layout, tests=1)


def _warm_works() -> None:
    """Build and search a small index of each length of code, from files and from memory."""
    import numpy as np

    from provenance.works import _kernel
    from provenance.works.segment import Origin, Segment, as_read_only, build_limbs, write_segment

    random = np.random.default_rng(0)
    for bits in CODE_BITS:
        codes = random.integers(0, 256, (64, bits // 8), dtype=np.uint8)
        limbs, numbers = build_limbs(codes), np.arange(1, len(codes) + 1)
        query = tuple(limbs[0])
        with TemporaryDirectory(prefix="chopmark-") as folder:
            origin = Origin("warming", "warming", bits, len(codes), 0, 1, codes[0].tobytes().hex())
            write_segment(Path(folder), limbs=limbs, sequences=numbers, origin=origin, radius_bits=bits // 8)
            Segment.open(Path(folder)).search(query, bits // 8)
        room = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
        _kernel.scan(as_read_only(limbs.reshape(-1)), len(codes), query, bits // 8, *room)


if __name__ == "__main__":
    warm_kernels()
