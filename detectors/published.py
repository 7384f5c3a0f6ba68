"""Published CLIP weights that one command fetches: from which commit, with which digest where it is certain.

A commit fixes what the hub may send. A digest here was found alike in several public records of independent projects;
where it was not, it is empty, and the digest of the first pull is noted and insisted on from then on.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """One set of weights.

    Attributes:
        architecture, tag: as open_clip names them.
        hub_id: ``owner/name`` of its repository.
        revision: the commit, 40 hexadecimal digits.
        filename: of the weights in it.
        sha256: of the weights, or "" where no two records of it were found.
        licence: of the weights, as their page says.
        companions: other files that the model needs, such as its tokenizer.
    """

    architecture: str
    tag: str
    hub_id: str
    revision: str
    filename: str
    sha256: str
    licence: str
    companions: tuple[str, ...] = ()


PUBLISHED: Final = (
    Published(
        "ViT-B-32",
        "laion2b_s34b_b79k",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        "1a25a446712ba5ee05982a381eed697ef9b435cf",
        "open_clip_model.safetensors",
        "ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6",
        "MIT",
    ),
    Published(
        "ViT-B-16-SigLIP2",
        "webli",
        "timm/ViT-B-16-SigLIP2",
        "eee10eff6dd8cabae2d7f379d4e8cfcd352030aa",
        "open_clip_model.safetensors",
        "",
        "Apache-2.0",
        ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    ),
)


def find_published(architecture: str, tag: str = "") -> Published | None:
    """Return the weights of that architecture and tag, or of any tag where none is given; None where we know none."""
    for one in PUBLISHED:
        if one.architecture == architecture and tag in {"", one.tag}:
            return one
    return None
