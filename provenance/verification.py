"""Where does this file come from? Every layer is asked, each answers for itself, then one joint state.

No layer alone is proof: a manifest can be stripped, a watermark copied onto another picture, a label typed by hand. So
each layer is reported as found, absent, failed or not checked, with the technique named, and the joint state says how
they fit together, out of a closed list. The state never says whether content shows what happened; it says where the
file comes from, as far as marks and records go.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from provenance.asset import AssetId


class LayerStatus(StrEnum):
    """What one layer answered."""

    FOUND = "found"
    ABSENT = "absent"
    FAILED = "failed"
    """Present, but it does not hold."""
    NOT_CHECKED = "not_checked"
    """Not the same as absent: nobody looked."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's answer.

    Attributes:
        name: ``manifest_integrity``, ``manifest_trust``, ``watermark``, ``fingerprint``, ``implicit_label`` or
            ``ledger``.
        technique: what was looked for, by its public name.
        status: found, absent, failed or not checked.
        text: one line for a person.
        detail: JSON-able facts.
    """

    name: str
    technique: str
    status: LayerStatus
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class JointState(StrEnum):
    """How the layers fit together: a closed list."""

    CONSISTENT = "consistent"
    """An intact manifest that this deployment recorded, and no layer that speaks against it."""
    MANIFEST_INTACT = "manifest_intact"
    """An intact manifest of somebody else, and no layer that speaks against it."""
    STRIPPED_RECOVERED_BY_WATERMARK = "stripped_recovered_by_watermark"
    """No manifest in the file; the watermark leads to one, and the picture does not speak against it."""
    STRIPPED_RECOVERED_BY_FINGERPRINT = "stripped_recovered_by_fingerprint"
    """No manifest and no watermark; the fingerprint leads to a released file."""
    WATERMARK_UNRESOLVED = "watermark_unresolved"
    """No manifest; a watermark under one of our keys, but no record of it here."""
    LABEL_ONLY = "label_only"
    """Only an implicit label, which anyone can type."""
    NONE_FOUND = "none_found"
    """No layer found anything; that says nothing about how the file was made."""
    TAMPERED = "tampered"
    """The manifest's signature or hashes do not hold."""
    TRANSPLANTED_WATERMARK = "transplanted_watermark"
    """The watermark leads to a record of a picture that does not look like this one."""
    HUMAN_CLAIM_OVER_OUR_MARK = "human_claim_over_our_mark"
    """An intact manifest claims human capture or making, over a picture that carries our mark of AI generation."""
    LAYERS_DISAGREE = "layers_disagree"
    """Two intact layers lead to different origins."""
    LEDGER_MISMATCH = "ledger_mismatch"
    """A record leads here that the ledger does not prove."""


CONFLICTS: Final = frozenset(
    {
        JointState.TAMPERED,
        JointState.TRANSPLANTED_WATERMARK,
        JointState.HUMAN_CLAIM_OVER_OUR_MARK,
        JointState.LAYERS_DISAGREE,
        JointState.LEDGER_MISMATCH,
    }
)
"""States in which something speaks against something else."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the layers found, reduced to what the joint state rests on.

    Attributes:
        manifest: True intact, False damaged, None absent or not checked.
        manifest_asset: the release that recorded this very manifest, if any.
        claims_human: the intact manifest claims that no AI made the picture; False where the release that other layers
            lead to was recorded with the same claim.
        is_related: the intact manifest and the release that other layers lead to name one another as ingredients.
        watermark: a mark under one of our keys was read.
        watermark_asset: the release that its payload leads to, if any.
        watermark_fingerprint_agrees: whether the picture looks like that release; None when it cannot be compared.
        fingerprint_asset: the release that the picture's fingerprint leads to, if any.
        label: an implicit label says AI.
        ledger_proved: whether the ledger proves the release that was led to; None when none was.
    """

    manifest: bool | None = None
    manifest_asset: AssetId | None = None
    claims_human: bool = False
    is_related: bool = False
    watermark: bool = False
    watermark_asset: AssetId | None = None
    watermark_fingerprint_agrees: bool | None = None
    fingerprint_asset: AssetId | None = None
    label: bool = False
    ledger_proved: bool | None = None


def decide_joint_state(found: Findings) -> JointState:
    """Return the joint state of `found`: conflicts before agreements, cryptographic layers before perceptual ones."""
    if found.manifest is False:
        return JointState.TAMPERED
    conflict = _find_conflict(found)
    if conflict is not None:
        return conflict
    if found.manifest:
        return JointState.CONSISTENT if found.manifest_asset else JointState.MANIFEST_INTACT
    if found.watermark:
        recovered = found.watermark_asset is not None
        return JointState.STRIPPED_RECOVERED_BY_WATERMARK if recovered else JointState.WATERMARK_UNRESOLVED
    if found.fingerprint_asset:
        return JointState.STRIPPED_RECOVERED_BY_FINGERPRINT
    return JointState.LABEL_ONLY if found.label else JointState.NONE_FOUND


def _find_conflict(found: Findings) -> JointState | None:
    if found.ledger_proved is False:
        return JointState.LEDGER_MISMATCH  # what follows rests on that record
    if found.watermark_asset and found.watermark_fingerprint_agrees is False:
        return JointState.TRANSPLANTED_WATERMARK  # a mark of another picture contradicts nothing about this one
    if found.manifest and found.claims_human and not found.manifest_asset:
        if found.watermark:
            return JointState.HUMAN_CLAIM_OVER_OUR_MARK
        if found.label or (found.fingerprint_asset and not found.is_related):
            return JointState.LAYERS_DISAGREE
    return JointState.LAYERS_DISAGREE if _has_two_origins(found) else None


def _has_two_origins(found: Findings) -> bool:
    """Say whether the watermark leads elsewhere than the manifest, or than a likeness where it has none itself.

    A likeness alone does not contradict a manifest: whoever has a stripped copy of a stranger's picture released here
    would otherwise discredit the stranger's own.
    """
    if not found.watermark_asset:
        return False
    if found.manifest and not found.is_related and found.manifest_asset != found.watermark_asset:
        return True
    likeness = found.fingerprint_asset
    return found.watermark_fingerprint_agrees is None and likeness not in {None, found.watermark_asset}


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer about one file.

    Attributes:
        state: the joint state.
        layers: every layer's own answer, in the order in which they were asked.
        asset_id: the release that the file was traced to, or None.
        manifest_id: of the intact or recovered manifest, or "".
        summary: one or two sentences for a person.
    """

    state: JointState
    layers: tuple[Layer, ...]
    asset_id: AssetId | None
    manifest_id: str
    summary: str

    @property
    def is_conflict(self) -> bool:
        """Whether layers speak against each other."""
        return self.state in CONFLICTS

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`."""
        return next(layer for layer in self.layers if layer.name == name)


SUMMARIES: Final[Mapping[JointState, str]] = {
    JointState.CONSISTENT: "The signed manifest is intact, was recorded here, and nothing speaks against it.",
    JointState.MANIFEST_INTACT: "The file carries an intact manifest that was not made here; see its signer and trust.",
    JointState.STRIPPED_RECOVERED_BY_WATERMARK: (
        "The manifest was stripped; the watermark led back to it, and the picture looks like the one that was "
        "released, or like a part of it."
    ),
    JointState.STRIPPED_RECOVERED_BY_FINGERPRINT: (
        "The file carries no manifest and no watermark; it looks like a picture released here. A likeness, not a proof."
    ),
    JointState.WATERMARK_UNRESOLVED: (
        "The picture carries a watermark of ours, but no record here has its id. A mark alone is no proof: it can be "
        "copied."
    ),
    JointState.LABEL_ONLY: "Only an unsigned label says that AI made this; anyone can write or remove one.",
    JointState.NONE_FOUND: "No layer found anything. That does not tell how the file was made.",
    JointState.TAMPERED: (
        "The file carries a manifest whose signature or hashes do not hold: it was changed after signing."
    ),
    JointState.TRANSPLANTED_WATERMARK: (
        "The watermark belongs to another picture: it leads to a record that does not look like this file."
    ),
    JointState.HUMAN_CLAIM_OVER_OUR_MARK: (
        "The manifest claims a human origin, but the picture carries our mark of AI generation."
    ),
    JointState.LAYERS_DISAGREE: "Two layers that each hold lead to different origins.",
    JointState.LEDGER_MISMATCH: "A record leads here, but the ledger does not prove it.",
}

UNCOMPARED: Final = (
    "The manifest was stripped; the watermark led back to it. Whether the picture is the one that was released could "
    "not be told, and a mark alone is no proof: it can be copied."
)
"""Instead of the summary of `STRIPPED_RECOVERED_BY_WATERMARK`, where pictures could not be compared."""
