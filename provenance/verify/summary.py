"""What the answers come to, in a sentence for a person. Pure."""

from typing import Final

from provenance.asset import AssetId
from provenance.manifests.report import ManifestReport
from provenance.media.medium import Look
from provenance.verify.state import (
    APART,
    MANIFEST_ONLY,
    PARTLY,
    SUMMARIES,
    UNCOMPARED,
    Grade,
    JointState,
)
from provenance.verify.tracing import Mark

_GRADES: Final = {
    Grade.EXACT: "grade exact: byte for byte the file that was released",
    Grade.CANONICAL: "grade canonical: the same letters and numbers in the same order; spaces, signs or format differ",
    Grade.RECOVERED: "grade recovered: traced to the release by its hidden mark or its likeness; words may differ",
    Grade.NONE: "grade none: traced to no release",
}


def summarise(state: JointState, mark: Mark, seen: Look, report: ManifestReport | None, medium: str) -> str:
    """Return what is said of a file in the joint state, by the name of its medium where it has one."""
    if state is JointState.STRIPPED_RECOVERED_BY_WATERMARK and mark.agrees is None:
        return _name(UNCOMPARED, medium)
    is_apart = report is not None and not report.is_embedded
    text = _name(APART.get(state, SUMMARIES[state]) if is_apart else SUMMARIES[state], medium)
    if seen.problem is None:
        return text
    return f"{text} {MANIFEST_ONLY.format(kind=seen.kind) if seen.kind else f'{PARTLY} ({seen.problem})'}"


def _name(text: str, medium: str) -> str:
    return text.replace("picture", medium) if medium else text


def choose_grade(asset_id: AssetId | None, *, is_exact: bool, is_same: bool) -> Grade:
    """Return how much of a release a file is: the strongest that holds."""
    if asset_id is None:
        return Grade.NONE
    if is_exact:
        return Grade.EXACT
    return Grade.CANONICAL if is_same else Grade.RECOVERED


def describe_grade(grade: Grade | None) -> tuple[str, ...]:
    """Return the remark on a grade; none for media that are not graded."""
    return () if grade is None else (_GRADES[grade],)
