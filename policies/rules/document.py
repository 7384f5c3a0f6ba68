"""A YAML file read with its positions, so that every problem found in it can be pointed at.

What it trusts: nothing in the file. Size and depth are bounded before anything is built, anchors, aliases and tags are
refused, and nothing is ever constructed but texts, numbers, dates and true or false.
"""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from policies.rules.condition_checks import suggest
from provenance.errors import PackInvalidError
from provenance.text import is_safe

SIZE_LIMIT: Final = 256 * 1024
"""Bytes of one file; the longest built-in pack has under 8,000."""

DEPTH_LIMIT: Final = 8
"""Levels of nesting; a pack needs four."""

NODE_LIMIT: Final = 20_000
"""Values in one file."""

_SHIPPED: Final = Path(__file__).parents[1] / "packs"

_PLAIN_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "timestamp": "a date",
    "seq": "a list",
    "map": "a mapping",
}


class Mark(Protocol):
    """A place in a file; lines and columns count from 0."""

    line: int
    column: int
    index: int


class Problems:
    """Everything found wrong with one file, in the order of its lines."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: list[tuple[int, int, str]] = []

    def add(self, mark: Mark | None, message: str, hint: str = "", *, offset: int = 0) -> None:
        """Note a problem at `mark`, or at the start of the file, `offset` columns further on."""
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1 + offset)
        self._found.append((line, column, f"{message} ({hint})" if hint else message))

    def raise_found(self) -> None:
        """Raise when anything was found.

        Raises:
            PackInvalidError: with one line for each problem.
        """
        if self._found:
            lines = dict.fromkeys(f"{self._file}:{line}:{column}: {text}" for line, column, text in sorted(self._found))
            raise PackInvalidError(tuple(lines))


def parse_document(unverified_bytes: bytes, *, file: str) -> tuple["Section", Problems]:
    """Return the mapping that a YAML file holds, and where to note what is wrong with it.

    Raises:
        PackInvalidError: it is no YAML mapping, or exceeds a bound.
    """
    problems = Problems(file)
    if len(unverified_bytes) > SIZE_LIMIT:
        problems.add(None, f"file has more than {SIZE_LIMIT} bytes")
        problems.raise_found()
    node: yaml.Node | None = None
    text = ""
    try:
        text = unverified_bytes.decode()
        loader = _choose_loader(unverified_bytes, file)
        _bound(text, problems, loader)
        problems.raise_found()
        node = yaml.compose(text, Loader=loader)
    except UnicodeDecodeError as exc:
        problems.add(None, f"file is not UTF-8: byte {exc.start} is 0x{unverified_bytes[exc.start]:02x}")
    except yaml.MarkedYAMLError as exc:
        problems.add(exc.problem_mark or exc.context_mark, f"file is not YAML: {exc.problem or exc.context}")
    except yaml.reader.ReaderError as exc:
        problems.add(None, f"file is not YAML: character {exc.position} is not allowed")
    problems.raise_found()
    if not isinstance(node, yaml.MappingNode):
        problems.add(None, f"expected a mapping of the pack's parts, got {_name_kind(node)}")
        problems.raise_found()
    assert isinstance(node, yaml.MappingNode)
    return Section(node, problems, text), problems


def _choose_loader(unverified_bytes: bytes, file: str) -> Any:  # noqa: ANN401 - PyYAML has no types
    """Return what reads a document: libyaml for the packs that are shipped, ten times sooner, PyYAML itself for others.

    The two differ where tabs, question marks or byte-order marks stand, and what is nobody's mistake in one place is to
    be none in another. Of the shipped ones a test shows that both read the same.
    """
    shipped = _SHIPPED / Path(file).name
    if hasattr(yaml, "CSafeLoader") and shipped.is_file() and shipped.read_bytes() == unverified_bytes:
        return yaml.CSafeLoader
    return yaml.SafeLoader


def _bound(text: str, problems: Problems, loader: Any) -> None:  # noqa: ANN401 - as above
    """Walk the file's events, which cost no memory, and note what exceeds a bound or may not stand in a pack."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            problems.add(event.start_mark, "anchors and aliases are not allowed", "write the value out")
        elif getattr(event, "tag", None) is not None:
            problems.add(event.start_mark, "tags are not allowed", "remove what begins with an exclamation mark")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_LIMIT or count > NODE_LIMIT:
            problems.add(event.start_mark, "file is too deep or too long to be a pack")
            return


def _name_kind(node: yaml.Node | None) -> str:
    if node is None:
        return "an empty file"
    kind = node.tag.removeprefix(_PLAIN_TAG)
    shown = f" {node.value[:40]!r}" if isinstance(node, yaml.ScalarNode) and kind != "null" else ""
    return f"{_KINDS.get(kind, kind)}{shown}"


class Section:
    """One mapping of a file; reading a key notes what is wrong with it and returns a stand-in."""

    def __init__(self, node: yaml.MappingNode, problems: Problems, source: str) -> None:
        self.mark = node.start_mark
        self.problems = problems
        self._source = source
        self._values: dict[str, yaml.Node] = {}
        self._keys: dict[str, Mark] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name in self._keys:
                problems.add(key.start_mark, f"{name!r} is given twice", "keep one")
            elif not isinstance(key, yaml.ScalarNode):
                problems.add(key.start_mark, f"expected a key, got {_name_kind(key)}")
            else:
                self._keys[name] = key.start_mark
                self._values[name] = value

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def names(self) -> tuple[str, ...]:
        """The keys in the order of the file."""
        return tuple(self._keys)

    def mark_of(self, key: str) -> Mark:
        """Return where the value of `key` starts, or the section when it has none."""
        return self._values[key].start_mark if key in self._values else self.mark

    def key_mark(self, key: str) -> Mark:
        """Return where `key` itself starts."""
        return self._keys[key]

    def is_filled(self, key: str) -> bool:
        """Return whether anything at all, valid or not, stands under `key`."""
        node = self._values.get(key)
        return node is not None and bool(node.value)

    def expect(self, *, required: Collection[str], optional: Collection[str] = ()) -> None:
        """Note each key that is missing or unknown."""
        known = (*required, *optional)
        for key in required:
            if key not in self._values:
                self.problems.add(self.mark, f"{key!r} is missing")
        for key, mark in self._keys.items():
            if key not in known:
                self.problems.add(mark, f"unknown key {key!r}", suggest(key, known))

    def read_text(self, key: str, *, limit: int = 500, fold: bool = True) -> str:
        """Return a text of 1 to `limit` printable characters, or ""; folded into one line unless told otherwise."""
        value = self._read_scalar(key, "text", ("str",))
        if value is None:
            return ""
        if not value.strip() or len(value) > limit or not is_safe(value.replace("\n", " ")):
            self.problems.add(self.mark_of(key), f"{key} must have 1 to {limit} printable characters, got {len(value)}")
        return " ".join(value.split()) if fold else value

    def read_number(self, key: str, *, least: float, most: float) -> float | None:
        """Return a number from `least` to `most`, or None."""
        value = self._read_scalar(key, "a number", ("int", "float"))
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            self.problems.add(self.mark_of(key), f"{key} must be from {least:g} to {most:g}, got {value}")
            return None
        return number

    def read_flag(self, key: str, *, default: bool) -> bool:
        """Return true or false, or `default`."""
        value = self._read_scalar(key, "true or false", ("bool",))
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            self.problems.add(
                self.mark_of(key),
                f"{key} must be true or false, got {value}",
                "YAML's yes, no, on and off are not taken",
            )
        return value.lower() == "true"

    def read_date(self, key: str) -> date | None:
        """Return a date, or None."""
        value = self._read_scalar(key, "a date", ("timestamp",), hint="write it as 2025-09-01")
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problems.add(self.mark_of(key), f"{key} must be a date, got {value}", "write it as 2025-09-01")
            return None

    def read_choice(self, key: str, choices: Collection[str], *, noun: str) -> str | None:
        """Return one of `choices`, or None."""
        value = self._read_scalar(key, "text", ("str",))
        if value is None or value in choices:
            return value
        self.problems.add(self.mark_of(key), f"unknown {noun} {value!r}", suggest(value, choices))
        return None

    def read_value(self, key: str) -> object:
        """Return a text, a number, or true or false, as written."""
        node = self._values[key]
        kind = node.tag.removeprefix(_PLAIN_TAG)
        if kind in ("int", "float"):
            return self.read_number(key, least=float("-inf"), most=float("inf"))
        return self.read_flag(key, default=False) if kind == "bool" else node.value

    def read_texts(self, key: str) -> Iterator[tuple[str, Mark]]:
        """Yield each text of a list, and where it stands."""
        for node in self._read_list(key):
            if node.tag == f"{_PLAIN_TAG}str":
                yield node.value, node.start_mark
            else:
                self.problems.add(node.start_mark, f"expected text in {key}, got {_name_kind(node)}")

    def read_sections(self, key: str) -> Iterator["Section"]:
        """Yield each mapping of a list."""
        for node in self._read_list(key):
            if isinstance(node, yaml.MappingNode):
                yield Section(node, self.problems, self._source)
            else:
                self.problems.add(node.start_mark, f"expected a mapping in {key}, got {_name_kind(node)}")

    def read_section(self, key: str) -> "Section | None":
        """Return the mapping under `key`, or None."""
        node = self._values.get(key)
        if node is None or isinstance(node, yaml.MappingNode):
            return None if node is None else Section(node, self.problems, self._source)
        self.problems.add(node.start_mark, f"{key} must be a mapping, got {_name_kind(node)}")
        return None

    def note_inside(self, key: str, offset: int | None, message: str, hint: str) -> None:
        """Note a problem within a text: at its very character when the text stands in the file as it reads."""
        node = self._values[key]
        raw = self._source[node.start_mark.index : node.end_mark.index]
        at = raw.find(node.value) if "\n" not in raw else -1
        self.problems.add(node.start_mark, message, hint, offset=0 if offset is None or at < 0 else at + offset)

    def _read_list(self, key: str) -> list[yaml.Node]:
        node = self._values.get(key)
        if node is None or isinstance(node, yaml.SequenceNode):
            return [] if node is None else list(node.value)
        self.problems.add(node.start_mark, f"{key} must be a list, got {_name_kind(node)}")
        return []

    def _read_scalar(self, key: str, expected: str, kinds: Collection[str], *, hint: str = "") -> str | None:
        node = self._values.get(key)
        if node is None:
            return None
        kind = node.tag.removeprefix(_PLAIN_TAG)
        if isinstance(node, yaml.ScalarNode) and kind in kinds:
            return str(node.value)
        if not hint and kinds == ("str",) and isinstance(node, yaml.ScalarNode) and kind != "null":
            hint = "put it in quotes"
        self.problems.add(node.start_mark, f"{key} must be {expected}, got {_name_kind(node)}", hint)
        return None
