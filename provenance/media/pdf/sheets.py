"""A PDF as content: its pages as words and as pictures, and the file that was written anew out of them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from provenance.asset import Frame, MediaType
from provenance.fingerprints.shingles import Passages, compute_passages
from provenance.media.medium import Facts
from provenance.media.pdf.kind import PDF
from provenance.media.picture.raster import Picture
from provenance.media.text.hidden import Hidden, clean, find_hidden
from provenance.media.text.text import show_in_parts
from provenance.media.view import PICTURE, View
from provenance.storage.blob import Blob


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        text: that can be taken out of it, as it lies there.
        links: addresses that it leads to.
        width, height: of its picture, in pixels.
        sides: width and height in the page's units, as it is shown.
        pixels: (height, width, 3) uint8 sRGB, deflated: most of a page is paper.
    """

    text: str
    links: tuple[str, ...]
    width: int
    height: int
    sides: tuple[float, float]
    pixels: bytes = field(repr=False)

    def draw(self) -> Frame:
        """Return the page as people see it, (height, width, 3) uint8."""
        size = self.width * self.height * 3
        data = zlib.decompressobj().decompress(self.pixels, size)
        return np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3)


@dataclass(frozen=True)
class Sheets:
    """A PDF taken apart; immutable.

    Attributes:
        file: written anew out of the pages; what is marked and ships.
        pages: in order.
        title: of the document information.
        items: AIGC items in it.
        xmp: packet of the metadata, b"" for none.
        left_out: what else the file held; none of it ships.
    """

    file: Blob
    pages: tuple[Page, ...]
    title: str = ""
    items: tuple[str, ...] = ()
    xmp: bytes = b""
    left_out: tuple[str, ...] = ()

    @property
    def media_type(self) -> MediaType:
        """PDF."""
        return PDF

    @cached_property
    def words(self) -> str:
        """What people read, page after page, without what nobody sees."""
        return clean("\n".join(page.text for page in self.pages))

    @cached_property
    def hidden(self) -> Hidden:
        """What the words hide, and with them the title and the addresses of links."""
        return find_hidden("\n".join((self.title, *(one for page in self.pages for one in (page.text, *page.links)))))

    @property
    def facts(self) -> Facts:
        """What the database and policies may know of it."""
        empty = sum(not page.text.strip() for page in self.pages)
        return {
            "pages": len(self.pages),
            "characters": len(self.words),
            "words": len(self.words.split()),
            "pages_without_words": empty,
            "mixed_words": self.hidden.mixed,
        }

    @property
    def size_bytes(self) -> int:
        """Memory held, about."""
        return self.file.size_bytes + sum(len(page.pixels) + 8 * len(page.text) for page in self.pages)

    def views(self) -> Iterator[View]:
        """Show all words, with the title and the addresses of links, then every page as a picture."""
        links = "\n".join(link for page in self.pages for link in page.links)
        yield from show_in_parts("\n".join(part for part in (self.title, self.words, links) if part))
        for page in self.pages:
            yield View(PICTURE, Picture.from_frame(page.draw(), media_type=PDF), is_page=True)

    def passages(self) -> Passages:
        """Return what it is found by as a work, and what a copy of a part of it is found by."""
        return compute_passages(self.words)
