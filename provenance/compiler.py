"""The one way to compile a loop: at its first call, kept on disk, without the interpreter lock.

The compiler keeps its output beside the source, or in the user's cache folder where the package is read-only. It is
imported when the first compiled function is asked for, not before. `provenance.warming` fills the cache beforehand.

The compiler and what else imports SciPy do so in `importing_scipy`, one thread at a time: two that import parts of one
package which need each other stop each other half way, and the interpreter then gives out half a package.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

COMPILED: Final[list[Any]] = []
"""Every compiled function of the modules imported so far, as the compiler's own objects."""

_IMPORTING: Final = RLock()
# What the compiler asks for only when it loads the first function, and then without a lock.
_LATER: Final = ("numba.extending", "numba.np.arraymath", "scipy.linalg.cython_blas", "scipy.linalg.cython_lapack")


@contextmanager
def importing_scipy() -> Iterator[None]:
    """Be the only thread that imports SciPy, or a package that does so."""
    with _IMPORTING:
        yield


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call and keep the result on disk, or in memory only where no folder can be written."""
    return _compile(function, fastmath=False)


def compiled_for_speed(function: Callable[P, R]) -> Callable[P, R]:
    """Compile as `compiled` does, for float loops without NaN: sums may be reordered, divisions are not checked."""
    return _compile(function, fastmath=True)


def _compile(function: Callable[P, R], *, fastmath: bool) -> Callable[P, R]:
    with importing_scipy():
        import numba

        for name in _LATER:
            import_module(name)
    options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy" if fastmath else "python"}
    try:
        compiling: Callable[P, R] = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no folder for its cache
        compiling = numba.njit(**options)(function)
    COMPILED.append(compiling)
    return compiling
