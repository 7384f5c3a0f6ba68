"""How much of what is in a picture is found: writing, documents and codes, drawn by code over photographs.

    python -m bench.parts [FOLDER OF PHOTOGRAPHS]

Draws card numbers, residents' numbers, accounts, addresses, forbidden words, passports' zones and QR codes over
photographs (scikit-image's, or those of a folder), and prints what share the detectors find, with Wilson's intervals.
Nothing here was used to choose a limit.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.watermark.measure import wilson
from detectors.base import Detector, Subject, Toolbox
from detectors.checksums import fits_luhn, fits_resident, mrz_digit
from detectors.codes import CodesDetector
from detectors.ocr import OcrDetector
from provenance import labels
from provenance.asset import Asset, MediaType, new_asset_id, sha256_hex
from provenance.media.picture.raster import Picture
from provenance.media.view import PICTURE, View
from provenance.storage.blob import as_blob

SIDE = 1024
FONTS = Path(mpl.__file__).parent / "mpl-data" / "fonts" / "ttf"
LATIN = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "STIXGeneral.ttf",
    "cmr10.ttf",
)
CHINESE = Path(labels.__file__).parent / "fonts" / "label-sans-bold.otf"


def photographs(folder: Path | None) -> list[Image.Image]:
    import skimage

    names = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png", "retina.jpg")
    here = Path(skimage.__file__).parent / "data"
    paths = sorted(folder.glob("*.jpg")) if folder else [here / name for name in names]
    return [
        Image.open(path).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        for path in paths[:: max(1, len(paths) // 40)]
    ]


def card(rng: random.Random) -> str:
    body = "4" + "".join(rng.choices("0123456789", k=14))
    whole = next(body + str(check) for check in range(10) if fits_luhn(body + str(check)))
    return " ".join(whole[at : at + 4] for at in range(0, 16, 4))


def resident(rng: random.Random) -> str:
    body = f"110105{rng.randint(1950, 2010)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randint(0, 999):03d}"
    return next(body + check for check in "0123456789X" if fits_resident(body + check))


def account(rng: random.Random) -> str:
    rest = "".join(rng.choices("0123456789", k=18))
    value = int(f"{rest}131400")
    whole = f"DE{98 - value % 97:02d}{rest}"
    return " ".join(whole[at : at + 4] for at in range(0, 22, 4))


def zone(rng: random.Random) -> str:
    number = "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=1) + rng.choices("0123456789", k=8))
    born, ends = (
        f"{rng.randint(50, 99)}0{rng.randint(1, 9)}1{rng.randint(0, 9)}",
        f"3{rng.randint(0, 9)}0{rng.randint(1, 9)}1{rng.randint(0, 9)}",
    )
    checked = [f"{text}{mrz_digit(text)}" for text in (number, born, ends, "<" * 14)]
    second = f"{checked[0]}UTO{checked[1]}F{checked[2]}{checked[3]}{mrz_digit(''.join(checked))}"
    return "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"[:44] + "\n" + second


KINDS: dict[str, tuple[Callable[[random.Random], str], str, tuple[str, ...]]] = {
    "payment card": (card, "personal.payment_card", LATIN),
    "resident's number": (resident, "personal.identity_number", LATIN),
    "IBAN": (account, "personal.bank_account", LATIN),
    "e-mail": (lambda rng: f"{rng.choice(['jane', 'li.wei', 'support'])}{rng.randint(1, 99)}@example.com", "personal.email", LATIN),
    "forbidden words, English": (lambda rng: rng.choice(["buy cocaine here", "kill all of them", "child porn"]), "written.", LATIN),
    "forbidden words, Chinese": (lambda rng: rng.choice(["出售冰毒", "代办假证", "儿童色情"]), "written.", (str(CHINESE),)),
    "passport's zone": (zone, "documents", ("DejaVuSansMono.ttf",)),
}  # fmt: skip


def written(photo: Image.Image, text: str, font: str, size: int, angle: float, rng: random.Random) -> np.ndarray:
    """Return `photo` with `text` on it: on a plain strip half of the time, else on the picture with an outline."""
    drawn = ImageFont.truetype(font if Path(font).is_absolute() else str(FONTS / font), size)
    box = ImageDraw.Draw(photo).multiline_textbbox((0, 0), text, font=drawn, spacing=size)
    layer = Image.new("RGBA", (int(box[2]) + size, int(box[3]) + size), (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    if rng.random() < 0.5 or "\n" in text:
        pen.rectangle((0, 0, *layer.size), fill=(245, 244, 238, 255))
        # The pitch of a zone's two lines is about twice their height: ICAO Doc 9303-3, figure 4.
        pen.multiline_text((size / 2, size / 2), text, font=drawn, fill=(30, 30, 40, 255), spacing=size)
    else:
        pen.multiline_text(
            (size / 2, size / 2),
            text,
            font=drawn,
            fill=(255, 255, 255, 255),
            stroke_width=max(1, size // 14),
            stroke_fill=(0, 0, 0, 255),
        )
    turned = layer.rotate(angle, expand=True, resample=Image.Resampling.BICUBIC)
    made = photo.copy()
    room = [max(1, SIDE - side) for side in turned.size]
    made.paste(turned, (rng.randrange(room[0]), rng.randrange(room[1])), turned)
    return np.asarray(made)


def ask(detector: Detector, frame: np.ndarray) -> dict[str, float]:
    asset = Asset(new_asset_id(), sha256_hex(b""), MediaType.PNG, 0, {})
    return dict(detector.detect(Subject(asset, View(PICTURE, Picture.from_frame(frame)), as_blob(b""))).scores)


def measure_writing(detector: Detector, photos: list[Image.Image], each: int) -> Iterator[tuple[str, str, int, int]]:
    for (name, (make, category, fonts)), (size, angle) in product(
        KINDS.items(), ((14, 0), (20, 0), (32, 12), (32, 90))
    ):
        rng, hits = random.Random(f"{name} {size} {angle}"), 0
        for turn in range(each):
            frame = written(photos[turn % len(photos)], make(rng), rng.choice(fonts), size, angle, rng)
            scores = ask(detector, frame)
            hits += any(
                score >= 0.5 for key, score in scores.items() if key.startswith(category) and key != "written.unread"
            )
        yield name, f"{size} px, turned by {angle}", hits, each


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    photos = photographs(folder)
    with tempfile.TemporaryDirectory() as models:
        box = Toolbox(works=None, models_dir=Path(models))  # type: ignore[arg-type]  # neither asks for works
        ocr, codes = OcrDetector(box), CodesDetector(box)
        ocr.warm()
        print("| written | how | found | share (95 %) |\n|---|---|---|---|")
        for name, how, hits, each in measure_writing(ocr, photos, 15):
            low, high = wilson(hits, each)
            print(f"| {name} | {how} | {hits} of {each} | {hits / each:.0%} ({low:.0%} to {high:.0%}) |", flush=True)
        false = [0, 0]
        for photo in photos:
            frame = np.asarray(photo)
            false[0] += any(score >= 0.5 for score in ask(ocr, frame).values())
            false[1] += ask(codes, frame)["codes"] > 0
        print(
            f"\nOf {len(photos)} photographs with nothing on them: ocr finds something in {false[0]}, codes in {false[1]}."
        )


if __name__ == "__main__":
    main()
