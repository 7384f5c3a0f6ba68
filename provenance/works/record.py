"""What goes into the works registry and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.shingles import Passages
from provenance.ledger.canonical import Json
from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import Overlap

PLAIN = "plain"
"""Name of the variant that is the work as it was registered."""


class Action(StrEnum):
    """What a match in a bank means."""

    BLOCK = "block"
    """The copy must not be released."""
    HOLD = "hold"
    """A person decides."""
    ATTRIBUTE = "attribute"
    """It may be released, and its owner is to be named."""
    ALLOW = "allow"
    """It is known and fine: takes back matches of other banks that are no nearer."""


class WorkStatus(StrEnum):
    """Whether a work matches."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Bank:
    """A set of works that are treated alike.

    Attributes:
        name: 1 to 64 of letters, digits and ``_ -``.
        action: what a match means.
        thresholds: fingerprint name to the largest distance in bits that matches; others keep their scheme's own.
        description: for people.
        revision: grows with every change.
        updated_at: RFC 3339.
    """

    name: str
    action: Action
    thresholds: Mapping[str, int]
    description: str = ""
    revision: int = 1
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """A registered original.

    Attributes:
        id: given by whoever registered it, or made from its content, owner, bank and title.
        title, owner: text of people; it never enters the ledger.
        bank: name of its bank.
        status: withdrawn works stay on the record and match no more.
        claim: whatever the owner states: licence, contact, contract.
        picture_sha256: over the decoded pixels.
        ledger_index: of the entry about its registration.
        created_at: RFC 3339.
        withdrawn_at, withdrawn_reason: set when it is withdrawn.
    """

    id: str
    title: str
    owner: str
    bank: str
    status: WorkStatus
    claim: Mapping[str, Json]
    picture_sha256: str
    ledger_index: int
    created_at: str
    withdrawn_at: str | None = None
    withdrawn_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One work to register; see `Works.register`. A clip has a `track` of codes with times, and a picture to show.

    A text has `passages`, and no picture.
    """

    picture: Picture | None
    title: str
    owner: str
    bank: str = "works"
    claim: Mapping[str, Json] = field(default_factory=dict)
    work_id: str | None = None
    track: tuple[Fingerprint, ...] = ()
    passages: Passages | None = None


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What another fingerprint says about a match: evidence for people, it decides nothing.

    Attributes:
        alg: that fingerprint.
        distance_bits: between the picture and the same variant of the work.
        threshold_bits: within which the two count as the same by its own measure.
        agrees: whether they do.
    """

    alg: str
    distance_bits: int
    threshold_bits: int
    agrees: bool


@dataclass(frozen=True, slots=True)
class Witness:
    """What a picture looks like beside the reference of a work; without its word a match is a hold.

    Attributes:
        agrees: both show the same; false, too, where no reference was kept.
        other_structure: share of the parts with structure that show something else, or None.
        structure_limit: up to which share it agrees.
        other_colour: share of the picture that the largest patch of another colour covers, or None.
        colour_limit: up to which share it agrees.
        other_lettering: of a photograph, the share of the work's lettering that is not in the picture, or None.
        lettering_limit: up to which share it agrees.
        other_surface: of a photograph that shares a part, the share of what both could show that differs, or None.
        surface_limit: up to which share it agrees.
    """

    agrees: bool
    other_structure: float | None = None
    structure_limit: float | None = None
    other_colour: float | None = None
    colour_limit: float | None = None
    other_lettering: float | None = None
    lettering_limit: float | None = None
    other_surface: float | None = None
    surface_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """Which part of a clip is which part of a work.

    Attributes:
        here, there: from when to when, in seconds, in the clip and in the work.
        codes: how many agree.
        speed: seconds of the work in one of the clip.
    """

    here: tuple[float, float]
    there: tuple[float, float]
    codes: int
    speed: float


@dataclass(frozen=True, slots=True)
class Match:
    """A registered work that the picture resembles, by its nearest code.

    Attributes:
        work_id, title, owner, bank: of the work.
        action: what its bank says about matches; a hold for a block that is not certain.
        alg, variant: which fingerprint, and which form of the work: plain, turned, mirrored or cropped.
        distance_bits: between the picture's code and the work's.
        threshold_bits: largest distance that matches in this bank.
        code: the work's code, hexadecimal.
        second_opinion: of another fingerprint, where both have one.
        suppressed_by: id of the allow-listed work that is at least as near, so that this match asks for nothing.
        overlap: which part of the work lies where in the picture, where details proved the match.
        witness: what the second witness says, where it was asked; None elsewhere.
        together: of a clip, which part of it is which part of the work; None where a single picture matched.
    """

    work_id: str
    title: str
    owner: str
    bank: str
    action: Action
    alg: str
    variant: str
    distance_bits: int
    threshold_bits: int
    code: str
    second_opinion: SecondOpinion | None = None
    suppressed_by: str | None = None
    overlap: Overlap | None = None
    witness: Witness | None = None
    together: Together | None = None


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What the registry knows about a picture.

    Attributes:
        matches: one a work and fingerprint, nearest first, suppressed ones among them.
        unhashable: fingerprints that can say nothing about this picture, which is not the same as no match.
        searched_algs: fingerprints that were searched for.
        codes: fingerprint name to the picture's own code, hexadecimal.
    """

    matches: tuple[Match, ...]
    unhashable: tuple[Unhashable, ...]
    searched_algs: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=dict)

    def best(self, action: Action) -> Match | None:
        """Return the nearest match that asks for `action` and that no allow-list takes back."""
        return next((one for one in self.matches if one.action is action and one.suppressed_by is None), None)


@dataclass(frozen=True, slots=True)
class ReleaseMatch:
    """A release of ours that the picture resembles."""

    asset_id: str
    alg: str
    variant: str
    distance_bits: int
    threshold_bits: int
