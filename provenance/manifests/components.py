"""What went into an asset that was made here: the picture that was animated, the clip that was extended, its music.

Each is a C2PA ingredient: `parentOf` where the asset is that file, gone on with; `inputTo` where it was computed from
it; `componentOf` where it was put in as it is. One that carries a manifest brings its whole chain along.
Source: C2PA 2.4 s18.16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provenance.asset import MediaType
from provenance.errors import DamagedRecordError, SigningError
from provenance.storage.blob import Blob

RELATIONSHIPS: Final = ("parentOf", "inputTo", "componentOf")
FIELD: Final = "ingredients"
"""Of a recipe in its JSON form."""
MOST: Final = 128
"""As many as a gala has pieces, with room."""

# A process that does not take clips or sound may have to name them.
_EXTENSIONS: Final = {"video/mp4": ".mp4", "video/quicktime": ".mov", "audio/wav": ".wav"}


@dataclass(frozen=True, slots=True)
class Component:
    """One file that went into an asset.

    Attributes:
        file: as it was.
        media_type: of it.
        relationship: one of `RELATIONSHIPS`; at most one is the parent.
        digital_source_type: last segment of the IPTC NewsCode, said where it carries no manifest; "" says nothing.
    """

    file: Blob
    media_type: MediaType
    relationship: str
    digital_source_type: str = ""

    def __post_init__(self) -> None:
        """Refuse what C2PA does not know."""
        if self.relationship not in RELATIONSHIPS:
            raise SigningError(f"expected a relationship out of {', '.join(RELATIONSHIPS)}, got another")


def describe_components(components: Sequence[Component]) -> list[dict[str, str]]:
    """Return the JSON form that a recipe keeps: digests, never the files."""
    return [
        {
            "sha256": str(one.file.sha256),
            "media_type": one.media_type.value,
            "relationship": one.relationship,
            "digital_source_type": one.digital_source_type,
        }
        for one in components
    ]


def read_components(recipe: Mapping[str, Any], files: Sequence[Blob]) -> tuple[Component, ...]:
    """Return the components that a recipe names, from files in its order.

    Raises:
        DamagedRecordError: the files are not those that it names.
    """
    named = recipe.get(FIELD) or []
    if [str(one["sha256"]) for one in named] != [str(file.sha256) for file in files]:
        raise DamagedRecordError("the ingredients that are kept of an asset are not those that its recipe names")
    return tuple(
        Component(
            file,
            MediaType.add(str(one["media_type"]), extension=_EXTENSIONS.get(str(one["media_type"]), "")),
            str(one["relationship"]),
            str(one["digital_source_type"]),
        )
        for one, file in zip(named, files, strict=True)
    )
