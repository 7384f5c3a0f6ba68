"""One pack file, validated whole: every problem in it is found at once, with its place and a hint.

A problem reads ``file:line:column: what is wrong (hint)``. A pack with any problem is no pack at all.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from policies.rules.condition_checks import LENGTH_LIMIT, ConditionFlawedError, parse_condition, suggest
from policies.rules.conditions import Condition
from policies.rules.decision import Outcome
from policies.rules.document import Section, parse_document
from policies.rules.marks import known_parameters
from policies.rules.pack import ENGINE, MEASURES, Demand, Duty, Pack, Requirement, Rule, Source, Threshold
from policies.rules.vocabulary import CATEGORIES, VENDOR_CATEGORY, known_detectors
from provenance.asset import sha256_hex
from provenance.grant import MarkKind

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID: Final = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")
_REQUIRED: Final = ("name", "version", "title", "description", "jurisdiction", "effective", "sources")
_OPTIONAL: Final = ("categories", "requires", "thresholds", "rules", "obligations", "duties")


def parse_pack(
    unverified_bytes: bytes, *, file: str, detectors: Collection[str] | None = None, taken: Collection[str] = ()
) -> Pack:
    """Validate the bytes of a pack file and return the pack; what was found sound is not read a second time.

    Args:
        unverified_bytes: the file's content.
        file: how to call it in problems; its name without ``.yaml`` must be the pack's.
        detectors: names that `requires` and conditions may use; None for all that are installed.
        taken: names that other packs have.

    Raises:
        PackInvalidError: with every problem.
    """
    known = known_detectors() if detectors is None else frozenset(detectors)
    return _parse_pack(bytes(unverified_bytes), file, known, frozenset(taken))


# Every tenant's site reads the same packs, and each costs tens of milliseconds. A pack is immutable; what is refused is
# not kept.
@lru_cache(maxsize=64)
def _parse_pack(unverified_bytes: bytes, file: str, detectors: frozenset[str], taken: frozenset[str]) -> Pack:
    root, problems = parse_document(unverified_bytes, file=file)
    root.expect(required=_REQUIRED, optional=_OPTIONAL)
    reader = _PackReader(root, detectors)
    fields = reader.read()
    stem = Path(file).stem
    if fields["name"] and fields["name"] != stem:
        problems.add(root.mark_of("name"), f"pack is named {fields['name']!r}, its file {stem!r}", "make them the same")
    if fields["name"] in taken:
        problems.add(root.mark_of("name"), f"another pack is named {fields['name']!r}", "choose a name of its own")
    problems.raise_found()
    return Pack(**fields, sha256=sha256_hex(unverified_bytes), document=unverified_bytes)


class _PackReader:
    """Reads the parts of one pack; what is wrong goes to the document's problems."""

    def __init__(self, root: Section, detectors: Collection[str]) -> None:
        self._root = root
        self._problems = root.problems
        self._detectors = detectors
        self._categories: frozenset[str] = CATEGORIES
        self._sources: tuple[Source, ...] = ()
        self._ids: set[str] = set()

    def read(self) -> dict[str, Any]:
        """Return the fields of the pack, except its digest."""
        self._sources = tuple(self._read_sources())
        self._categories = CATEGORIES | frozenset(self._read_categories())
        first, last = self._read_effective()
        fields: dict[str, Any] = {
            "name": self._read_matching("name", _NAME, "lower-case words joined by hyphens"),
            "version": self._read_matching("version", _VERSION, "three numbers such as 1.0.0"),
            "title": self._root.read_text("title", limit=120),
            "description": self._root.read_text("description", limit=2000),
            "jurisdiction": self._read_matching("jurisdiction", _NAME, "a lower-case code such as eu, or any"),
            "effective_from": first,
            "effective_until": last,
            "sources": self._sources,
            "requires": tuple(self._read_requires()),
            "thresholds": tuple(self._read_thresholds()),
            "rules": tuple(self._read_rules()),
            "obligations": tuple(self._read_obligations()),
            "duties": tuple(self._read_duties()),
        }
        if fields["name"] == ENGINE:
            self._problems.add(self._root.mark_of("name"), f"the name {ENGINE!r} is taken by the engine")
        if not self._root.is_filled("thresholds") and not self._root.is_filled("rules"):
            self._problems.add(
                self._root.mark, "pack has neither thresholds nor rules", "an empty rule list would release everything"
            )
        return fields

    def _read_effective(self) -> tuple[date | None, date | None]:
        effective = self._root.read_section("effective")
        if effective is None:
            return None, None
        effective.expect(required=("from",), optional=("until",))
        first, last = effective.read_date("from"), effective.read_date("until")
        if first is not None and last is not None and last < first:
            self._problems.add(effective.mark_of("until"), f"last day {last} is before first day {first}")
        return first, last

    def _read_matching(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self._root.read_text(key, limit=63)
        if value and not pattern.fullmatch(value):
            self._problems.add(self._root.mark_of(key), f"{key} must be {expected}, got {value!r}")
        return value

    def _read_sources(self) -> Iterator[Source]:
        sources = self._root.read_section("sources")
        if sources is None:
            return
        if not sources.names:
            self._problems.add(sources.mark, "sources is empty", "every clause must cite one")
        for key in sources.names:
            section = sources.read_section(key)
            if section is None:
                continue
            section.expect(required=("title",), optional=("url",))
            url = section.read_text("url")
            if url and not re.match(r"https?://|docs/", url):
                self._problems.add(section.mark_of("url"), f"expected an address or a page under docs/, got {url!r}")
            yield Source(key=key, title=section.read_text("title"), url=url)

    def _read_categories(self) -> Iterator[str]:
        for name, mark in self._root.read_texts("categories"):
            if VENDOR_CATEGORY.fullmatch(name):
                yield name
            else:
                hint = "built-in categories need no declaration" if name in CATEGORIES else "such as acme.logo"
                self._problems.add(mark, f"{name!r} is no category of a vendor", hint)

    def _read_grounds(self, section: Section) -> dict[str, Any]:
        """Return clause, text and first day of one rule; the clause begins with the key of a source."""
        clause, text = section.read_text("clause"), section.read_text("text")
        if clause and not any(clause == source.key or clause.startswith(f"{source.key} ") for source in self._sources):
            known = ", ".join(repr(source.key) for source in self._sources) or "none"
            self._problems.add(
                section.mark_of("clause"), f"clause {clause!r} cites no source", f"begin it with one of {known}"
            )
        since = section.read_date("from") if "from" in section else None
        return {"clause": clause, "text": text, "since": since}

    def _read_id(self, section: Section) -> str:
        name = section.read_text("id", limit=63)
        if name and not _ID.fullmatch(name):
            self._problems.add(section.mark_of("id"), f"id must be lower-case words joined by _ or -, got {name!r}")
        if name in self._ids:
            self._problems.add(section.mark_of("id"), f"id {name!r} is used twice", "ids are unique within a pack")
        self._ids.add(name)
        return name

    def _read_requires(self) -> Iterator[Requirement]:
        seen: set[str] = set()
        for section in self._root.read_sections("requires"):
            section.expect(required=("detector", "clause", "text"), optional=("not_applicable", "from"))
            detector = section.read_choice("detector", self._detectors, noun="detector")
            if detector in seen:
                self._problems.add(section.mark_of("detector"), f"detector {detector!r} is required twice", "keep one")
            allowed = section.read_flag("not_applicable", default=False)
            grounds = self._read_grounds(section)
            if detector is not None:
                seen.add(detector)
                yield Requirement(detector=detector, not_applicable=allowed, **grounds)

    def _read_thresholds(self) -> Iterator[Threshold]:
        thresholds = self._root.read_section("thresholds")
        for category in thresholds.names if thresholds is not None else ():
            assert thresholds is not None
            if category not in self._categories:
                hint = suggest(category, self._categories)
                self._problems.add(thresholds.key_mark(category), f"unknown category {category!r}", hint)
            section = thresholds.read_section(category)
            if section is None:
                continue
            section.expect(required=("clause", "text"), optional=("hold", "block", "from"))
            hold, block = (section.read_number(key, least=0.0, most=1.0) for key in ("hold", "block"))
            if "hold" not in section and "block" not in section:
                self._problems.add(section.mark, f"threshold of {category} has neither 'hold' nor 'block'")
            if hold is not None and block is not None and hold > block:
                self._problems.add(
                    section.mark_of("hold"), f"hold {hold:g} is above block {block:g}", "a score blocks before it holds"
                )
            yield Threshold(category=category, hold=hold, block=block, **self._read_grounds(section))

    def _read_rules(self) -> Iterator[Rule]:
        for section in self._root.read_sections("rules"):
            section.expect(required=("id", "when", "outcome", "clause", "text"), optional=("from",))
            name, when = self._read_id(section), self._read_condition(section)
            outcome = section.read_choice("outcome", (Outcome.HOLD, Outcome.BLOCK), noun="outcome")
            grounds = self._read_grounds(section)
            if when is not None and outcome is not None:
                yield Rule(id=name, when=when, outcome=Outcome(outcome), **grounds)

    def _read_obligations(self) -> Iterator[Demand]:
        for section in self._root.read_sections("obligations"):
            section.expect(
                required=("id", "mark", "clause", "text"), optional=("parameters", "required", "when", "from")
            )
            name, when = self._read_id(section), self._read_condition(section)
            mark = section.read_choice("mark", tuple(MarkKind), noun="mark")
            required, grounds = section.read_flag("required", default=True), self._read_grounds(section)
            parameters = {} if mark is None else self._read_parameters(section, MarkKind(mark))
            if mark is not None:
                yield Demand(
                    id=name, mark=MarkKind(mark), parameters=parameters, required=required, when=when, **grounds
                )

    def _read_duties(self) -> Iterator[Duty]:
        for section in self._root.read_sections("duties"):
            section.expect(required=("id", "clause", "text"), optional=("measure", "from"))
            name, grounds = self._read_id(section), self._read_grounds(section)
            measure = section.read_choice("measure", MEASURES, noun="measure") if "measure" in section else ""
            yield Duty(id=name, measure=measure or "", **grounds)

    def _read_parameters(self, section: Section, mark: MarkKind) -> dict[str, object]:
        known = known_parameters(mark)
        given = section.read_section("parameters")
        values: dict[str, object] = {}
        if mark is MarkKind.EXPLICIT_LABEL and (given is None or "text" not in given):
            self._problems.add(section.mark, "an explicit label needs the parameter 'text'")
        for name in given.names if given is not None else ():
            assert given is not None
            if name not in known:
                hint = suggest(name, known) if known else f"{mark} takes none"
                self._problems.add(given.key_mark(name), f"unknown parameter {name!r} of {mark}", hint)
                continue
            values[name] = given.read_value(name)
            if not known[name].is_valid(values[name]):
                self._problems.add(given.mark_of(name), f"{name} must be {known[name].expected}, got {values[name]!r}")
        return values

    def _read_condition(self, section: Section) -> Condition | None:
        text = section.read_text("when", limit=LENGTH_LIMIT, fold=False)
        if not text or len(text) > LENGTH_LIMIT:
            return None
        try:
            return parse_condition(text, categories=self._categories, detectors=self._detectors)
        except ConditionFlawedError as exc:
            for flaw in exc.flaws:
                section.note_inside("when", flaw.offset, flaw.message, flaw.hint)
            return None
