"""From c2pa's own reports to a `ManifestReport`: pure, and suspicious of every field."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from provenance.manifests import softbinding
from provenance.manifests.report import (
    AI_SOURCE_TYPES,
    HUMAN_SOURCE_TYPES,
    MAX_ITEMS,
    IngredientReport,
    Integrity,
    ManifestReport,
    TimestampReport,
    Trust,
    ValidationState,
    clean_json,
    clean_text,
)
from provenance.manifests.trust import AUTHORITY_LISTS, DEVELOPMENT_LIST, SIGNER_LISTS

MAX_CRJSON_CHARS: Final = 1_000_000

# C2PA 2.4 s15.2.2: codes about the signer, not about the content; `expired` is c2pa-rs's own
TRUST_PREFIXES: Final = ("signingCredential.", "cawg.")

# C2PA 2.4 s15.2.2: codes about the asset's own bytes
HARD_BINDING_PREFIXES: Final = (
    "assertion.dataHash.",
    "assertion.bmffHash.",
    "assertion.boxesHash.",
    "assertion.collectionHash.",
)

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
    manifests = _mapping(summary.get("manifests"))
    label = clean_text(summary.get("active_manifest"))
    active = _mapping(manifests.get(label))
    results = _mapping(summary.get("validation_results"))
    codes = _codes(_mapping(results.get("activeManifest")), "failure")
    broken = tuple(code for code in codes if not code.startswith(TRUST_PREFIXES))
    types, edit_types = _source_types(active, manifests)
    is_ai = not AI_SOURCE_TYPES.isdisjoint((*types, *edit_types)) or _has_assertion(active, "c2pa.ai-disclosure")
    signature = _mapping(active.get("signature_info"))
    trust = _trust(results, codes)
    timestamp = _timestamp(signature, _mapping(results.get("activeManifest")), crjson)
    return ManifestReport(
        validation_state=_state(state, trust),
        integrity=Integrity.FAILED if broken else Integrity.OK,
        is_signature_intact=not any(not code.startswith(HARD_BINDING_PREFIXES) for code in broken),
        trust=trust,
        failure_codes=codes,
        manifest_id=label,
        issuer=clean_text(signature.get("issuer")),
        signer=clean_text(signature.get("common_name")),
        signed_at=timestamp.time if timestamp else "",
        timestamp=timestamp,
        claim_generator=_claim_generator(active),
        digital_source_types=types,
        edit_source_types=edit_types,
        is_ai=is_ai,
        claims_human_capture=not is_ai and not HUMAN_SOURCE_TYPES.isdisjoint(types),
        actions=tuple(clean_text(action.get("action")) for action in _actions(active))[:MAX_ITEMS],
        soft_bindings=_soft_bindings(active),
        ingredients=_ingredients(active, manifests, results),
        is_embedded=is_embedded,
        note="" if len(crjson_text) <= MAX_CRJSON_CHARS else "the full report is too large to keep",
        crjson=clean_json(crjson) if len(crjson_text) <= MAX_CRJSON_CHARS else {},
    )


def _mapping(unverified: object) -> Json:
    return unverified if isinstance(unverified, Mapping) else {}


def _mappings(unverified: object) -> list[Json]:
    return [item for item in unverified if isinstance(item, Mapping)] if isinstance(unverified, list) else []


def _codes(results: Json, kind: str) -> tuple[str, ...]:
    found = (clean_text(item.get("code")) for item in _mappings(results.get(kind)))
    return tuple(dict.fromkeys(code for code in found if code))[:MAX_ITEMS]


def _trust(results: Json, failures: tuple[str, ...]) -> Trust:
    if "signingCredential.ocsp.revoked" in failures:
        return Trust.REVOKED
    if "signingCredential.expired" in failures or "claimSignature.outsideValidity" in failures:
        return Trust.EXPIRED
    if "signingCredential.trusted" not in _codes(_mapping(results.get("activeManifest")), "success"):
        return Trust.UNTRUSTED
    # c2pa-rs 0.91 takes a signer under a time-stamp root for trusted; the list that it names tells them apart.
    found_in = str(results.get("trustListUri"))
    if found_in in SIGNER_LISTS:
        return Trust.TRUSTED
    return Trust.DEVELOPMENT if found_in == DEVELOPMENT_LIST else Trust.UNTRUSTED


def _state(state: str, trust: Trust) -> ValidationState:
    if state not in set(ValidationState):
        return ValidationState.INVALID
    if state == ValidationState.TRUSTED and trust not in {Trust.TRUSTED, Trust.DEVELOPMENT}:
        return ValidationState.VALID
    return ValidationState(state)


def _timestamp(signature: Json, results: Json, crjson: Json) -> TimestampReport | None:
    if "timeStamp.validated" not in _codes(results, "success"):
        return None
    shown = _mappings(crjson.get("manifests"))
    info = _mapping(_mapping(shown[0].get("signature")).get("timeStampInfo")) if shown else {}
    authority = _mapping(_mapping(info.get("certificateInfo")).get("subject")).get("CN")
    time = clean_text(signature.get("time")) or clean_text(info.get("timestamp"))
    # c2pa-rs also trusts authorities of its own choice for old claims; the explanation names the list.
    is_trusted = any(
        item.get("code") == "timeStamp.trusted" and str(item.get("explanation")).endswith(AUTHORITY_LISTS)
        for item in _mappings(results.get("success"))
    )
    return TimestampReport(time, clean_text(authority), is_trusted=is_trusted)


def _claim_generator(active: Json) -> str:
    infos = _mappings(active.get("claim_generator_info"))
    if not infos:
        return clean_text(active.get("claim_generator"))
    name, version = clean_text(infos[0].get("name")), clean_text(infos[0].get("version"))
    return f"{name}/{version}" if version else name


def _assertions(manifest: Json, base_label: str) -> Iterator[Json]:
    for assertion in _mappings(manifest.get("assertions")):
        label = assertion.get("label")
        if isinstance(label, str) and label.split("__")[0] == base_label:
            yield _mapping(assertion.get("data"))


def _has_assertion(manifest: Json, base_label: str) -> bool:
    return next(_assertions(manifest, base_label), None) is not None


def _actions(manifest: Json) -> list[Json]:
    found: list[Json] = []
    for label in ("c2pa.actions.v2", "c2pa.actions"):
        for data in _assertions(manifest, label):
            found += _mappings(data.get("actions"))
    return found


def _soft_bindings(manifest: Json) -> tuple[softbinding.SoftBinding, ...]:
    found: list[softbinding.SoftBinding] = []
    for data in _assertions(manifest, softbinding.LABEL):
        found += softbinding.parse_assertion(data)
    return tuple(found)[:MAX_ITEMS]


def _source_types(manifest: Json, manifests: Json) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the source types of how the picture began and of what was done to it, nearest manifest first."""
    began: list[str] = []
    edits: list[str] = []
    seen: set[str] = set()
    for _ in range(MAX_PARENTS):
        for action in _actions(manifest):
            source_type = clean_text(action.get("digitalSourceType")).strip()
            (began if action.get("action") in INCEPTIONS else edits).append(source_type)
        began += _ingredient_types(manifest)
        parents = (
            item.get("active_manifest")
            for item in _mappings(manifest.get("ingredients"))
            if item.get("relationship") == "parentOf"
        )
        parent = next((label for label in parents if isinstance(label, str)), None)
        if parent is None or parent in seen:
            break
        seen.add(parent)
        manifest = _mapping(manifests.get(parent))
    return _distinct(began), _distinct(edits)


def _distinct(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))[:MAX_ITEMS]


def _ingredient_types(manifest: Json) -> list[str]:
    shown = (clean_text(item.get("digital_source_type")).strip() for item in _mappings(manifest.get("ingredients")))
    return [item for item in shown if item]


def _ingredients(active: Json, manifests: Json, results: Json) -> tuple[IngredientReport, ...]:
    """Return the active manifest's ingredients, then theirs, breadth first, each manifest once."""
    deltas: dict[str, tuple[str, ...]] = {}
    for delta in _mappings(results.get("ingredientDeltas")):
        uri = delta.get("ingredientAssertionURI")
        if isinstance(uri, str):
            deltas[uri] = _codes(_mapping(delta.get("validationDeltas")), "failure")
    found: list[IngredientReport] = []
    seen: set[str] = set()
    level = [active]
    for depth in range(1, MAX_PARENTS + 1):
        below: list[Json] = []
        for manifest in level:
            for item in _mappings(manifest.get("ingredients")):
                uri = f"self#jumbf=/c2pa/{manifest.get('label')}/c2pa.assertions/{item.get('label')}"
                report = _ingredient(item, deltas.get(uri, ()), depth)
                found.append(report)
                if report.has_manifest and report.id not in seen:
                    seen.add(report.id)
                    below.append(_mapping(manifests.get(report.id)))
        if not below or len(found) >= MAX_ITEMS:
            break
        level = below
    return tuple(found[:MAX_ITEMS])


def _ingredient(item: Json, delta_codes: tuple[str, ...], depth: int) -> IngredientReport:
    codes = _codes({"failure": item.get("validation_status")}, "failure")
    codes += _codes(_mapping(_mapping(item.get("validation_results")).get("activeManifest")), "failure")
    codes += delta_codes
    manifest_id = item.get("active_manifest")
    return IngredientReport(
        id=clean_text(manifest_id) or clean_text(item.get("instance_id")),
        title=clean_text(item.get("title")),
        media_type=clean_text(item.get("format")),
        relationship=clean_text(item.get("relationship")),
        has_manifest=isinstance(manifest_id, str),
        digital_source_type=clean_text(item.get("digital_source_type")).strip(),
        failure_codes=tuple(dict.fromkeys(code for code in codes if not code.startswith(TRUST_PREFIXES))),
        depth=depth,
    )
