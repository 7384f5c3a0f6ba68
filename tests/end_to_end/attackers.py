"""What strangers do to pictures: they sign with keys of their own, strip, and put other people's marks on."""

import io
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import c2pa

from provenance.manifests.identity import load_development_identity
from provenance.media.picture.image import Picture, encode_image, parse_image

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@cache
def stranger(name="stranger"):
    """Somebody else's signing identity."""
    with TemporaryDirectory() as folder:
        return load_development_identity(Path(folder) / name, environment="development")


def strip(data):
    """The same pixels in a new file without metadata."""
    picture = parse_image(data)
    return encode_image(picture, picture.media_type)


def repaint(data, change):
    """A new file whose pixels are what `change` makes of the old ones."""
    picture = parse_image(data)
    return encode_image(Picture.from_frame(change(picture.frame.copy())), picture.media_type)


def sign(data, media_type, source_type="trainedAlgorithmicMedia", *, parent=None, label=None):
    """Sign as a stranger, straight through c2pa: made from nothing, or from the file `parent`."""
    begun = {"action": "c2pa.created", "digitalSourceType": IPTC + source_type}
    if parent is not None:
        begun = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}}
    manifest = {
        "title": "a picture",
        "claim_generator_info": [{"name": "stranger"}],
        "assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": [begun]}}],
        **({} if label is None else {"label": label}),
    }
    signed = io.BytesIO()
    context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    who = stranger()
    with (
        c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_callback(who.sign, c2pa.C2paSigningAlg.ES256, who.certificate_chain_pem, None) as signer,
    ):
        if parent is not None:
            ingredient = {"title": "source", "relationship": "parentOf", "label": "source", "instance_id": "source"}
            builder.add_ingredient(json.dumps(ingredient), str(media_type), io.BytesIO(parent))
        builder.sign(signer, str(media_type), io.BytesIO(data), signed)
    return signed.getvalue()
