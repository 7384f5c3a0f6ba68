"""Is a flat picture really the work that its fingerprint is near? A second witness, at the size of the reference.

Templates, identity cards, flags, slides and logos collide: what a fingerprint looks at is their layout, and the layout
is shared. So where picture and work are drawn, the picture is held against the reference that was kept of the work:
every part that has structure must be the same structure, which other words and other faces are not; and no patch may
have another colour, which another flag has. Of photographs, which memes share, the lettering is asked about
(`provenance.works.lettering`), and of those that share a part whether most of what both show is the same
(`provenance.works.surface`): a lower line, a panel or a logo in common is no copy. Where the witness does not agree, no
match is more than a hold, and none takes another back. Bars, frames and what a copy was pasted on are no part of it:
where details proved the match, the picture is laid over the work as the details say, and what both show is judged.
Figures: docs/works.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.fingerprints.variants import build_variants
from provenance.media.picture.image import Picture
from provenance.media.picture.kind import measure_kind
from provenance.media.picture.overlap import Detailed, Kept, lay_over
from provenance.works.lettering import MOST_OTHER_LETTERING, measure_other_lettering
from provenance.works.record import PLAIN, Action, Match, Witness
from provenance.works.surface import MOST_OTHER_SURFACE, measure_other_surface

MOST_OTHER_STRUCTURE: Final = 0.002
"""Share of the parts with structure that may be another one. Of 1,056 copies of flat graphics 3 have more."""

MOST_OTHER_COLOUR: Final = 0.006
"""Share of the picture that one patch of another colour may cover. Of 2,184 copies of flat graphics 14 have more."""

LEAST_LAID: Final = 0.15
"""Share of a drawn work that has to lie under the picture: a bar of a template says nothing about the rest."""

_STRUCTURE_SIDE: Final = 512
_WINDOW_PIXELS: Final = 16
_LEAST_DEVIATION: Final = 10.0
_SAME_STRUCTURE: Final = 0.6
_COLOUR_SIDE: Final = 128
_OTHER_LEVELS: Final = 40.0
# Of one surface among others that keep theirs: one tone of skin is 44 levels from the next.
_OTHER_TINT: Final = 30.0
_TINT_GAINS: Final = (0.8, 1.25)
_EVEN_LEVELS: Final = 12.0
_FITS: Final = 8
# What a change of tone may do to a whole picture: more is another colour.
_GAINS: Final = (0.85, 1.18)
_MOST_OFFSET: Final = 30.0

Plane = NDArray[np.float32]
LoadReference = Callable[[str], Picture | None]
LoadDetails = Callable[[str], Kept | None]


def weigh_flat(
    picture: Picture,
    matches: Iterable[Match],
    load: LoadReference,
    *,
    seen: Detailed | None = None,
    details: LoadDetails | None = None,
) -> tuple[Match, ...]:
    """Return `matches`, of flat and lettered pictures with what the second witness says, lowered where it disagrees.

    Args:
        picture: the one asked about, opaque.
        matches: of it, whatever found them.
        load: returns the reference of a work by its id, or None.
        seen: details of the picture, where they were found already.
        details: returns those of a reference by the work's id, or None, where they were found already.
    """
    detailed = seen or Detailed(picture.frame)
    weighed = []
    for match in matches:
        reference = load(match.work_id)
        whole = details(match.work_id) if details and reference else None
        one = _weigh(picture, detailed, match, reference, whole)
        weighed += [one] if one else []
    return tuple(weighed)


def compare_flat(picture: Picture, reference: Picture) -> Witness:
    """Hold a picture against a reference of the same position and crop."""
    structure = _measure_structure(picture.reduced(_STRUCTURE_SIDE), reference.frame)
    colour = _measure_colour(picture.reduced(_STRUCTURE_SIDE), reference.frame)
    agrees = structure <= MOST_OTHER_STRUCTURE and colour <= MOST_OTHER_COLOUR
    return Witness(agrees, round(structure, 4), MOST_OTHER_STRUCTURE, round(colour, 4), MOST_OTHER_COLOUR)


def _weigh(
    picture: Picture, seen: Detailed, match: Match, reference: Picture | None, details: Kept | None
) -> Match | None:
    is_flat = measure_kind(_cut_out(picture, match)).is_drawn
    if not is_flat and (reference is None or not measure_kind(reference).is_drawn):
        seconded = None if reference is None else _compare_photographs(picture, seen, match, reference, details)
        return match if seconded is None else _lower(match, seconded)
    witness = Witness(agrees=False)
    if reference is not None:
        witness = compare_flat(picture, reference)
        if not witness.agrees and match.variant != PLAIN:
            forms = dict(build_variants(reference))
            turned = compare_flat(picture, forms.get(match.variant, reference))
            witness = turned if turned.agrees else witness
        if not witness.agrees and match.overlap:
            laid = _compare_laid(seen, reference, details or Detailed(reference.frame))
            witness = laid or witness
    return _lower(match, witness)


def _compare_photographs(
    picture: Picture, seen: Detailed, match: Match, reference: Picture, details: Kept | None
) -> Witness | None:
    """Ask for the lettering of a work that has some, and of a part for most of what both show; None without either."""
    lettering = measure_other_lettering(picture, reference, seen=seen, details=details)
    surface = measure_other_surface(seen, reference, details) if match.overlap else None
    if lettering is None and surface is None:
        return None
    says_same = lettering is None or lettering <= MOST_OTHER_LETTERING
    witness = Witness(says_same and (surface is None or surface <= MOST_OTHER_SURFACE))
    if lettering is not None:
        witness = replace(witness, other_lettering=round(lettering, 4), lettering_limit=MOST_OTHER_LETTERING)
    if surface is not None:
        witness = replace(witness, other_surface=round(surface, 4), surface_limit=MOST_OTHER_SURFACE)
    return witness


def _compare_laid(seen: Detailed, reference: Picture, details: Detailed | Kept) -> Witness | None:
    """Hold what a picture shows of a work against the reference; None where that is too little to say."""
    import cv2

    over = lay_over(seen, details)
    if over is None:
        return None
    laid, there = over
    inside = cv2.erode(there.astype(np.uint8), np.ones((_WINDOW_PIXELS + 1, _WINDOW_PIXELS + 1), np.uint8)) > 0
    if inside.mean() < LEAST_LAID:
        return None
    own = cv2.resize(reference.frame, laid.shape[1::-1], interpolation=cv2.INTER_AREA)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    # What lies under nothing is filled with what the work has there: it speaks neither for nor against.
    filled = np.where(inside[..., np.newaxis], laid, own)
    one, other = (Picture.from_frame(np.ascontiguousarray(frame[cut])) for frame in (filled, own))
    return compare_flat(one, other)


def _cut_out(picture: Picture, match: Match) -> Picture:
    """Return the part of the picture that shows the work; all of it where the match is of the whole frame."""
    box = match.overlap.in_part if match.overlap else None
    if box is None:
        return picture
    rows, columns = (
        slice(int(low * side), max(int(low * side) + 1, round(high * side)))
        for low, high, side in ((box.top, box.bottom, picture.height), (box.left, box.right, picture.width))
    )
    return Picture.from_frame(np.ascontiguousarray(picture.frame[rows, columns]))


def _lower(match: Match, witness: Witness) -> Match | None:
    """Return the match with what the witness says: a hold for a block where it does not agree, and no leave at all."""
    if witness.agrees:
        return replace(match, witness=witness)
    if match.action is Action.ALLOW:
        return None
    return replace(match, witness=witness, action=Action.HOLD if match.action is Action.BLOCK else match.action)


def _measure_structure(frame: Frame, other: Frame) -> float:
    """Return which share of what has structure in either is not alike in both, a pixel's shift apart or not."""
    import cv2

    longest = min(_STRUCTURE_SIDE, max(frame.shape[:2]), max(other.shape[:2]))
    scale = longest / max(other.shape[:2])
    size = tuple(max(_WINDOW_PIXELS, round(side * scale)) for side in (other.shape[1], other.shape[0]))
    one, two = (
        cv2.GaussianBlur(
            cv2.resize(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA).astype(np.float32),
            (3, 3),
            0,
        )
        for seen in (frame, other)
    )
    mean, spread = _local(one)
    best = np.full(one.shape, -1, np.float32)
    structured = spread > _LEAST_DEVIATION**2
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            moved = np.roll(two, (down, across), (0, 1))
            other_mean, other_spread = _local(moved)
            both = _smooth(one * moved) - mean * other_mean
            best = np.maximum(best, both / np.sqrt(np.maximum(spread, 1) * np.maximum(other_spread, 1)))
            if down == across == 0:
                structured = structured | (other_spread > _LEAST_DEVIATION**2)
    return float((best[structured] < _SAME_STRUCTURE).mean()) if structured.any() else 0.0


def _local(plane: Plane) -> tuple[Plane, Plane]:
    """Return mean and variance of the window around each pixel."""
    mean = _smooth(plane)
    return mean, _smooth(plane * plane) - mean * mean


def _smooth(plane: Plane) -> Plane:
    import cv2

    smoothed: Plane = cv2.boxFilter(plane, -1, (_WINDOW_PIXELS, _WINDOW_PIXELS), borderType=cv2.BORDER_REFLECT)
    return smoothed


def _measure_colour(frame: Frame, other: Frame) -> float:
    """Return which share of the picture the largest patch of another colour covers, small changes of tone aside."""
    import cv2

    size = (_COLOUR_SIDE, _COLOUR_SIDE)
    one, two = (cv2.resize(seen, size, interpolation=cv2.INTER_AREA).astype(np.float32) for seen in (frame, other))
    tinted = cv2.erode(_find_other(_fit_tone(one, two), two, _OTHER_TINT), np.ones((2, 2), np.uint8))
    spreads = (one.std(axis=(0, 1)) + 2, two.std(axis=(0, 1)) + 2)
    gain = np.clip(spreads[1] / spreads[0], *_GAINS)
    offset = np.median(two, axis=(0, 1)) - gain * np.median(one, axis=(0, 1))
    toned = gain * one + np.clip(offset, -_MOST_OFFSET, _MOST_OFFSET)
    return max(_measure_patch(_find_other(toned, two, _OTHER_LEVELS)), _measure_patch(tinted))


def _fit_tone(one: Plane, two: Plane) -> Plane:
    """Return `one` in the tone of `two`: what most of its surfaces have in common is fitted, by channel.

    Where only one surface differs, such as skin, least distances leave it as it is, where spreads would follow it.
    """
    import cv2

    edges = np.maximum(*(np.abs(cv2.Laplacian(plane, cv2.CV_32F)).max(axis=2) for plane in (one, two)))
    even = edges < _EVEN_LEVELS
    if not even.any():
        return one
    fitted = np.empty_like(one)
    for channel in range(one.shape[2]):
        given, wanted = one[..., channel][even], two[..., channel][even]
        counts = np.ones_like(given)
        gain, offset = 1.0, 0.0
        for _ in range(_FITS):
            middle, aim = np.average(given, weights=counts), np.average(wanted, weights=counts)
            spread = np.average((given - middle) ** 2, weights=counts)
            shared = np.average((given - middle) * (wanted - aim), weights=counts)
            gain = float(np.clip(shared / max(spread, 1), *_TINT_GAINS)) if spread > 1 else 1.0
            offset = float(aim - gain * middle)
            counts = 1 / np.maximum(np.abs(gain * given + offset - wanted), 2)
        fitted[..., channel] = gain * one[..., channel] + offset
    return fitted


def _find_other(toned: Plane, two: Plane, levels: float) -> NDArray[np.uint8]:
    """Return 1 where no pixel of `two` beside the same place has about the colour, 0 elsewhere."""
    padded = np.pad(two, ((1, 1), (1, 1), (0, 0)), mode="edge")
    shifted = (
        padded[down : down + _COLOUR_SIDE, across : across + _COLOUR_SIDE] for down in range(3) for across in range(3)
    )
    nearest = np.min([np.abs(toned - near).max(axis=2) for near in shifted], axis=0)
    return np.asarray(nearest > levels, np.uint8)


def _measure_patch(mask: NDArray[np.uint8]) -> float:
    """Return which share of a mask its largest patch covers."""
    import cv2

    patches = cv2.connectedComponentsWithStats(mask, connectivity=8)[2]
    return float(patches[1:, cv2.CC_STAT_AREA].max() / mask.size) if len(patches) > 1 else 0.0
