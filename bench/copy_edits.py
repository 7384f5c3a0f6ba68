"""What is done to a picture's frame before it is passed on: the edits that `bench.copies` asks about."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Edit = Callable[[Image.Image, np.random.Generator], Image.Image]


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return the picture after one more JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def crop(image: Image.Image, noise: np.random.Generator, area: float) -> Image.Image:
    """Return a part of that area anywhere, up to a fifth wider or higher than the whole."""
    shape = np.exp(noise.uniform(-0.2, 0.2))
    width = int(min(image.width, image.width * area**0.5 * shape))
    height = int(min(image.height, image.height * area**0.5 / shape))
    left, top = noise.integers(0, image.width - width + 1), noise.integers(0, image.height - height + 1)
    return image.crop((left, top, left + width, top + height))


def corner(image: Image.Image, area: float) -> Image.Image:
    """Return the upper left part of that area."""
    return image.crop((0, 0, int(image.width * area**0.5), int(image.height * area**0.5)))


def letterbox(image: Image.Image) -> Image.Image:
    """Return the picture in a square with black bars."""
    side = max(image.size)
    made = Image.new("RGB", (side, side))
    made.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return made


def captioned(image: Image.Image, share: float, *, over: bool) -> Image.Image:
    """Return the picture with a white bar and words, over its lowest part or added above."""
    bar = int(image.height * share)
    made = Image.new("RGB", (image.width, image.height + (0 if over else bar)), "white")
    made.paste(image, (0, 0 if over else bar))
    pen, top = ImageDraw.Draw(made), image.height - bar if over else 0
    pen.rectangle((0, top, made.width, top + bar), fill="white")
    pen.text((made.width * 0.1, top + bar * 0.3), "WHEN YOU SEE IT ...", fill="black")
    return made


def sticker(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture with a disc over a tenth of it."""
    made, radius = image.copy(), (0.1 * image.width * image.height / np.pi) ** 0.5
    x, y = noise.uniform(radius, image.width - radius), noise.uniform(radius, image.height - radius)
    ImageDraw.Draw(made).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(250, 200, 30))
    return made


def perspective(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture as seen from aside: each corner moved in by up to 12 %."""
    width, height = image.size
    moved = noise.uniform(0, 0.12, 8) * np.array([width, height] * 4)
    corners = np.array([0, 0, 0, height, width, height, width, 0]) + moved * np.array([1, 1, 1, -1, -1, -1, -1, 1])
    return image.transform(image.size, Image.Transform.QUAD, corners.tolist(), Image.Resampling.BICUBIC)


def screenshot(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture on a page, with a bar above and lines below."""
    width, height = image.size
    made = Image.new("RGB", (int(width * 1.3), int(height * 1.7)), (245, 245, 247))
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 0, made.width, int(height * 0.15)), fill=(30, 30, 40))
    made.paste(image, (int(width * 0.15), int(height * 0.25)))
    for line in range(5):
        top = int(height * 1.3) + line * 14
        pen.rectangle((20, top, 20 + int(noise.integers(60, width)), top + 7), fill=(180, 180, 190))
    return made


def pasted(image: Image.Image, noise: np.random.Generator, grounds: list[Path], share: float) -> Image.Image:
    """Return a stranger's picture with this one on a share of it."""
    ground = load(grounds[noise.integers(len(grounds))]).resize((900, 700))
    width, height = int(900 * share**0.5), int(700 * share**0.5)
    ground.paste(
        image.resize((width, height)), (int(noise.integers(0, 900 - width)), int(noise.integers(0, 700 - height)))
    )
    return ground


def beside(image: Image.Image, noise: np.random.Generator, grounds: list[Path]) -> Image.Image:
    """Return the picture with another one beside it, both of one height."""
    other = load(grounds[noise.integers(len(grounds))])
    other = other.resize((max(1, round(other.width * image.height / other.height)), image.height))
    pair = [image, other] if noise.random() < 0.5 else [other, image]
    made = Image.new("RGB", (image.width + other.width, image.height))
    made.paste(pair[0], (0, 0))
    made.paste(pair[1], (pair[0].width, 0))
    return made


def collage(image: Image.Image, noise: np.random.Generator, grounds: list[Path]) -> Image.Image:
    """Return four pictures in a square, this one among them."""
    cells = [image, *(load(grounds[noise.integers(len(grounds))]) for _ in range(3))]
    made = Image.new("RGB", (800, 800))
    for cell, number in enumerate(noise.permutation(4)):
        made.paste(cells[number].resize((400, 400)), (cell % 2 * 400, cell // 2 * 400))
    return made


def shaped(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return a corner of another shape: a square, a story or a banner, as much of the picture as has that shape."""
    shape = float(noise.choice([1.0, 9 / 16, 16 / 9, 4 / 5]))
    shape = shape if abs(np.log(shape * image.height / image.width)) > 0.15 else 2 / 3
    width = min(image.width, round(image.height * shape))
    height = min(image.height, round(image.width / shape))
    left, top = int(noise.integers(2)) * (image.width - width), int(noise.integers(2)) * (image.height - height)
    return image.crop((left, top, left + width, top + height))


def lined(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture with a line of large white letters on it, outlined in black."""
    made, size = image.copy(), max(12, image.width // 14)
    top = noise.uniform(0.05, 0.85) * image.height
    ImageDraw.Draw(made).text(
        (image.width * 0.06, top),
        "ONE DOES NOT SIMPLY",
        fill="white",
        font_size=size,
        stroke_width=max(1, size // 12),
        stroke_fill="black",
    )
    return made


def off_screen(image: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture as a telephone sees it on a screen: its grid, aside, brighter tones, soft, JPEG."""
    large = image.resize((image.width * 2, image.height * 2), Image.Resampling.BICUBIC)
    pixels = np.asarray(large, np.float32) / 255
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    turn, pitch = noise.uniform(0.02, 0.12), noise.uniform(2.3, 3.4)
    for channel in range(3):
        grid = np.sin(2 * np.pi * (columns + turn * rows + channel * pitch / 3) / pitch)
        pixels[..., channel] *= 1 + 0.12 * grid + 0.06 * np.sin(2 * np.pi * (rows - turn * columns) / pitch)
    bright = np.clip(pixels, 0, 1) ** noise.uniform(0.7, 0.85)
    shown = Image.fromarray((np.clip(bright * [0.96, 1.0, 1.04], 0, 1) * 255).astype(np.uint8))
    edge = image.width // 6
    framed = ImageOps.expand(shown, edge, (24, 24, 28))
    seen = perspective(framed, noise).filter(ImageFilter.GaussianBlur(1.2))
    return jpeg(seen.resize((framed.width * 5 // 9, framed.height * 5 // 9), Image.Resampling.BILINEAR), 70)


def still(image: Image.Image, noise: np.random.Generator, kind: str) -> Image.Image:
    """Return one frame of an animation that pans over the picture: of 480 pixels at most, as GIF (256 colours) or WebP."""
    small = image.copy()
    small.thumbnail((480, 480))
    width, height = small.width * 9 // 10, small.height * 9 // 10
    frames = []
    for step in range(4):
        left, top = ((side - part) * step // 3 for side, part in ((small.width, width), (small.height, height)))
        frames.append(small.crop((left, top, left + width, top + height)))
    buffer = io.BytesIO()
    options = {"quality": 60} if kind == "WEBP" else {}
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=200, **options)
    with Image.open(io.BytesIO(buffer.getvalue())) as animation:
        animation.seek(int(noise.integers(len(frames))))
        return animation.convert("RGB")


def build_edits(grounds: list[Path]) -> dict[str, Edit]:
    """Return every edit by its name."""
    turn = Image.Resampling.BICUBIC
    return {
        "JPEG 20": lambda image, _: jpeg(image, 20),
        "mirrored": lambda image, _: ImageOps.mirror(image),
        "greyscale": lambda image, _: ImageOps.grayscale(image).convert("RGB"),
        "filter": lambda image, _: ImageEnhance.Color(ImageEnhance.Contrast(image).enhance(1.5)).enhance(0.4),
        "corner crop to 95 %": lambda image, _: corner(image, 0.95),
        "corner crop to 60 % of each side": lambda image, _: corner(image, 0.36),
        "corner of another shape": shaped,
        "crop to 80 %": lambda image, noise: crop(image, noise, 0.8),
        "crop to 50 %": lambda image, noise: crop(image, noise, 0.5),
        "crop to 25 %": lambda image, noise: crop(image, noise, 0.25),
        "turned by 2 degrees": lambda image, _: image.rotate(2, turn, expand=True),
        "turned by 10 degrees": lambda image, _: image.rotate(10, turn),
        "turned by 15 degrees": lambda image, _: image.rotate(-15, turn),
        "mirrored half": lambda image, noise: ImageOps.mirror(crop(image, noise, 0.5)),
        "quarter turn": lambda image, _: image.rotate(90, expand=True),
        "perspective": perspective,
        "frame of 5 %": lambda image, _: ImageOps.expand(image, image.width // 20, "white"),
        "frame of 15 %": lambda image, _: ImageOps.expand(image, image.width * 15 // 100, "black"),
        "letterbox": lambda image, _: letterbox(image),
        "caption over 8 %": lambda image, _: captioned(image, 0.08, over=True),
        "caption over 20 %": lambda image, _: captioned(image, 0.2, over=True),
        "caption above": lambda image, _: captioned(image, 0.15, over=False),
        "sticker on a tenth": sticker,
        "line of text": lined,
        "screenshot": screenshot,
        "off a screen": off_screen,
        "picture in picture, a quarter": lambda image, noise: pasted(image, noise, grounds, 0.25),
        "picture in picture, an eighth": lambda image, noise: pasted(image, noise, grounds, 0.125),
        "beside another": lambda image, noise: beside(image, noise, grounds),
        "collage of four": lambda image, noise: collage(image, noise, grounds),
        "still of an animated GIF": lambda image, noise: still(image, noise, "GIF"),
        "still of an animated WebP": lambda image, noise: still(image, noise, "WEBP"),
        "crop, tilt and caption": lambda image, noise: captioned(
            crop(image, noise, 0.6).rotate(5, turn, expand=True), 0.15, over=True
        ),
    }


def load(path: Path) -> Image.Image:
    """Return a picture as pixels."""
    with Image.open(path) as opened:
        return opened.convert("RGB")
