"""One table type for every kind of plugin: a name, and where to find what it names.

A built-in is a line in a table, a third party's plugin an entry point in the group ``chopmark.<kind>``; both take this
same door. Names stay strings until they are used, so importing a table imports nothing else. Installing a package
never enables its plugins: settings name what is enabled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from provenance.errors import DuplicatePluginError, MissingExtraError, UnknownPluginError

T = TypeVar("T")


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
        loaded: T = plugin
        return loaded

    def _targets(self) -> dict[str, str]:
        targets = dict(self.builtins)
        for point in entry_points(group=f"chopmark.{self.kind}"):
            if point.name in targets:
                raise DuplicatePluginError(
                    f"two {self.kind} plugins are named {point.name!r}: the second is {point.value}"
                )
            targets[point.name] = point.value
        return targets
