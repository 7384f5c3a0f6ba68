"""What becomes of the manifest that came in with a file, when ours is written around it.

One of two forms, tried in this order: *repeated*, redacted down to what the rule keeps, or *referenced*, where ours
says which one it was and what was found in it, and nothing of it ships. `provenance.manifests.signing` tries the second
where the first still holds words that cannot be redacted.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from provenance.manifests.claim import SOURCE_LABEL, Definition
from provenance.manifests.ingredients import NOT_FETCHED, NOT_REPEATED
from provenance.manifests.plain import is_plain
from provenance.manifests.redaction import REASON, IncomingRule, judge_store
from provenance.manifests.report import ManifestReport, clean_text
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import Presence, locate_manifest, read_manifest, read_store
from provenance.storage.blob import Blob

MAX_URL_CHARS: Final = 512
BESIDE: Final = "beside"
"""Where a manifest was that lay beside its file, or was kept of it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What became of a manifest that came in; JSON-able by `dataclasses.asdict`.

    Attributes:
        presence: where it was: ``none``, ``embedded``, ``beside``, ``remote`` or ``unreadable``.
        form: ``repeated``, ``referenced``, ``named`` (kept elsewhere), or "" where there was none to speak of.
        redacted: labels of the assertions that were redacted out of what is repeated.
        because: where words stood that cannot be redacted, which is why it is referenced only.
    """

    presence: str = Presence.NONE.value
    form: str = ""
    redacted: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to write the manifest.

    Attributes:
        manifest: c2pa's manifest definition.
        parent: c2pa's ingredient definition, to be added from the file that came in, or None.
        incoming: what it makes of the manifest that came in.
        others: further ingredients whose manifests are repeated: c2pa's definition, media type and file of each.
    """

    manifest: Mapping[str, Any]
    parent: Mapping[str, Any] | None
    incoming: Incoming
    others: tuple[tuple[Mapping[str, Any], str, Blob], ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether a manifest of others ships inside."""
        return self.parent is not None or bool(self.others)


def plan_attempts(definition: Definition, source: Blob | None, rule: IncomingRule) -> tuple[Attempt, ...]:
    """Return the ways to write `definition` around `source`, the better one first; at least one."""
    plans = _plan_source(definition, source, rule)
    if not definition.components:
        return plans
    repeating = tuple(_with_components(plan, definition, rule, repeats=True) for plan in plans)
    return (*repeating, _with_components(plans[-1], definition, rule, repeats=False))


def _with_components(plan: Attempt, definition: Definition, rule: IncomingRule, *, repeats: bool) -> Attempt:
    """Return a way to write that has the components as well, those with a manifest as the rule lets it be repeated."""
    plain: list[Mapping[str, Any]] = []
    others: list[tuple[Mapping[str, Any], str, Blob]] = []
    addresses: list[str] = []
    for ingredient, component in definition.components:
        presence, _ = locate_manifest(component.file, component.media_type)
        if presence is Presence.NONE:
            is_beside = str(component.file.sha256) in definition.kept
            plain.append({**_without_source_type(ingredient), "description": NOT_REPEATED} if is_beside else ingredient)
            continue
        # C2PA 2.4 s18.16.12.3: a source type never stands beside a manifest.
        bare = _without_source_type(ingredient)
        if presence is Presence.EMBEDDED and repeats and rule.mode == "redact":
            judged = judge_store(read_store(component.file, component.media_type), rule.keep)
            if not judged.words:
                others.append((bare, component.media_type.value, component.file))
                addresses += judged.redactions
                continue
        plain.append({**ingredient, "description": NOT_REPEATED})
    manifest = {**plan.manifest, "ingredients": [*plan.manifest.get("ingredients", ()), *plain]}
    if addresses:
        manifest = _with_redactions(manifest, tuple(dict.fromkeys(addresses)))
    return replace(plan, manifest=manifest, others=tuple(others))


def _plan_source(definition: Definition, source: Blob | None, rule: IncomingRule) -> tuple[Attempt, ...]:
    manifest = dict(definition.manifest)
    if definition.ingredient is None:
        return (Attempt(manifest, None, Incoming()),)
    ingredient, media_type = dict(definition.ingredient), definition.ingredient_media_type
    presence, url = locate_manifest(source, media_type) if source else (Presence.NONE, "")
    if source is not None and presence is Presence.EMBEDDED:
        judged = judge_store(read_store(source, media_type), rule.keep)
        referenced = _refer(manifest, ingredient, source, media_type, judged.words)
        if rule.mode != "redact" or judged.words:
            return (referenced,)
        return (_repeat(manifest, ingredient, judged.redactions), referenced)
    store = definition.kept.get(str(source.sha256)) if source is not None and presence is Presence.NONE else None
    if source is not None and store is not None:
        # c2pa cannot write into such a file, and repeats no manifest whose hash it cannot compare with one.
        return (_refer(manifest, _without_source_type(ingredient), source, media_type, (), store),)
    form = ""
    if presence is Presence.REMOTE:
        form = "named"
        ingredient["description"] = NOT_FETCHED
        if address := strip_url(url):
            ingredient["informational_URI"] = address
    elif presence is Presence.UNREADABLE:
        ingredient["description"] = "it carried a manifest that could not be read"
    manifest["ingredients"] = [ingredient]
    return (Attempt(manifest, None, Incoming(presence.value, form)),)


def strip_url(unverified: str) -> str:
    """Return an address without user, password, query and fragment, where tokens stand; "" for what is none."""
    try:
        parts = urlsplit(unverified)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return clean_text(f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path}", MAX_URL_CHARS)


def _repeat(manifest: dict[str, Any], ingredient: dict[str, Any], addresses: tuple[str, ...]) -> Attempt:
    """Repeat the manifest that came in, without the assertions at these addresses."""
    # C2PA 2.4 s18.16.12.3: a source type never stands beside a manifest.
    ingredient = _without_source_type(ingredient)
    labels = tuple(dict.fromkeys(clean_text(address.rpartition("/")[2], 96) for address in addresses))
    redacted = _with_redactions(manifest, addresses)
    return Attempt(redacted, ingredient, Incoming(Presence.EMBEDDED.value, "repeated", redacted=labels))


def _with_redactions(manifest: Mapping[str, Any], addresses: tuple[str, ...]) -> dict[str, Any]:
    redacted = {**manifest, **({"redactions": list(addresses)} if addresses else {})}
    actions = [
        {"action": "c2pa.redacted", "reason": REASON, "parameters": {"redacted": address}} for address in addresses
    ]
    return _with_actions(redacted, actions)


def _with_actions(manifest: Mapping[str, Any], actions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return `manifest` with `actions` behind the first one, which says how the picture began."""
    changed: dict[str, Any] = copy.deepcopy(dict(manifest))
    done = changed["assertions"][0]["data"]["actions"]
    done[1:1] = actions
    return changed


def _without_source_type(ingredient: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ingredient.items() if name != "digital_source_type"}


def _refer(
    manifest: dict[str, Any],
    ingredient: dict[str, Any],
    source: Blob,
    media_type: str,
    words: tuple[str, ...],
    store: bytes | None = None,
) -> Attempt:
    """Say which manifest it was, in the file or in a `store` beside it, and what was found in it."""
    report = read_manifest(source, media_type, TrustAnchors(), store)
    described = {**ingredient, "description": NOT_REPEATED}
    facts = {"assetSha256": str(source.sha256), **({} if report is None else _describe(report))}
    assertions = [*manifest["assertions"], {"label": SOURCE_LABEL, "created": True, "data": facts}]
    return Attempt(
        {**manifest, "assertions": assertions, "ingredients": [described]},
        None,
        Incoming(Presence.EMBEDDED.value if store is None else BESIDE, "referenced", because=words),
    )


def _describe(report: ManifestReport) -> dict[str, Any]:
    """Return what was found in a manifest, as far as it is said in words that are nobody's own."""
    texts = {
        "manifestId": ("instanceID", report.manifest_id),
        "claimGenerator": ("claim_generator", report.claim_generator),
    }
    lists = {
        "digitalSourceTypes": ("digitalSourceType", report.digital_source_types),
        "steps": ("action", report.actions),
        "failureCodes": ("code", report.failure_codes),
    }
    return {
        "integrity": str(report.integrity),
        **{name: value for name, (key, value) in texts.items() if value and is_plain(value, key)},
        **{name: plain for name, (key, values) in lists.items() if (plain := [v for v in values if is_plain(v, key)])},
    }
