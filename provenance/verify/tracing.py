"""What the layers' answers come to: the release that a file is traced to, and what its state rests on. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from provenance.asset import AssetId
from provenance.labels.implicit import FoundLabels
from provenance.manifests.report import Integrity, ManifestReport
from provenance.media.media import PARTLY_ANSWERED
from provenance.media.medium import Look
from provenance.verify.state import Findings, Layer
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch


@dataclass(frozen=True, slots=True)
class Mark:
    """A watermark reading and where it leads.

    Attributes:
        layer: as it is reported.
        binding: what a release's record would hold of it, {} when no mark was read.
        asset_id: the release whose record holds it.
        agrees: whether the picture looks like that release; None where that cannot be told.
    """

    layer: Layer
    binding: Mapping[str, str] = field(default_factory=dict)
    asset_id: AssetId | None = None
    agrees: bool | None = None


def choose_mark(reading: Reading, is_all_of: Callable[[Reading], bool]) -> Reading:
    """Return several marks with the one in front whose release looks like the whole, as of a poster of releases.

    Args:
        reading: the largest mark, with the others.
        is_all_of: whether the whole looks like the release that a mark leads to; not asked of a single one.
    """
    marks = (replace(reading, others=()), *reading.others)
    chosen = next((mark for mark in marks if is_all_of(mark)), None) if reading.others else None
    return reading if chosen is None else replace(chosen, others=tuple(one for one in marks if one is not chosen))


def is_answered(report: ManifestReport | None, seen: Look) -> bool:
    """Say whether a file without a visible picture can be answered by its manifest, by its labels, or by neither."""
    if report is None:
        return isinstance(seen.problem, PARTLY_ANSWERED) or seen.labels is not None
    return report.integrity is not Integrity.NOT_CHECKED or bool(report.remote_host)


def choose_likeness(matches: tuple[ReleaseMatch, ...], expected: AssetId | None) -> ReleaseMatch | None:
    """Return the match with the release that stronger layers lead to, or the nearest: releases may look alike."""
    return next((match for match in matches if match.asset_id == expected), matches[0] if matches else None)


def follow_layers(
    recorded: AssetId | None, mark: Mark, likeness: ReleaseMatch | None, named: AssetId | None
) -> tuple[AssetId | None, AssetId | None]:
    """Return the release that the strongest layer claims, and the one that the file is traced to.

    They differ for a transplanted watermark. A manifest's label, which anyone can copy, comes last.
    """
    alike = AssetId(likeness.asset_id) if likeness else named
    claimed = recorded or mark.asset_id or alike
    return claimed, alike if mark.agrees is False and not recorded else claimed


def build_findings(
    report: ManifestReport | None,
    kept: ManifestReport | None,
    mark: Mark,
    recorded: AssetId | None,
    likeness: ReleaseMatch | None,
    labels: FoundLabels | None,
    proved: bool | None,  # noqa: FBT001 - one caller
) -> Findings:
    """Reduce the layers' answers to what the joint state rests on.

    Args:
        report: of the file's own manifest.
        kept: of the manifest kept of the release that the file is traced to.
        mark: the watermark.
        recorded: the release that recorded this very manifest.
        likeness: the release that the picture looks like.
        labels: what the metadata claims, None where nobody looked.
        proved: whether the ledger proves the release.
    """
    intact = report is not None and report.integrity is Integrity.OK
    checked = report is not None and report.integrity is not Integrity.NOT_CHECKED
    agreed = kept is not None and kept.is_signature_intact and kept.claims_human_capture
    return Findings(
        manifest=intact if checked else None,
        manifest_asset=recorded,
        claims_human=report is not None and report.claims_human_capture and not agreed,
        is_related=report is not None and kept is not None and _is_related(report, kept, mark),
        watermark=bool(mark.binding),
        watermark_asset=mark.asset_id,
        watermark_fingerprint_agrees=mark.agrees,
        fingerprint_asset=AssetId(likeness.asset_id) if likeness else None,
        label=labels is not None and labels.says_ai,
        ledger_proved=proved,
        fault=report.fault if report else None,
        signer=report.trust if report else None,
        has_broken_ingredient=report is not None and bool(report.ingredient_codes or report.ingredient_signer_codes),
        is_elsewhere=report is not None and bool(report.remote_host),
    )


def _is_related(report: ManifestReport, kept: ManifestReport, mark: Mark) -> bool:
    """Say whether one manifest names the other as an ingredient.

    The file that a release was made from cannot carry that release's watermark.
    """
    if kept.manifest_id in {item.id for item in report.ingredients}:
        return True
    return not mark.binding and report.manifest_id in {item.id for item in kept.ingredients}
