"""What is to be written into a PDF, as it goes to the process that writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """A label.

    Attributes:
        text: what it says.
        page: number of the page, from 0.
        box: left, bottom, right and top of its plate, in units from the lower left corner of the page as it is shown.
        size: of the letters, in units.
        strip: height that the page grows by for it, at its upper edge; below 0, at its lower one.
        codes, widths: of its letters, by `provenance.media.pdf.font.Letters`.
    """

    text: str
    page: int
    box: tuple[float, float, float, float]
    size: float
    strip: float
    codes: Mapping[str, int]
    widths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """What is to be written.

    Attributes:
        item: text of the AIGC item in the document information, "" for none.
        label: None for none.
        veil_side: of the square veil in pixels, 0 for none.
        light: of each page, whether its veil is white, for pages that are dark.
    """

    item: str
    label: LabelOrder | None
    veil_side: int
    light: Sequence[bool]
