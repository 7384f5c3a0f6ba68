"""Flat graphics drawn by code: families of which the members share a layout and nothing else."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont

from provenance.media.picture.image import Picture

INK = "#14181c"


def _font(size):
    return ImageFont.load_default(size)


def card(name, number, colour):
    """An identity card of nobody."""
    image = Image.new("RGB", (900, 560), "#e6ecf0")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((20, 20, 880, 540), 30, fill="#fcfcff", outline="#707080", width=4)
    draw.rectangle((60, 140, 300, 440), fill=colour)
    draw.ellipse((130, 180, 230, 300), fill="#ddbea9")
    for row, text in enumerate((f"NAME {name}", f"NO {number}", f"BORN {1900 + number % 100}")):
        draw.text((350, 160 + 90 * row), text, fill=INK, font=_font(44))
    return image


def slide(title, lines):
    """A slide of a report."""
    image = Image.new("RGB", (1280, 720), "#f5f5fa")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 110), fill="#143c8c")
    draw.rectangle((0, 690, 1280, 720), fill="#143c8c")
    draw.text((40, 30), title, fill="white", font=_font(48))
    for row, line in enumerate(lines):
        draw.text((80, 170 + 90 * row), line, fill=INK, font=_font(40))
    return image


def flag(*colours):
    """A flag of upright stripes with a disc."""
    image = Image.new("RGB", (600, 400))
    draw = ImageDraw.Draw(image)
    width = 600 // len(colours)
    for column, colour in enumerate(colours):
        draw.rectangle((column * width, 0, (column + 1) * width, 400), fill=colour)
    draw.ellipse((250, 150, 350, 250), fill="#ffd200", outline=INK, width=3)
    return image


def logo(letter, colour):
    """A letter on a disc."""
    image = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((56, 56, 456, 456), fill=colour)
    draw.text((256, 256), letter, fill="white", font=_font(240), anchor="mm")
    return image


FAMILIES = {
    "cards": [
        card("C. Doe", 52964539, "#5a7896"),
        card("M. Roe", 45606183, "#6c7696"),
        card("A. Lee", 11873321, "#5a7896"),
    ],
    "slides": [
        slide(
            f"Quarterly report {number}",
            [f"{word} {number * 13 % 89} %" for word in ("Costs", "Plan", "Risk", "Sales")],
        )
        for number in (1, 5, 8)
    ],
    "flags": [
        flag("#009246", "white", "#ce2b37"),
        flag("#169b62", "white", "#ff883e"),
        flag("#7a4b2a", "white", "#5a2a7a"),
    ],
    "logos": [logo("A", "#b03060"), logo("R", "#b03060"), logo("A", "#2f6f3f")],
}


def meme(photograph, top, bottom):
    """Words over a photograph."""
    image = photograph.convert("RGB").resize((512, 512))
    draw = ImageDraw.Draw(image)
    for text, row, anchor in ((top, 12, "ma"), (bottom, 500, "md")):
        style = {"fill": "white", "stroke_width": 3, "stroke_fill": "black"}
        draw.text((256, row), text.upper(), font=_font(48), anchor=anchor, **style)
    return image


def copies(image):
    """Yield what happens to a copy on its way."""
    for quality in (80, 50):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        yield f"jpeg {quality}", Image.open(buffer).convert("RGB")
    for factor in (0.6, 1.4):
        yield f"scaled {factor}", image.resize((int(image.width * factor), int(image.height * factor)))
    yield "brighter", ImageEnhance.Brightness(image).enhance(1.08)
    yield "less contrast", ImageEnhance.Contrast(image).enhance(0.9)
    yield "blurred", image.filter(ImageFilter.GaussianBlur(1))


def picture(image):
    return Picture.from_frame(np.asarray(image.convert("RGB")))
