"""Pictures that are no photographs, or awkward ones: flat art, line art, text, alpha, grey, 16 bits, skies, skin.

python -m bench.watermark.special UNPACKED DESTINATION

Some are cut from packages (`[special]` in `pictures.toml`), some are drawn here. They are for looking at, and for
what a scheme answers to them; no share is claimed from them.
"""

import argparse
import tomllib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bench.watermark.pictures import LIST, Source, open_source
from provenance.asset import Frame

TEXT = (
    "A chop mark is the stamp with which merchants vouched for a coin that they had assayed: test first, then mark. "
    "Every output passes classifiers, an invisible watermark, a signed manifest and a registry before it is released. "
)


def page(width: int, height: int, size: int, *, dark: bool) -> Frame:
    """Draw a page of text as a browser would show it."""
    paper, ink = ((24, 26, 32), (222, 224, 228)) if dark else ((255, 255, 255), (32, 33, 36))
    image = Image.new("RGB", (width, height), paper)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    draw.rectangle((0, 0, width, 2 * size), fill=(60, 64, 72) if dark else (233, 236, 241))
    words, line, top = (TEXT * 60).split(), "", 3 * size
    for word in words:
        if draw.textlength(f"{line} {word}", font) > width - 4 * size:
            draw.text((2 * size, top), line, fill=ink, font=font)
            line, top = "", top + round(1.5 * size)
        line = f"{line} {word}".strip()
        if top > height - 2 * size:
            break
    return np.asarray(image)


def lines(width: int, height: int, *, hatched: bool) -> Frame:
    """Draw in black lines on white: rings, spokes and, if asked for, hatching."""
    image = Image.new("RGB", (2 * width, 2 * height), "white")
    draw = ImageDraw.Draw(image)
    for number in range(1, 12):
        radius, x, y = 32 * number, width * (0.6 + 0.07 * number), height * (0.7 + 0.05 * number)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline="black", width=4)
        angle = number * 0.55
        draw.line((width, height, width * (1 + np.cos(angle)), height * (1 + np.sin(angle))), fill="black", width=5)
    if hatched:
        for at in range(0, 2 * width, 14):
            draw.line((at, 1.3 * height, at + 200, 2 * height), fill="black", width=2)
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def interface(width: int, height: int) -> Frame:
    """Draw what an application shows: toggles, coloured boxes, a chart with markers, a bird on a smooth sky."""
    image = Image.new("RGB", (2 * width, 2 * height), (250, 250, 252))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(36)
    draw.rectangle((0, 0, 2 * width, 110), fill=(38, 70, 130))
    draw.text((40, 32), "Settings", fill="white", font=font)
    for number, fill in enumerate(((52, 199, 89), (200, 200, 205), (255, 149, 0), (88, 86, 214))):
        top = 170 + 110 * number
        draw.text((40, top + 8), f"Option {number + 1}", fill=(40, 40, 46), font=font)
        draw.rounded_rectangle((480, top, 580, top + 60), 30, fill=fill)
        draw.ellipse((524 if number != 1 else 484, top + 4, 576 if number != 1 else 536, top + 56), fill="white")
    draw.line((760, 560, 2 * width - 60, 560), fill=(120, 120, 126), width=3)
    points = [(780 + 110 * n, 480 - 90 * np.sin(0.9 * n) - 14 * n) for n in range(7)]
    draw.line(points, fill=(220, 60, 60), width=5)
    for x, y in points:
        draw.ellipse((x - 12, y - 12, x + 12, y + 12), fill="white", outline=(220, 60, 60), width=5)
    made = np.array(image.resize((width, height), Image.Resampling.LANCZOS))
    made[height // 2 + 20 :] = gradient(width, height - height // 2 - 20)
    shown = Image.fromarray(made)
    draw, x, y = ImageDraw.Draw(shown), width // 3, round(0.75 * height)
    draw.polygon([(x, y), (x - 26, y - 14), (x - 6, y + 5), (x + 26, y - 18), (x + 8, y + 6)], fill=(34, 34, 38))
    draw.rectangle((round(0.7 * width), y - 20, round(0.7 * width) + 60, y + 25), fill=(190, 60, 40))
    return np.asarray(shown)


def gradient(width: int, height: int) -> Frame:
    """Shade from a deep to a pale blue, with a glow: the smoothest sky there is, rounded without dither."""
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    glow = np.exp(-((across - 0.6) ** 2 + (down - 0.9) ** 2) / 0.2)
    planes = [60 + 110 * down + 60 * glow, 110 + 90 * down + 30 * glow, 190 + 50 * down]
    return np.clip(np.rint(np.stack(planes, axis=-1)), 0, 255).astype(np.uint8)


def drawn() -> Iterator[tuple[str, Frame]]:
    """Yield what is drawn here."""
    yield "text-light", page(1024, 768, 16, dark=False)
    yield "text-dark", page(1024, 768, 16, dark=True)
    yield "text-small", page(640, 480, 11, dark=False)
    yield "line-plain", lines(1024, 768, hatched=False)
    yield "line-hatched", lines(768, 768, hatched=True)
    yield "ui-light", interface(800, 600)
    yield "sky-gradient", gradient(1024, 768)
    yield "blank-white", np.full((512, 512, 3), 255, np.uint8)
    yield "blank-grey", np.full((512, 512, 3), 128, np.uint8)
    yield "tiny-gradient", gradient(200, 200)


def deep(image: Image.Image, width: int) -> np.ndarray:
    """Return a photograph with 16 bits a channel: the mean of many pixels of a larger one has them."""
    values = np.asarray(image).astype(np.float32) * 257
    size = width, round(width * image.height / image.width)
    return np.rint(cv2.resize(values, size, interpolation=cv2.INTER_AREA)).astype(np.uint16)


def write(unpacked: Path, destination: Path) -> None:
    """Write all of them as PNG."""
    destination.mkdir(parents=True, exist_ok=True)
    for name, frame in drawn():
        Image.fromarray(frame).save(destination / f"{name}.png")
    for name, (package, file, kind, *box) in tomllib.loads(LIST.read_text("utf-8"))["special"].items():
        image = open_source(unpacked, Source(name, package, file, "special"), "RGBA" if kind == "alpha" else "RGB")
        path = destination / f"{name}.png"
        if kind == "deep":
            cv2.imwrite(str(path), cv2.cvtColor(deep(image, 1024), cv2.COLOR_RGB2BGR))
            continue
        if kind == "crop":
            left, top, width, height = box
            image = image.crop((left, top, left + width, top + height))
        elif max(image.size) > 1024:
            image.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
        (image.convert("L") if kind == "grey" else image).save(path)


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unpacked", type=Path)
    parser.add_argument("destination", type=Path)
    options = parser.parse_args()
    write(options.unpacked, options.destination)


if __name__ == "__main__":
    main()
