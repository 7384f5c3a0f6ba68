"""Files to label: real pixels in every type that ships, with the metadata that cameras and editors leave."""

from io import BytesIO

import numpy as np
from PIL import Image, PngImagePlugin

from provenance.asset import MediaType

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="kept"/></rdf:RDF></x:xmpmeta>'
)

KINDS = {
    "jpeg": (MediaType.JPEG, "RGB", {}),
    "jpeg grey": (MediaType.JPEG, "L", {}),
    "png": (MediaType.PNG, "RGB", {}),
    "png alpha": (MediaType.PNG, "RGBA", {}),
    "webp": (MediaType.WEBP, "RGB", {}),
    "webp lossless": (MediaType.WEBP, "RGB", {"lossless": True}),
    "webp lossless alpha": (MediaType.WEBP, "RGBA", {"lossless": True}),
    "webp alpha": (MediaType.WEBP, "RGBA", {}),
    "avif": (MediaType.AVIF, "RGB", {"speed": 10}),
    "avif alpha": (MediaType.AVIF, "RGBA", {"speed": 10}),
    "tiff": (MediaType.TIFF, "RGB", {}),
    "tiff lzw": (MediaType.TIFF, "RGBA", {"compression": "tiff_lzw"}),
    "bigtiff": (MediaType.TIFF, "RGB", {"big_tiff": True}),
}
SIZE = (47, 61)


def make(kind, *, xmp=None, comment=None, icc=False):
    """Return (media type, bytes) of a small noisy picture."""
    media_type, mode, options = KINDS[kind]
    pixels = np.random.default_rng(7).integers(0, 256, (*SIZE, 4), dtype=np.uint8)
    picture = Image.fromarray(pixels).convert(mode)
    exif = Image.Exif()
    exif[0x0110] = "Camera"
    if comment is not None:
        exif.get_ifd(0x8769)[0x9286] = comment
    if xmp is not None:
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt("XML:com.adobe.xmp", xmp.decode())
        ways = {MediaType.TIFF: {"tiffinfo": {700: xmp}}, MediaType.PNG: {"pnginfo": chunks}}
        options = {**options, **ways.get(media_type, {"xmp": xmp})}
    if media_type is not MediaType.TIFF:
        options = {**options, "exif": exif.tobytes()}
    if icc:
        from PIL import ImageCms

        options = {**options, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    out = BytesIO()
    picture.save(out, media_type.value.partition("/")[2].upper(), **options)
    return media_type, out.getvalue()


def pixels(data):
    """Return mode and pixels as Pillow decodes them."""
    with Image.open(BytesIO(data)) as picture:
        return picture.mode, np.asarray(picture)


def info(data):
    """Return what else Pillow sees in the file."""
    with Image.open(BytesIO(data)) as picture:
        return (
            dict(picture.getexif()),
            picture.info.get("icc_profile"),
            picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or picture.getexif().get(700),
        )
