"""The ingredients of a manifest as a tree, each with what did not hold of it: pure, and suspicious of every field.

A fault of an ingredient is known from two sides: what its taker recorded when it was taken in, and what c2pa finds
now. Either counts, and one that belongs to no ingredient in the tree is not lost.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenance.manifests.faults import TRUST_PREFIXES
from provenance.manifests.report import MAX_ITEMS, IngredientReport, clean_text

MAX_DEPTH: Final = 16

# C2PA 2.4 s15.2.2: a manifest that nobody could reach is not one that does not hold
INACCESSIBLE: Final = "manifest.inaccessible"

NOT_REPEATED: Final = "its manifest is not repeated here"
NOT_FETCHED: Final = "its manifest is kept elsewhere and was not fetched"
"""What our manifests say of an ingredient that has one which does not ship with them."""

# C2PA 2.4 s15.2.2: what claims v1 record beside failures, in one list with them
_NO_FAULT: Final = frozenset(
    {
        "algorithm.deprecated",
        "ingredient.unknownProvenance",
        "timeOfSigning.insideValidity",
        "timeOfSigning.outsideValidity",
    }
)
_NO_FAULT_PREFIXES: Final = ("timeStamp.",)
_NO_FAULT_SUFFIXES: Final = (
    ".match", ".validated", ".accessible", ".trusted", ".insideValidity", ".additionalExclusionsPresent",
)  # fmt: skip

Json = Mapping[str, Any]
Deltas = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Tree:
    """The ingredients of a manifest.

    Attributes:
        items: each followed by its own ingredients.
        codes: of everything that did not hold in any of them; trust is not counted.
        signer_codes: of signers whose certificate c2pa finds expired, revoked or unfit now.
    """

    items: tuple[IngredientReport, ...]
    codes: tuple[str, ...]
    signer_codes: tuple[str, ...]


def build_tree(active: Json, manifests: Json, results: Json) -> Tree:
    """Return the ingredients of `active`, and theirs.

    Args:
        active: the active manifest, of c2pa's manifest-store JSON.
        manifests: all of them, by label.
        results: c2pa's validation results.

    A manifest that several ingredients share is walked once.
    """
    deltas: dict[str, tuple[str, ...]] = {}
    for source in (results, *_recorded_results(manifests)):
        for delta in _deltas(source):
            uri = delta.get("ingredientAssertionURI")
            if isinstance(uri, str):
                codes = _codes(mapping(delta.get("validationDeltas")).get("failure"))
                deltas[uri] = (*deltas.get(uri, ()), *codes)
    found: list[IngredientReport] = []
    for item in _walk(active, manifests, deltas, set(), 1):
        found.append(item)
        if len(found) >= MAX_ITEMS:
            break
    everything = [code for item in found for code in item.failure_codes]
    everything += [code for codes in deltas.values() for code in codes]
    everything += [code for item in _all_items(manifests) for code in _own_codes(item)]
    kept = tuple(dict.fromkeys(code for code in everything if _is_about_content(code)))
    signers = (_codes(mapping(one.get("validationDeltas")).get("failure")) for one in _deltas(results))
    unfit = tuple(dict.fromkeys(code for given in signers for code in given if _is_unfit(code)))
    return Tree(tuple(found), kept[:MAX_ITEMS], unfit[:MAX_ITEMS])


def mapping(unverified: object) -> Json:
    """Return a JSON object, or an empty one."""
    return unverified if isinstance(unverified, Mapping) else {}


def mappings(unverified: object) -> list[Json]:
    """Return the objects of a JSON list, or none."""
    return [item for item in unverified if isinstance(item, Mapping)] if isinstance(unverified, list) else []


def _deltas(results: Json) -> list[Json]:
    return mappings(results.get("ingredientDeltas"))


def _is_about_content(code: str) -> bool:
    return code != INACCESSIBLE and not code.startswith(TRUST_PREFIXES)


def _is_unfit(code: str) -> bool:
    return code.startswith(TRUST_PREFIXES) and not code.startswith("cawg.") and not code.endswith(".untrusted")


def _all_items(manifests: Json) -> Iterator[Json]:
    for manifest in manifests.values():
        yield from mappings(mapping(manifest).get("ingredients"))


def _recorded_results(manifests: Json) -> Iterator[Json]:
    for item in _all_items(manifests):
        yield mapping(item.get("validation_results"))


def _walk(manifest: Json, manifests: Json, deltas: Deltas, seen: set[str], depth: int) -> Iterator[IngredientReport]:
    for item in mappings(manifest.get("ingredients")):
        uri = f"self#jumbf=/c2pa/{manifest.get('label')}/c2pa.assertions/{item.get('label')}"
        report = _build(item, deltas.get(uri, ()), depth)
        yield report
        if report.has_manifest and report.id not in seen and depth < MAX_DEPTH:
            seen.add(report.id)
            yield from _walk(mapping(manifests.get(report.id)), manifests, deltas, seen, depth + 1)


def _build(item: Json, delta_codes: tuple[str, ...], depth: int) -> IngredientReport:
    codes = tuple(dict.fromkeys((*_own_codes(item), *delta_codes)))
    manifest_id = item.get("active_manifest")
    return IngredientReport(
        id=clean_text(manifest_id) or clean_text(item.get("instance_id")),
        title=clean_text(item.get("title")),
        media_type=clean_text(item.get("format")),
        relationship=clean_text(item.get("relationship")),
        has_manifest=isinstance(manifest_id, str),
        digital_source_type=clean_text(item.get("digital_source_type")).strip(),
        failure_codes=tuple(filter(_is_about_content, codes))[:MAX_ITEMS],
        depth=depth,
        trust_codes=tuple(code for code in codes if code.startswith(TRUST_PREFIXES))[:MAX_ITEMS],
        is_elsewhere=INACCESSIBLE in codes or item.get("description") in {NOT_REPEATED, NOT_FETCHED},
    )


def _own_codes(item: Json) -> tuple[str, ...]:
    """Return what was recorded as failed when the ingredient was taken in."""
    recorded = mapping(mapping(item.get("validation_results")).get("activeManifest"))
    return (*filter(_is_fault, _codes(item.get("validation_status"))), *_codes(recorded.get("failure")))


def _is_fault(code: str) -> bool:
    return not (code in _NO_FAULT or code.startswith(_NO_FAULT_PREFIXES) or code.endswith(_NO_FAULT_SUFFIXES))


def _codes(unverified: object) -> tuple[str, ...]:
    found = (clean_text(item.get("code")) for item in mappings(unverified))
    return tuple(dict.fromkeys(code for code in found if code))[:MAX_ITEMS]
