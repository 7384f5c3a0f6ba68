"""From c2pa's own reports to a `ManifestReport`: pure, and suspicious of every field."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from provenance.manifests import softbinding
from provenance.manifests.faults import (
    HARD_BINDING_PREFIXES,
    IDENTITY_PREFIX,
    find_fault,
    integrity_of,
    is_about_trust,
    read_failures,
)
from provenance.manifests.ingredients import build_tree, mapping, mappings
from provenance.manifests.report import (
    AI_SOURCE_TYPES,
    HUMAN_SOURCE_TYPES,
    MAX_ITEMS,
    ManifestReport,
    Trust,
    ValidationState,
    clean_json,
    clean_text,
)
from provenance.manifests.signers import codes, judge_signer, read_identities, read_revocation, read_timestamp

MAX_CRJSON_CHARS: Final = 1_000_000

MAX_PARENTS: Final = 16

# C2PA 2.4 s18.15.3: one of these comes first
INCEPTIONS: Final = frozenset({"c2pa.created", "c2pa.opened"})

Json = Mapping[str, Any]


def build_report(state: str, summary: Json, crjson_text: str, crjson: Json, *, is_embedded: bool) -> ManifestReport:
    """Build the report of one manifest store.

    Args:
        state: c2pa's validation state.
        summary: the parsed manifest-store JSON of c2pa's Reader.
        crjson_text: crJSON as text; dropped when longer than `MAX_CRJSON_CHARS`.
        crjson: the same, parsed.
        is_embedded: the manifest came out of the file.
    """
    manifests = mapping(summary.get("manifests"))
    label = clean_text(summary.get("active_manifest"))
    active = mapping(manifests.get(label))
    results = mapping(summary.get("validation_results"))
    about = mapping(results.get("activeManifest"))
    shown = next(iter(mappings(crjson.get("manifests"))), {})
    failures = read_failures(mappings(about.get("failure")))
    broken = tuple(one for one in failures if not is_about_trust(one))
    fault = find_fault(broken, shown)
    history = tuple(_lineage(active, manifests))
    types, edit_types = _source_types(history)
    is_ai = not AI_SOURCE_TYPES.isdisjoint((*types, *edit_types))
    is_ai = is_ai or any(_has_assertion(manifest, "c2pa.ai-disclosure") for manifest in history)
    signer = _read_signer(active, results, shown)
    tree = build_tree(active, manifests, results)
    return ManifestReport(
        validation_state=_state(state, signer["trust"]),
        integrity=integrity_of(fault),
        is_signature_intact=all(one.code.startswith((*HARD_BINDING_PREFIXES, IDENTITY_PREFIX)) for one in broken),
        failure_codes=codes(about, "failure"),
        manifest_id=label,
        claim_generator=_claim_generator(active),
        digital_source_types=types,
        edit_source_types=edit_types,
        is_ai=is_ai,
        claims_human_capture=not is_ai and not HUMAN_SOURCE_TYPES.isdisjoint(types),
        actions=tuple(clean_text(action.get("action")) for action in _actions(active))[:MAX_ITEMS],
        soft_bindings=_soft_bindings(active),
        ingredients=tree.items,
        is_embedded=is_embedded,
        note="" if len(crjson_text) <= MAX_CRJSON_CHARS else "the full report is too large to keep",
        crjson=clean_json(crjson) if len(crjson_text) <= MAX_CRJSON_CHARS else {},
        fault=fault,
        failures=broken,
        trust_failures=tuple(one for one in failures if is_about_trust(one)),
        ingredient_codes=tree.codes,
        ingredient_signer_codes=tree.signer_codes,
        **signer,
    )


def _read_signer(active: Json, results: Json, shown: Json) -> dict[str, Any]:
    """Return the fields that tell who signed, when, and who else stands by it."""
    about = mapping(results.get("activeManifest"))
    signature = mapping(active.get("signature_info"))
    certified = mapping(shown.get("signature"))
    timestamp = read_timestamp(signature, about, certified)
    return {
        "trust": judge_signer(results, certified, timestamp, datetime.now(UTC)),
        "issuer": clean_text(signature.get("issuer")),
        "signer": clean_text(signature.get("common_name")),
        "signed_at": timestamp.time if timestamp else "",
        "timestamp": timestamp,
        "revocation": read_revocation(about),
        "identities": read_identities(active, about),
    }


def _state(state: str, trust: Trust) -> ValidationState:
    if state not in set(ValidationState):
        return ValidationState.INVALID
    if state == ValidationState.TRUSTED and trust not in {Trust.TRUSTED, Trust.DEVELOPMENT}:
        return ValidationState.VALID
    return ValidationState(state)


def _claim_generator(active: Json) -> str:
    infos = mappings(active.get("claim_generator_info"))
    if not infos:
        return clean_text(active.get("claim_generator"))
    name, version = clean_text(infos[0].get("name")), clean_text(infos[0].get("version"))
    return f"{name}/{version}" if version else name


def _assertions(manifest: Json, base_label: str) -> Iterator[Json]:
    for assertion in mappings(manifest.get("assertions")):
        label = assertion.get("label")
        if isinstance(label, str) and label.split("__")[0] == base_label:
            yield mapping(assertion.get("data"))


def _has_assertion(manifest: Json, base_label: str) -> bool:
    return next(_assertions(manifest, base_label), None) is not None


def _actions(manifest: Json) -> list[Json]:
    found: list[Json] = []
    for label in ("c2pa.actions.v2", "c2pa.actions"):
        for data in _assertions(manifest, label):
            found += mappings(data.get("actions"))
    return found


def _soft_bindings(manifest: Json) -> tuple[softbinding.SoftBinding, ...]:
    found: list[softbinding.SoftBinding] = []
    for data in _assertions(manifest, softbinding.LABEL):
        found += softbinding.parse_assertion(data)
    return tuple(found)[:MAX_ITEMS]


def _lineage(manifest: Json, manifests: Json) -> Iterator[Json]:
    """Yield a manifest, then its parent, and so on."""
    seen: set[str] = set()
    for _ in range(MAX_PARENTS):
        yield manifest
        parents = (
            item.get("active_manifest")
            for item in mappings(manifest.get("ingredients"))
            if item.get("relationship") == "parentOf"
        )
        parent = next((label for label in parents if isinstance(label, str)), None)
        if parent is None or parent in seen:
            return
        seen.add(parent)
        manifest = mapping(manifests.get(parent))


def _source_types(history: Sequence[Json]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the source types of how the picture began and of what was done to it, nearest manifest first."""
    began: list[str] = []
    edits: list[str] = []
    for manifest in history:
        for action in _actions(manifest):
            source_type = clean_text(action.get("digitalSourceType")).strip()
            (began if action.get("action") in INCEPTIONS else edits).append(source_type)
        began += _ingredient_types(manifest)
    return _distinct(began), _distinct(edits)


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_ITEMS]


def _ingredient_types(manifest: Json) -> list[str]:
    shown = (clean_text(item.get("digital_source_type")).strip() for item in mappings(manifest.get("ingredients")))
    return [item for item in shown if item]
