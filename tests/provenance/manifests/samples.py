"""Pictures, recipes and grants that the tests of manifests share."""

import io
import json
from functools import cache
from pathlib import Path

import c2pa
from PIL import Image

from provenance.asset import Asset, Digest, MediaType, Origin, new_asset_id, sha256_hex
from provenance.grant import Grant, MarkKind, Obligation, PackRef
from provenance.manifests.claim import Definition, Marks, SourceFile, build_definition
from provenance.manifests.softbinding import SoftBinding, build_alg

FIXTURES = Path(__file__).parents[4] / "shared" / "data" / "c2pa-rs-fixtures"

CREATED_AT = "2026-11-22T21:00:00.000Z"
PAYLOAD = bytes.fromhex("01aabbccddeeff07")
WATERMARK = SoftBinding("org.chopmark.test-mark.1", PAYLOAD)
FINGERPRINT = SoftBinding(build_alg("pdq"), bytes(range(32)))
MARKS = Marks(watermark=WATERMARK, fingerprints=(FINGERPRINT,), metadata=("AIGC", "IPTC"))
LABELLED = Marks(watermark=WATERMARK, fingerprints=(FINGERPRINT,), explicit_label="AI生成", metadata=("AIGC",))

RECIPE = {
    "backend": "diffusers_local 0.42.0",
    "model_name": "tiny-diffusion",
    "model_identifier": "pkg:huggingface/example/tiny-diffusion@0123abc",
    "model_type": "c2pa.types.model.pytorch",
    "model_sha256": "cd" * 32,
    "digital_source_type": "trainedAlgorithmicMedia",
    "prompt_sha256": "ab" * 32,
    "seed": 2**63 + 5,
    "parameters": {"steps": 20, "guidance": 7.5, "negative_prompt": "a secret wish"},
    "source_sha256": "",
}
SKETCH = {**RECIPE, "backend": "sketch 1", "digital_source_type": "algorithmicMedia", "model_type": ""}

SIGNED_TYPES = (MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.AVIF, MediaType.TIFF)
PILLOW_NAMES = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.AVIF: "AVIF",
    MediaType.TIFF: "TIFF",
    MediaType.GIF: "GIF",
}


@cache
def photograph(media_type: MediaType, side: int = 256) -> bytes:
    """A real photograph, encoded."""
    import skimage

    path = Path(skimage.__file__).parent / "data" / "astronaut.png"
    with Image.open(path) as image:
        small = image.convert("RGB").resize((side, side))
    out = io.BytesIO()
    small.save(out, PILLOW_NAMES[media_type])
    return out.getvalue()


def asset_of(data: bytes, media_type: MediaType, origin: Origin = Origin.GENERATED) -> Asset:
    return Asset(new_asset_id(), sha256_hex(data), media_type, len(data), {"width": 256, "height": 256}, origin)


def grant_for(asset: Asset) -> Grant:
    packs = (PackRef("baseline", Digest("ee" * 32)),)
    obligations = (Obligation(MarkKind.SIGNED_METADATA), Obligation(MarkKind.WATERMARK))
    return Grant(asset.id, asset.sha256, "decision-1", packs, obligations, 7)


def define(
    media_type: MediaType = MediaType.JPEG,
    *,
    recipe=RECIPE,
    marks: Marks = MARKS,
    source: SourceFile | None = None,
    origin: Origin = Origin.GENERATED,
    title: str = "",
) -> Definition:
    asset = asset_of(photograph(media_type), media_type, origin)
    return build_definition(
        asset,
        grant_for(asset),
        marks=marks,
        media_type=media_type,
        created_at=CREATED_AT,
        recipe=recipe,
        source=source,
        title=title,
    )


def worded(title: str = "", words: str = "EXAMPLE a red boat under a blue moon", **actions: str) -> Definition:
    """A manifest of a stranger that holds words, and a picture as thumbnail is left to the caller."""
    first = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        **actions,
    }
    manifest = {
        **({"title": title} if title else {}),
        "claim_generator_info": [{"name": "Example Maker", "version": "1.0"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [first]}},
            {"label": "com.example.generation", "data": {"prompt": words}},
            {
                "label": "stds.exif",
                "kind": "Json",
                "data": {"@context": {"exif": "http://ns.adobe.com/exif/1.0/"}, "exif:UserComment": words},
            },
        ],
    }
    return Definition(manifest)


def pictured(
    data: bytes, media_type: MediaType, thumbnail: bytes, identity, definition: Definition | None = None, **core: bool
) -> bytes:
    """A stranger's file whose manifest shows `thumbnail`."""
    manifest = dict((definition or worded()).manifest)
    manifest["thumbnail"] = {"format": "image/jpeg", "identifier": "thumbnail.jpg"}
    signed = io.BytesIO()
    context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}, "core": core})
    with (
        c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_callback(
            identity.sign, c2pa.C2paSigningAlg.ES256, identity.certificate_chain_pem, None
        ) as signer,
    ):
        builder.add_resource("thumbnail.jpg", io.BytesIO(thumbnail))
        builder.sign(signer, str(media_type), io.BytesIO(data), signed)
    return signed.getvalue()
