"""One table type for every kind of plugin: a name, and where to find what it names.

A built-in is a line in a table, a third party's plugin an entry point in the group ``chopmark.<kind>``; both take this
same door. Names stay strings until they are used, so importing a table imports nothing else. Installing a package
never enables its plugins: settings name what is enabled.
"""

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final, Generic, TypeVar

from provenance.errors import BrokenPluginError, DuplicatePluginError, GateError, MissingExtraError, UnknownPluginError

T = TypeVar("T")

_OURS: Final = "chopmark."


@dataclass(frozen=True)
class Plugins(Generic[T]):
    """The plugins of one kind.

    Attributes:
        kind: plural noun, as in the entry-point group ``chopmark.<kind>``.
        builtins: name to ``module:attribute``.
        extras: name to the extra of this distribution that brings what the plugin imports.
    """

    kind: str
    builtins: Mapping[str, str]
    extras: Mapping[str, str] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return every known name, sorted."""
        return tuple(sorted(self._targets()))

    def load(self, name: str) -> T:
        """Import and return the attribute that `name` stands for.

        Raises:
            UnknownPluginError: no such name; the message lists the known ones.
            DuplicatePluginError: an entry point claims a name that is taken.
            MissingExtraError: the plugin's module cannot be imported here.
            BrokenPluginError: its code fails when it is imported, or has no such attribute.
        """
        targets = self._targets()
        if name not in targets:
            known = ", ".join(sorted(targets)) or "none"
            raise UnknownPluginError(f"no {self.kind} plugin is named {name!r}; known: {known}")
        module_name, _, attribute = targets[name].partition(":")
        try:
            plugin: Any = getattr(import_module(module_name), attribute)
        except ImportError as exc:
            extra = self.extras.get(name)
            hint = f"; install the extra: pip install 'chopmark[{extra}]'" if extra else ""
            raise MissingExtraError(f"{self.kind} plugin {name!r} cannot be imported: {exc}{hint}") from exc
        except (Exception, SystemExit) as exc:  # anybody's code runs here
            raise BrokenPluginError(self._describe(name, targets[name], exc)) from exc
        loaded: T = plugin
        return loaded

    def make(self, name: str, *arguments: Any, has: Collection[str] = ()) -> Any:  # noqa: ANN401 - as the kind has it
        """Return what the plugin makes out of `arguments`, checked to have what its kind has to have.

        Args:
            name: of the plugin.
            arguments: that every plugin of the kind takes.
            has: attributes that what is made must have.

        Raises:
            GateError: as `load`, or what the plugin itself says of its arguments.
            BrokenPluginError: it fails otherwise, or what it makes lacks something.
        """
        factory: Any = self.load(name)
        try:
            made = factory(*arguments)
        except GateError:
            raise
        except (Exception, SystemExit) as exc:  # anybody's code runs here
            raise BrokenPluginError(self._describe(name, self._targets()[name], exc)) from exc
        missing = sorted(one for one in has if not hasattr(made, one))
        if missing:
            raise BrokenPluginError(
                f"{self.kind} plugin {name!r} is no plugin of its kind: it lacks {', '.join(missing)}; "
                "mend it, or take it out of the settings"
            )
        return made

    def _describe(self, name: str, target: str, exc: BaseException) -> str:
        said = (str(exc).splitlines() or [""])[0][:200]
        return (
            f"{self.kind} plugin {name!r} ({target}) is broken: {type(exc).__name__}: {said}; "
            "mend it, or take it out of the settings"
        )

    def _targets(self) -> dict[str, str]:
        targets = dict(self.builtins)
        for point in _find_points(entry_points, _describe_path()).get(f"{_OURS}{self.kind}", ()):
            if point.name in targets:
                raise DuplicatePluginError(
                    f"two {self.kind} plugins are named {point.name!r}: the second is {point.value}"
                )
            targets[point.name] = point.value
        return targets


def _describe_path() -> tuple[tuple[str, int], ...]:
    """Return where distributions may lie, and when each place was changed last."""
    found = []
    for place in sys.path:
        with suppress(OSError):
            found.append((place, Path(place).stat().st_mtime_ns))
    return tuple(found)


@lru_cache(maxsize=4)
def _find_points(find: Callable[..., Any], _path: tuple[tuple[str, int], ...]) -> Mapping[str, tuple[Any, ...]]:
    """Return our entry points by group: looking through all distributions takes milliseconds, and is asked often."""
    found = find()
    return {group: tuple(found.select(group=group)) for group in found.groups if group.startswith(_OURS)}


@contextmanager
def running(kind: str, name: str) -> Iterator[None]:
    """Run what a plugin does with an asset; what it says of its failure may quote the asset and is not told.

    Raises:
        BrokenPluginError: it fails with anything but an error of ours.
    """
    try:
        yield
    except GateError:
        raise
    except (Exception, SystemExit) as exc:  # anybody's code runs here
        last = extract_tb(exc.__traceback__)[-1]
        what = f"{type(exc).__name__} at {Path(last.filename).name}:{last.lineno}"
        raise BrokenPluginError(
            f"{kind} plugin {name!r} is broken: {what}; mend it, or take it out of the settings"
        ) from exc
