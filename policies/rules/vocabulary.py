"""The closed vocabulary that packs speak: categories of scores, and what conditions may read.

A category is what a detector scores and a threshold compares. Built-in detectors share these names, so that a pack does
not depend on which of them is installed; a third party's detector names its own as ``vendor.category``, and the pack
that uses them declares them.
"""

import re
from typing import Final

from detectors.base import DETECTORS
from detectors.personal_data import Kind

CONTENT_CATEGORIES: Final = frozenset({
    "alcohol", "documents", "drugs", "gambling", "gore", "hate", "illegal", "minors", "nudity", "political",
    "real_person", "self_harm", "sexual", "tobacco", "violence", "weapons",
})  # fmt: skip
"""What a picture may show, a prompt may ask for and writing may say."""

SHOWN_CATEGORIES: Final = frozenset({"children", "crowds", "flags", "medical", "money", "swimwear", "uniforms"})
"""What a picture may show besides, and no term bank lists."""

NAMED_CATEGORIES: Final = frozenset({"characters", "logos"})
"""Whose a name is that stands in words: protected characters, brands."""

PROMPT_CATEGORIES: Final = frozenset(f"prompt.{category}" for category in CONTENT_CATEGORIES | NAMED_CATEGORIES)
"""What a picture may show, asked for in words, and what words may name."""

MEANING_CATEGORIES: Final = frozenset(f"prompt.meaning.{category}" for category in CONTENT_CATEGORIES)
"""The same, where no listed word asks for it and the prompt only means something like it."""

JOINED_CATEGORIES: Final = frozenset({"prompt.sexual_minors", "prompt.sexual_person"})
"""Whom one passage of a prompt or text speaks of beside sex or nudity."""

READING_CATEGORIES: Final = frozenset({"prompt.meaning_unchecked", "prompt.unread"})
"""How much of a prompt nobody could look at."""

COPYRIGHT_CATEGORIES: Final = frozenset({
    "copyright_attribute", "copyright_block", "copyright_hold", "copyright_unhashable",
})  # fmt: skip
"""What the works registry answers."""

INCOMING_CATEGORIES: Final = frozenset({
    "incoming_ai", "incoming_broken_ingredient", "incoming_hidden", "incoming_human_claim", "incoming_invalid_manifest",
    "incoming_mirage", "incoming_model_mark", "incoming_own_mark",
})  # fmt: skip
"""Marks that the file already carries."""

PART_CATEGORIES: Final = frozenset({"codes", "codes_hazard", "codes_link", "faces", "faces_large"})
"""Parts of a picture that are found and measured: faces, codes."""

LEVEL_CATEGORIES: Final = frozenset({"sound_clipped", "sound_silent"})
"""How loud a sound is."""

WRITTEN_CATEGORIES: Final = frozenset(
    {"written.unread"} | {f"written.{category}" for category in CONTENT_CATEGORIES | NAMED_CATEGORIES}
)
"""The same as what a prompt may ask for or name, written in the picture; and how much was written that nobody read."""

SPOKEN_CATEGORIES: Final = frozenset(
    {"spoken.unheard"} | {f"spoken.{category}" for category in CONTENT_CATEGORIES | NAMED_CATEGORIES}
)
"""The same, said in a sound; and how much of one nobody listened to."""

PERSONAL_CATEGORIES: Final = frozenset(f"personal.{kind}" for kind in Kind)
"""Personal data, by its kind."""

CATEGORIES: Final = frozenset(
    CONTENT_CATEGORIES
    | SHOWN_CATEGORIES
    | PROMPT_CATEGORIES
    | MEANING_CATEGORIES
    | JOINED_CATEGORIES
    | READING_CATEGORIES
    | COPYRIGHT_CATEGORIES
    | INCOMING_CATEGORIES
    | PART_CATEGORIES
    | LEVEL_CATEGORIES
    | WRITTEN_CATEGORIES
    | SPOKEN_CATEGORIES
    | PERSONAL_CATEGORIES
    | {"nsfw"}
)
"""Every built-in category."""

VENDOR_CATEGORY: Final = re.compile(r"(?!(?:personal|prompt|spoken|written)\.)[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
"""A category of somebody else's detector."""

TEXT_BYTES: Final = "text_bytes"
"""Of what people read in a text, without its markup; the file's size for all else, and for texts of older versions."""

ASSET_FACTS: Final = ("height", "width")
"""Those of the fields that a medium knows and another may not have."""

ASSET_FIELDS: Final = ("height", "media_type", "origin", "size_bytes", "text_bytes", "width")
"""Facts of the asset that conditions may read."""

SIGNAL_FIELDS: Final = ("evidence", "scores", "status")
"""Parts of a signal that conditions may read."""


def known_detectors() -> frozenset[str]:
    """Return the name of every detector that this installation knows, enabled or not."""
    return frozenset(DETECTORS.names())
