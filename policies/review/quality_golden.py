"""Known cases: a quality lead picks a file and says what is right about it, and why."""

from datetime import UTC, datetime

from sqlalchemy import select

from detectors.base import Subject
from policies.line.deployment import Deployment
from policies.line.intake import NAME_LIMIT, original_key
from policies.line.records import asset_row, find_signals, parse_asset
from policies.line.request import build_request_context, encode_prompt, prompt_key
from policies.line.searching import explain_no_search
from policies.refusals import NotKeptError, NotWaitingError
from policies.review.job import Reviewer, is_hidden, verify_visible
from policies.review.judgement import verify_clause
from policies.review.quality_case import (
    Case,
    Kind,
    Standing,
    build_body,
    close_case,
    copy_file,
    drop_file,
    find_case,
    find_category,
    insert_case,
)
from policies.review.quality_second import find_first, find_knowing
from policies.review.sensitivity import is_sensitive
from policies.review.verdicts import Verdict
from policies.rules.decision import Decision, Outcome
from policies.rules.engine import decide as decide_by_packs
from provenance.asset import Asset, AssetId, new_asset_id
from provenance.manifests.embedded import show_embedded
from provenance.media.medium import Claims
from provenance.storage.blob import Blob
from provenance.storage.quality_tables import QUALITY_CASES


def make_from_asset(here: Deployment, asset_id: AssetId, reviewer: Reviewer, answer: Verdict) -> Case:
    """Make a case of an asset that quarantine still has; the asset is left as it is.

    Args:
        here: the deployment.
        asset_id: of a held or refused asset.
        reviewer: who says what is right; it is dealt neither to them nor to who decided about the asset.
        answer: what is right, the clause that says so, and why.

    Raises:
        AssetNotFoundError: there is no such asset, or none for them.
        PolicyError: quarantine has no copy of it, or a case is made of it already, or the answer lacks something.
    """
    answer.verify(reviewer.name)
    case_id = new_asset_id()
    with here.database.read() as connection:
        row = asset_row(connection, asset_id, here.tenant)
        verify_visible(connection, asset_id, sees_sensitive=reviewer.sees_sensitive)
        first, signals = find_first(connection, asset_id), find_signals(connection, asset_id)
        known = (QUALITY_CASES.c.asset_id == asset_id, QUALITY_CASES.c.kind == Kind.GOLDEN.value)
        open_ones = (*known, QUALITY_CASES.c.state == Standing.OPEN.value)
        is_known = connection.execute(select(QUALITY_CASES.c.id).where(*open_ones)).first() is not None
        excluded = find_knowing(connection, asset_id) | {row["submitter"]}
        hides = is_hidden(connection, asset_id, sees_sensitive=False)
    if is_known:
        raise NotWaitingError("a known case is made of this asset already: retire it first")
    if first is None:
        raise NotKeptError("expected an asset that the policy has decided about")
    verify_clause(here, first, answer.clause)
    if not copy_file(here, asset_id, case_id):
        raise NotKeptError("quarantine has no copy of this asset, for it was released: hand in the file instead")
    asset = parse_asset(row)
    body = build_body(asset, signals, first, excluded)
    return _keep(here, case_id, reviewer, answer, first, hides=hides, asset_id=asset_id, name=row["name"], body=body)


def make_from_file(
    here: Deployment,
    unverified_file: Blob,
    reviewer: Reviewer,
    answer: Verdict,
    *,
    name: str = "",
    declared_type: str = "",
    prompt: str = "",
) -> Case:
    """Make a case of a file that is handed in for this alone: it is looked at as every file is, and never released.

    Raises:
        AssetError: intake would refuse the bytes; nothing is kept.
        PolicyError: the answer lacks something.
    """
    answer.verify(reviewer.name)
    case_id = new_asset_id()
    content = here.media.take(unverified_file, Claims(name, declared_type), here.limits)
    digest, size_bytes = unverified_file.sha256, unverified_file.size_bytes
    asset = Asset(case_id, digest, content.media_type, size_bytes, dict(content.facts))
    packs = here.select_packs(())
    views = tuple(content.views())
    shown = show_embedded(here.media, unverified_file, asset.media_type)
    unsearched = explain_no_search(asset, {}, packs)
    signals = here.runner.run(Subject(asset, views[0], unverified_file, prompt or None, shown, unsearched), views)
    signals = tuple(sorted(signals, key=lambda signal: signal.detector))
    context = build_request_context(here, asset, {"context": {}}, decided_on=datetime.now(UTC).date())
    decision = decide_by_packs(asset, signals, packs, context, decision_id="")
    verify_clause(here, decision, answer.clause)
    here.blobs.quarantine.put(original_key(case_id), unverified_file)
    if prompt:
        here.blobs.quarantine.put(prompt_key(case_id), encode_prompt(prompt))
    words = [word for one in _list_against(decision) for word in one]
    named = name.replace("\0", "").encode(errors="replace").decode()[:NAME_LIMIT]
    hides, body = is_sensitive(words, here.sensitive), build_body(asset, signals, decision, frozenset())
    return _keep(here, case_id, reviewer, answer, decision, hides=hides, asset_id=None, name=named, body=body)


def retire_case(here: Deployment, case_id: str, reviewer: Reviewer) -> None:
    """Deal a case to nobody any more and let go of its file; what was answered stays.

    Raises:
        AssetNotFoundError: there is none, or none for them.
    """
    with here.database.write() as connection:
        case = find_case(connection, here, case_id, reviewer)
        close_case(connection, case.id, Standing.RETIRED, has_file=False)
    drop_file(here, case.id)


def _list_against(decision: Decision) -> list[tuple[str, str]]:
    return [(one.category, one.rule) for one in decision.reasons if one.outcome is not Outcome.RELEASE]


def _keep(
    here: Deployment,
    case_id: AssetId,
    reviewer: Reviewer,
    answer: Verdict,
    decision: Decision,
    *,
    hides: bool,
    **columns: object,
) -> Case:
    with here.database.write() as connection:
        insert_case(
            connection, here, case_id, kind=Kind.GOLDEN.value, is_sensitive=hides, category=find_category(decision),
            outcome=answer.outcome.value, clause=answer.clause, reason=answer.reason, made_by_id=reviewer.id,
            made_by=reviewer.name[:128], **columns,
        )  # fmt: skip
        return find_case(connection, here, case_id, reviewer)
