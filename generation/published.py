"""Published pipelines that one command fetches: from which commit, and with which digests where they are certain.

A commit fixes what the hub may send. A digest here was found alike in several public records of independent projects;
the digests of all other files are noted at the first pull and insisted on from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """One pipeline.

    Attributes:
        hub_id: ``owner/name`` of its repository.
        revision: the commit, 40 hexadecimal digits.
        licence: of the weights, as their page says.
        digests: SHA-256 of files, by path.
        skipped: patterns of files that the pipeline does not need, such as weights in other number formats.
        options: what `diffusers_local` should be told beside the folder.
    """

    hub_id: str
    revision: str
    licence: str
    digests: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)


PUBLISHED: Final = (
    Published(
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        "CreativeML Open RAIL-M",
        {
            "text_encoder/model.safetensors": "d008943c017f0092921106440254dbbe00b6a285f7883ec8ba160c3faad88334",
            "unet/diffusion_pytorch_model.safetensors": (
                "19da7aaa4b880e59d56843f1fcb4dd9b599c28a1d9d9af7c1143057c8ffae9f1"
            ),
            "vae/diffusion_pytorch_model.safetensors": (
                "a2b5134f4dbc140d9c11f11cba3233099e00af40f262f136c691fb7d38d2194c"
            ),
        },
        ("*.fp16.*", "*.non_ema.*"),
    ),
    Published(
        "stabilityai/sd-turbo",
        "b261bac6fd2cf515557d5d0707481eafa0485ec2",
        "Stability AI's own: read it",
        {},
        ("*.fp16.*",),
        # Distilled to draw in one step, without guidance: its model card.
        {"steps": 1, "guidance": 0.0},
    ),
)


def find_published(hub_id: str, revision: str = "") -> Published | None:
    """Return the pipeline of that name and commit, or of any commit where none is given; None where we know none."""
    for one in PUBLISHED:
        if one.hub_id == hub_id and revision in {"", one.revision}:
            return one
    return None
