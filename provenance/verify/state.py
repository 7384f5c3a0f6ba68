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
from provenance.manifests.report import Fault, Trust


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
        name: ``manifest_integrity``, ``manifest_trust``, ``manifest_identity`` for each CAWG identity in the manifest,
            ``watermark``, ``fingerprint``, ``implicit_label`` or ``ledger``.
        technique: what was looked for, by its public name.
        status: found, absent, failed or not checked.
        text: one line for a person who knows the technique.
        detail: JSON-able facts.
        plain: the same for a person who does not; `text` where it is "".
    """

    name: str
    technique: str
    status: LayerStatus
    text: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    plain: str = ""


class JointState(StrEnum):
    """How the layers fit together: a closed list."""

    CONSISTENT = "consistent"
    """An intact manifest that this deployment recorded, and no layer that speaks against it."""
    MANIFEST_INTACT = "manifest_intact"
    """An intact manifest of somebody whom we know, and no layer that speaks against it."""
    MANIFEST_UNTRUSTED = "manifest_untrusted"
    """An intact manifest, and no layer that speaks against it; but anyone could have signed it."""
    STRIPPED_RECOVERED_BY_WATERMARK = "stripped_recovered_by_watermark"
    """No manifest in the file; the watermark leads to one, and the picture does not speak against it."""
    LOOKS_LIKE_RELEASE = "looks_like_release"
    """No manifest and no watermark; the fingerprint leads to a released file."""
    WATERMARK_UNRESOLVED = "watermark_unresolved"
    """No manifest; a watermark under one of our keys, but no record of it here."""
    MANIFEST_ELSEWHERE = "manifest_elsewhere"
    """The file names a manifest that is kept elsewhere, which was not fetched."""
    LABEL_ONLY = "label_only"
    """Only an implicit label, which anyone can type."""
    NONE_FOUND = "none_found"
    """No layer found anything; that says nothing about how the file was made."""
    TAMPERED = "tampered"
    """The manifest's signature or hashes do not match: something was changed after signing."""
    MANIFEST_BROKEN = "manifest_broken"
    """A part of the manifest is missing or contradicts another."""
    MANIFEST_MALFORMED = "manifest_malformed"
    """The manifest is not written as the standard asks for."""
    MANIFEST_UNSUPPORTED = "manifest_unsupported"
    """The manifest uses an algorithm or a version that cannot be checked here."""
    SIGNER_INVALID = "signer_invalid"
    """The manifest is as it was signed, but by a certificate that may not sign manifests or was revoked."""
    SIGNER_EXPIRED = "signer_expired"
    """The manifest is as it was signed, but nothing that we trust says that the certificate was valid then."""
    INGREDIENT_BROKEN = "ingredient_broken"
    """The manifest holds; that of something which the picture was made from does not."""
    TRANSPLANTED_WATERMARK = "transplanted_watermark"
    """The watermark leads to a record of a picture that does not look like this one."""
    HUMAN_CLAIM_OVER_OUR_MARK = "human_claim_over_our_mark"
    """An intact manifest claims human capture or making, over a picture that carries our mark of AI generation."""
    LAYERS_DISAGREE = "layers_disagree"
    """Two intact layers lead to different origins."""
    LEDGER_MISMATCH = "ledger_mismatch"
    """A record leads here that the ledger does not prove."""


FAULTS: Final[Mapping[Fault, JointState]] = {
    Fault.TAMPERED: JointState.TAMPERED,
    Fault.BROKEN: JointState.MANIFEST_BROKEN,
    Fault.MALFORMED: JointState.MANIFEST_MALFORMED,
    Fault.UNSUPPORTED: JointState.MANIFEST_UNSUPPORTED,
}
"""What is said of a manifest that does not hold, by why."""

SIGNERS: Final[Mapping[Trust, JointState]] = {
    Trust.INVALID: JointState.SIGNER_INVALID,
    Trust.REVOKED: JointState.SIGNER_INVALID,
    Trust.EXPIRED: JointState.SIGNER_EXPIRED,
    Trust.UNTRUSTED: JointState.MANIFEST_UNTRUSTED,
}
"""What is said of an intact manifest that no record here stands by, by its signer."""

CONFLICTS: Final = frozenset(
    {
        *FAULTS.values(),
        JointState.SIGNER_INVALID,
        JointState.SIGNER_EXPIRED,
        JointState.INGREDIENT_BROKEN,
        JointState.TRANSPLANTED_WATERMARK,
        JointState.HUMAN_CLAIM_OVER_OUR_MARK,
        JointState.LAYERS_DISAGREE,
        JointState.LEDGER_MISMATCH,
    }
)
"""States in which something speaks against something else, or does not hold."""


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
        fault: why the manifest is damaged.
        signer: what is known of who signed it; None as for one whom we know.
        has_broken_ingredient: the manifest of something that the picture was made from does not hold.
        is_elsewhere: the file names a manifest that nobody fetched.
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
    fault: Fault | None = None
    signer: Trust | None = None
    has_broken_ingredient: bool = False
    is_elsewhere: bool = False


def decide_joint_state(found: Findings) -> JointState:
    """Return the joint state of `found`: conflicts before agreements, cryptographic layers before perceptual ones."""
    if found.manifest is False:
        return FAULTS[found.fault or Fault.TAMPERED]
    conflict = _find_conflict(found)
    if conflict is not None:
        return conflict
    if found.manifest:
        return _judge_manifest(found)
    if found.watermark:
        recovered = found.watermark_asset is not None
        return JointState.STRIPPED_RECOVERED_BY_WATERMARK if recovered else JointState.WATERMARK_UNRESOLVED
    return _judge_hints(found)


def _judge_hints(found: Findings) -> JointState:
    """Say what is left where neither a manifest nor a mark was found."""
    if found.fingerprint_asset:
        return JointState.LOOKS_LIKE_RELEASE
    if found.is_elsewhere:
        return JointState.MANIFEST_ELSEWHERE
    return JointState.LABEL_ONLY if found.label else JointState.NONE_FOUND


def _judge_manifest(found: Findings) -> JointState:
    """Say what an intact manifest is worth: a record here stands by its signer, but not by what it was made from."""
    if found.has_broken_ingredient:
        return JointState.INGREDIENT_BROKEN
    if found.manifest_asset:
        return JointState.CONSISTENT
    return JointState.MANIFEST_INTACT if found.signer is None else SIGNERS.get(found.signer, JointState.MANIFEST_INTACT)


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


class Grade(StrEnum):
    """How much of a release a file is, for media that can tell."""

    EXACT = "exact"
    """Byte for byte."""
    CANONICAL = "canonical"
    """The same content in other bytes: of a text, the same letters and numbers in order."""
    RECOVERED = "recovered"
    """A mark or a likeness leads to a release; the content may differ."""
    NONE = "none"
    """Traced to no release."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer about one file.

    Attributes:
        state: the joint state.
        layers: every layer's own answer, in the order in which they were asked.
        asset_id: the release that the file was traced to, or None.
        manifest_id: of the intact or recovered manifest, or "".
        summary: one or two sentences for a person.
        remarks: what else was noticed about the file, a line each.
        grade: how much of the release it is; None for media that are not graded.
    """

    state: JointState
    layers: tuple[Layer, ...]
    asset_id: AssetId | None
    manifest_id: str
    summary: str
    remarks: tuple[str, ...] = ()
    grade: Grade | None = None

    @property
    def is_conflict(self) -> bool:
        """Whether layers speak against each other."""
        return self.state in CONFLICTS

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`."""
        return next(layer for layer in self.layers if layer.name == name)


SUMMARIES: Final[Mapping[JointState, str]] = {
    JointState.CONSISTENT: (
        "This file was released here and has not been changed since: its signed manifest is intact, and our records "
        "agree."
    ),
    JointState.MANIFEST_INTACT: (
        "This file has not been changed since it was signed, by somebody whose certificate we trust. It was not "
        "released here."
    ),
    JointState.MANIFEST_UNTRUSTED: (
        "This file has not been changed since it was signed, but we do not know the signer: anyone can make such a "
        "signature."
    ),
    JointState.STRIPPED_RECOVERED_BY_WATERMARK: (
        "This picture was released here, or a part of it was: its signed manifest is gone, and the hidden mark in the "
        "picture led back to it."
    ),
    JointState.LOOKS_LIKE_RELEASE: (
        "This picture looks like one that was released here. It carries neither manifest nor hidden mark, so that is a "
        "likeness, not a proof: it may be a copy, or what the release was made from."
    ),
    JointState.WATERMARK_UNRESOLVED: (
        "The picture carries a hidden mark of ours, but we have no record of it. A mark alone is no proof: it can be "
        "copied."
    ),
    JointState.MANIFEST_ELSEWHERE: (
        "This file says that its signed manifest is kept elsewhere. It was not fetched, so what it says is not known."
    ),
    JointState.LABEL_ONLY: "Only an unsigned label says that AI made this; anyone can write or remove one.",
    JointState.NONE_FOUND: (
        "Nothing was found that says where this file comes from. That does not tell how the file was made."
    ),
    JointState.TAMPERED: "This file was changed after it was signed: it is no longer what its signer signed.",
    JointState.MANIFEST_BROKEN: (
        "This file's signed manifest is incomplete or contradicts itself, so nothing in it can be relied on. That does "
        "not say that anybody changed the picture."
    ),
    JointState.MANIFEST_MALFORMED: (
        "This file carries a signed manifest that cannot be read, because it is not written as the standard asks for. "
        "That does not say that anybody changed the picture."
    ),
    JointState.MANIFEST_UNSUPPORTED: (
        "This file's signed manifest uses a method or a version that cannot be checked here. Whether the picture was "
        "changed is not known."
    ),
    JointState.SIGNER_INVALID: (
        "This file has not been changed since it was signed, but the signer's certificate does not count: it may not "
        "sign such manifests, or it was revoked."
    ),
    JointState.SIGNER_EXPIRED: (
        "This file has not been changed since it was signed, but the signer's certificate is not valid now, and no "
        "clock that we trust says that it was when it signed."
    ),
    JointState.INGREDIENT_BROKEN: (
        "This file has not been changed since it was signed, but something that it was made from carries a manifest "
        "that does not hold. What came before that is not known."
    ),
    JointState.TRANSPLANTED_WATERMARK: (
        "The hidden mark in this picture belongs to another picture: it leads to a record that does not look like this "
        "file."
    ),
    JointState.HUMAN_CLAIM_OVER_OUR_MARK: (
        "This file's manifest says that a person made the picture, but the picture carries our mark for pictures made "
        "by AI."
    ),
    JointState.LAYERS_DISAGREE: "Two things in this file that each hold lead to different origins.",
    JointState.LEDGER_MISMATCH: "A record leads here, but our ledger does not prove it, so it cannot be relied on.",
}

UNCOMPARED: Final = (
    "This picture's signed manifest is gone; the hidden mark in it led back to a release. Whether the picture is the "
    "one that was released could not be told, and a mark alone is no proof: it can be copied."
)
"""Instead of the summary of `STRIPPED_RECOVERED_BY_WATERMARK`, where pictures could not be compared."""

APART: Final[Mapping[JointState, str]] = {
    JointState.TAMPERED: (
        "The manifest that was kept apart from this file does not fit it: either the file was changed after it was "
        "signed, or the manifest is another file's."
    ),
    JointState.MANIFEST_MALFORMED: (
        "What was kept apart from this file as its manifest cannot be read as one. That does not say that anybody "
        "changed the file."
    ),
}
"""Instead of the summary of these states, where the manifest was not inside the file."""

PARTLY: Final = "What it shows or says was not looked at, so hidden marks and likenesses are not known."
"""Added to the summary of a picture whose pixels nobody looked at."""

MANIFEST_ONLY: Final = (
    "By its content it is {kind}, so only a manifest was looked for; hidden marks and likenesses are not known."
)
"""Added to the summary of a file of another type."""
