"""The one way to compile a loop: at its first call, kept on disk, without the interpreter lock.

Importing the compiler and having it read its own cache takes the better part of a second. So what it made is kept once
more, as plain machine code that runs without it (`provenance.machine_code`); the compiler is asked only for what is
not there. `provenance.warming` fills both beforehand.

The compiler and what else imports SciPy do so in `importing_scipy`, one thread at a time: two that import parts of one
package which need each other stop each other half way, and the interpreter then gives out half a package.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, update_wrapper
from importlib import import_module
from threading import RLock
from typing import Any, Final, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

COMPILED: Final[list["Loop[..., Any]"]] = []
"""Every loop of the modules imported so far."""

PREPARATION: Final = "prepare_compiler"
"""A module that has a function of this name is asked for it before its loops are compiled."""

_IMPORTING: Final = RLock()
# What the compiler asks for only when it loads the first function, and then without a lock.
_LATER: Final = ("numba.extending", "numba.np.arraymath", "scipy.linalg.cython_blas", "scipy.linalg.cython_lapack")

_anew = False


class Loop(Generic[P, R]):
    """A function that runs as machine code; any number of threads may call it. Arguments go by place, none by name."""

    def __init__(self, function: Callable[P, R], *, fastmath: bool) -> None:
        update_wrapper(self, function)
        self.function = function
        self._options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy" if fastmath else "python"}
        self._ready: dict[object, Callable[P, R]] = {}
        COMPILED.append(self)

    def __call__(self, *args: P.args, **_kwargs: P.kwargs) -> R:
        """Run it for the types of what is passed."""
        from provenance.machine_code import spell_types

        types = spell_types(args)
        run = self._ready.get(types)
        if run is None:
            run = self._find(types)
        return run(*args)  # type: ignore[call-arg]  # none goes by name

    @cached_property
    def dispatcher(self) -> Any:  # noqa: ANN401 - the compiler has no types
        """What the compiler makes of it; imports the compiler."""
        with importing_scipy():
            import numba

            for name in _LATER:
                import_module(name)
            numba.extending.typeof_impl.register(Loop)(_type_loop)
            getattr(sys.modules.get(self.function.__module__), PREPARATION, lambda: None)()
            try:
                return numba.njit(cache=True, **self._options)(self.function)
            except RuntimeError:  # numba found no folder for its cache
                return numba.njit(**self._options)(self.function)

    def _find(self, types: tuple[object, ...] | None) -> Callable[P, R]:
        from provenance.machine_code import find_machine_code

        found = None if types is None or _anew else find_machine_code(self.function, types)
        run: Callable[P, R] = found or self.dispatcher
        if not _anew:
            self._ready[types] = run
        return run


def _type_loop(loop: "Loop[..., Any]", context: object) -> object:
    """Say of which type a loop is that another one calls: the compiler asks."""
    from numba.extending import typeof_impl

    return typeof_impl(loop.dispatcher, context)


@contextmanager
def compiling_anew() -> Iterator[None]:
    """Ask the compiler for every loop, whatever lies on disk as machine code; of the whole process, not of a thread."""
    global _anew  # noqa: PLW0603 - a set-up's switch, not a state that answers depend on
    _anew = True
    try:
        yield
    finally:
        _anew = False


@contextmanager
def importing_scipy() -> Iterator[None]:
    """Be the only thread that imports SciPy, or a package that does so."""
    with _IMPORTING:
        yield


def compiled(function: Callable[P, R]) -> Loop[P, R]:
    """Compile at the first call and keep the result on disk, or in memory only where no folder can be written."""
    return Loop(function, fastmath=False)


def compiled_for_speed(function: Callable[P, R]) -> Loop[P, R]:
    """Compile as `compiled` does, for float loops without NaN: sums may be reordered, divisions are not checked."""
    return Loop(function, fastmath=True)
