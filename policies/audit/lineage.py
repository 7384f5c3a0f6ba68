"""Where one asset comes from and what was done with it, as W3C PROV-JSON.

Entities are the file as it came, the sealed file, its manifest, and each verdict; activities are intake or generation,
screening, deciding, reviewing and sealing; agents are the provider, the generator, the detectors, and reviewers by
their pseudonyms. Digests and ids only: no prompt, no name of a person, no file name.

Source: W3C PROV-DM and the member submission PROV-JSON of 24 April 2013.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from detectors.base import Signal
from policies.audit.case_file import CaseFile, Ruling
from policies.review.reviewers import REVIEW
from provenance.asset import Origin

MEDIA_TYPE: Final = "application/prov+json"

_PREFIX: Final = {
    "chop": "urn:chopmark:",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FILE: Final = "chop:file/"
_GATE: Final = "chop:agent/gate"
_PROVIDER: Final = "chop:agent/provider"


def build_lineage(case: CaseFile) -> dict[str, Any]:
    """Build the PROV-JSON document about one asset."""
    document = _Document()
    original = f"{_FILE}{case.asset.sha256}"
    asset = {"sha256": str(case.asset.sha256), "mediaType": case.asset.media_type.value}
    document.entity(original, "the file as it came", assetId=case.asset.id, sizeBytes=case.asset.size_bytes, **asset)
    provider = case.request.get("provider", {}) if isinstance(case.request.get("provider"), Mapping) else {}
    document.agent(_PROVIDER, "prov:Organization", str(provider.get("name", "")))
    document.agent(_GATE, "prov:SoftwareAgent", "the release gate")
    document.relate("actedOnBehalfOf", delegate=_GATE, responsible=_PROVIDER)
    _add_beginning(document, case, original)
    for signal in case.signals:
        _add_signal(document, case, signal, original)
    for ruling in case.rulings:
        _add_ruling(document, case, ruling, original)
    if case.seal:
        _add_seal(document, case, original)
    return {"prefix": dict(_PREFIX), **document.parts}


class _Document:
    """PROV-JSON under construction."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, Any]] = {}
        self._relations = 0

    def entity(self, name: str, label: str, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Add an entity."""
        self._add("entity", name, label, facts)

    def activity(self, name: str, label: str, start: str, end: str, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Add an activity with its times."""
        self._add("activity", name, label, facts)
        self.parts["activity"][name] |= {"prov:startTime": start, "prov:endTime": end}

    def agent(self, name: str, kind: str, label: str, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Add an agent of a kind of PROV's own."""
        self._add("agent", name, label, facts)
        self.parts["agent"][name]["prov:type"] = {"$": kind, "type": "prov:QUALIFIED_NAME"}

    def relate(self, relation: str, **ends: str) -> None:
        """Add a relation between things."""
        self._relations += 1
        given = {f"prov:{name}": value for name, value in ends.items() if value}
        self.parts.setdefault(relation, {})[f"_:r{self._relations}"] = given

    def _add(self, kind: str, name: str, label: str, facts: Mapping[str, Any]) -> None:
        known = {f"chop:{fact}": value for fact, value in facts.items() if value not in {"", None}}
        self.parts.setdefault(kind, {})[name] = ({"prov:label": label} if label else {}) | known


def _add_beginning(document: _Document, case: CaseFile, original: str) -> None:
    """Add how the asset came: made here from a recipe, or handed in."""
    made = case.asset.origin is Origin.GENERATED
    activity = f"chop:{'generation' if made else 'intake'}/{case.asset.id}"
    label = "generation" if made else "intake of a file that somebody handed in"
    document.activity(activity, label, case.created_at, case.created_at)
    document.relate("wasGeneratedBy", entity=original, activity=activity, time=case.created_at)
    document.relate("wasAssociatedWith", activity=activity, agent=_GATE)
    digest = case.request.get("prompt_sha256")
    if digest:
        document.entity(f"chop:prompt/{digest}", "the prompt, by digest alone", sha256=str(digest))
        document.relate("used", activity=activity, entity=f"chop:prompt/{digest}", time=case.created_at)
    if made and case.recipe:
        model = str(case.recipe.get("model") or case.recipe.get("backend") or "generator")
        name = "chop:agent/generator"
        document.agent(name, "prov:SoftwareAgent", model, **_list_plain(case.recipe))
        document.relate("wasAssociatedWith", activity=activity, agent=name)
        document.relate("wasAttributedTo", entity=original, agent=name)


def _list_plain(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a recipe that are numbers or short names; a prompt is no part of any."""
    return {
        f"recipe.{name}": value
        for name, value in recipe.items()
        if isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 200 and "prompt" not in name)
    }


def _add_signal(document: _Document, case: CaseFile, signal: Signal, original: str) -> None:
    agent = f"chop:agent/detector/{signal.detector}"
    activity, verdict = (f"chop:{kind}/{case.asset.id}/{signal.detector}" for kind in ("screening", "signal"))
    document.agent(agent, "prov:SoftwareAgent", signal.detector, version=signal.version)
    began = case.rulings[0].made_at if case.rulings else case.created_at
    document.activity(activity, f"screening by {signal.detector}", case.created_at, began, elapsedMs=signal.elapsed_ms)
    worst = max(signal.scores.items(), key=lambda item: item[1], default=("", None))
    facts = {"status": signal.status.value, "worstCategory": worst[0], "worstScore": worst[1]}
    document.entity(verdict, f"what {signal.detector} answered", **facts)
    document.relate("used", activity=activity, entity=original)
    document.relate("wasGeneratedBy", entity=verdict, activity=activity)
    document.relate("wasAssociatedWith", activity=activity, agent=agent)
    document.relate("wasAttributedTo", entity=verdict, agent=agent)


def _add_ruling(document: _Document, case: CaseFile, ruling: Ruling, original: str) -> None:
    decision = ruling.decision
    is_review = decision.decided_by.startswith(REVIEW)
    activity, verdict = f"chop:decision/{decision.id}", f"chop:verdict/{decision.id}"
    document.activity(activity, "review" if is_review else "decision", ruling.made_at, ruling.made_at)
    index = None if ruling.entry is None else ruling.entry.index
    document.entity(verdict, f"decided: {decision.outcome.value}", outcome=decision.outcome.value, ledgerIndex=index)
    document.relate("wasGeneratedBy", entity=verdict, activity=activity, time=ruling.made_at)
    document.relate("used", activity=activity, entity=original)
    for signal in case.signals:
        document.relate("used", activity=activity, entity=f"chop:signal/{case.asset.id}/{signal.detector}")
    for pack in decision.packs:
        name = f"chop:pack/{pack.sha256}"
        document.entity(name, f"policy pack {pack.name}", sha256=str(pack.sha256))
        document.relate("used", activity=activity, entity=name)
    document.relate("wasAssociatedWith", activity=activity, agent=_GATE)
    if is_review:
        who = decision.decided_by.removeprefix(REVIEW)
        reviewer = f"chop:agent/reviewer/{who}"
        document.agent(reviewer, "prov:Person", who)
        document.relate("wasAssociatedWith", activity=activity, agent=reviewer)
        document.relate("wasAttributedTo", entity=verdict, agent=reviewer)


def _add_seal(document: _Document, case: CaseFile, original: str) -> None:
    seal = case.seal
    sealed, manifest = f"{_FILE}{seal['sha256']}", f"chop:manifest/{seal['manifest_sha256']}"
    activity = f"chop:sealing/{case.asset.id}"
    document.activity(activity, "watermark, label, sign, read back", case.sealed_at, case.sealed_at)
    document.entity(
        sealed,
        "the file that was released",
        sha256=seal["sha256"],
        mediaType=seal["media_type"],
        ledgerIndex=seal.get("ledger_index"),
        marks=" ".join(_list_marks(seal)),
    )
    document.entity(manifest, "its C2PA manifest", sha256=seal["manifest_sha256"], manifestId=seal["manifest_id"])
    document.relate("used", activity=activity, entity=original)
    document.relate("used", activity=activity, entity=f"chop:verdict/{seal['decision_id']}")
    for made in (sealed, manifest):
        document.relate("wasGeneratedBy", entity=made, activity=activity, time=case.sealed_at)
        document.relate("wasAttributedTo", entity=made, agent=_PROVIDER)
    document.relate("wasDerivedFrom", generatedEntity=sealed, usedEntity=original, activity=activity)
    document.relate("wasAssociatedWith", activity=activity, agent=_GATE)


def _list_marks(seal: Mapping[str, Any]) -> Iterator[str]:
    return (str(mark["kind"]) for mark in seal.get("marks", ()) if mark.get("made"))
