"""The attacks, as data: a name, a suite, a family, an edit and its parameters.

Suite `study` is the 36 attacks and no attack at all that the study measured, unchanged. Suite `waves` is what WAVES and
WIBE add, as far as it runs without weights. Suite `target` is what is asked for by name at 1024 pixels. Everything is
deterministic: a generator is seeded by the picture, the attack and the number of the repeat.
"""

import fnmatch
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from bench.watermark import capture, edits
from provenance.asset import Frame


def chain(frame: Frame, rng: edits.Rng, *, steps: Sequence[edits.Step]) -> Frame:
    """Do several edits, one after the other; each step names one of `EDITS` and its parameters."""
    made = frame
    for name, parameters in steps:
        made = EDITS[name](made, rng, **parameters)
    return made


EDITS: Final[Mapping[str, Callable[..., Frame]]] = {
    function.__name__: function
    for function in (
        edits.nothing, edits.encoded, edits.jpeg2000, edits.resized, edits.resized_and_back, edits.fitted,
        edits.cropped, edits.rotated, edits.turned, edits.sheared, edits.perspective, edits.curve, edits.coloured,
        edits.grey, edits.warmed, edits.posterised, edits.equalised, edits.blurred, edits.moved, edits.median,
        edits.denoised, edits.smoothed, edits.sharpened, edits.noisy, edits.salted, edits.lettered, edits.stickered,
        edits.bent, edits.thinned, edits.inverted, edits.erased, edits.bordered, chain,
        capture.print_and_photograph, capture.screen_and_photograph, capture.screenshot,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attack:
    """One row of the table.

    Attributes:
        name: unique.
        suites: which tables it belongs to.
        family: what rows are summed up under.
        edit: a name in `EDITS`.
        parameters: for the edit.
        repeats: how often it is drawn for each picture, where chance has a part in it.
    """

    name: str
    suites: frozenset[str]
    family: str
    edit: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    repeats: int = 1

    def apply(self, frame: Frame, picture: str, repeat: int = 0) -> Frame:
        """Attack a picture; the same picture, attack and repeat give the same bytes."""
        seed = hashlib.sha256(f"{picture}|{self.name}|{repeat}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(seed[:8], "big"))
        return EDITS[self.edit](frame, rng, **self.parameters)


def _jpeg(quality: int) -> edits.Step:
    return "encoded", {"form": "JPEG", "quality": quality}


def _rows(
    suites: str, family: str, rows: Mapping[str, tuple[str, Mapping[str, Any]] | Sequence[edits.Step]]
) -> Iterator[Attack]:
    """Make rows of a family; a list of steps is a chain."""
    for name, row in rows.items():
        edit, parameters = row if isinstance(row, tuple) else ("chain", {"steps": tuple(row)})
        yield Attack(name, frozenset(suites.split()), family, edit, parameters, 3 if "any" in name else 1)


# The study's prototype, attacks.py: names, order and parameters are its own.
_STUDY: Final = (
    *_rows("study", "none", {"none": ("nothing", {})}),
    *_rows("study", "compression", {f"jpeg{quality}": _jpeg(quality) for quality in (90, 75, 50, 30)}),
    *_rows("study", "compression", {"webp50": ("encoded", {"form": "WEBP", "quality": 50})}),
    *_rows("study", "resize", {f"resize{part}": ("resized", {"across": part / 100}) for part in (75, 50, 35)}),
    *_rows("study", "crop", {f"crop{part}c": ("cropped", {"area": part / 100, "at": "middle"}) for part in (75, 50, 25)}),
    *_rows("study", "crop", {f"crop{part}br": ("cropped", {"area": part / 100, "at": "corner"}) for part in (75, 50, 25)}),
    *_rows("study", "rotation", {f"rot{degrees}": ("rotated", {"degrees": degrees}) for degrees in (2, 5, 10)}),
    *_rows("study", "rotation", {"rot90": ("turned", {"quarters": 1})}),
    *_rows("study", "affine", {"aspect+10": ("resized", {"across": 1.1, "down": 1.0}),
                               "aspect-10": ("resized", {"across": 0.9, "down": 1.0})}),
    *_rows("study", "tone", {
        "bright+2": ("curve", {"add": 2}),
        "bright+20%": ("curve", {"times": 1.2}),
        "bright-20%": ("curve", {"times": 0.8}),
        "contr+20%": ("curve", {"times": 1.2, "about": 128}),
        "contr-20%": ("curve", {"times": 0.8, "about": 128}),
        "gamma0.8": ("curve", {"power": 0.8}),
        "gamma1.2": ("curve", {"power": 1.2}),
    }),
    *_rows("study", "filter", {"blur1": ("blurred", {"sigma": 1.0}), "blur1.5": ("blurred", {"sigma": 1.5})}),
    *_rows("study", "noise", {"noise5": ("noisy", {"deviation": 5}), "noise10": ("noisy", {"deviation": 10})}),
    *_rows("study", "filter", {"median3": ("median", {"pixels": 3})}),
    *_rows("study", "rotation", {"hflip": ("turned", {"mirrored": True})}),
    *_rows("study", "chain", {
        "screenshot": [("resized", {"across": 0.85, "how": "bicubic"}), _jpeg(80)],
        "social": [("fitted", {"longest": 1080}), _jpeg(70)],
        "crop50+rs.7+jpeg60": [("cropped", {"area": 0.5, "at": "middle"}), ("resized", {"across": 0.7}), _jpeg(60)],
    }),
)  # fmt: skip

# What the scheme is held to by name, beside the study's list.
_TARGET: Final = (
    *_rows("target waves", "rotation", {"rotate any, inscribed": ("rotated", {"degrees": (0.0, 360.0)})}),
    *_rows("target waves", "crop", {"crop any 25 %": ("cropped", {"area": 0.25})}),
    *_rows("target waves", "affine", {
        "rotate 3, aspect +5 %": [("rotated", {"degrees": 3.0}), ("resized", {"across": 1.05, "down": 1.0})],
        "perspective any 2 %": ("perspective", {"share": 0.02}),
    }),
    *_rows("target waves", "resize", {"resize 0.25": ("resized", {"across": 0.25})}),
    *_rows("target waves", "compression", {
        "jpeg 20": _jpeg(20),
        "webp 30": ("encoded", {"form": "WEBP", "quality": 30}),
    }),
)  # fmt: skip

_CODECS: Final = _rows("waves", "compression", {
    **{f"jpeg {quality}": _jpeg(quality) for quality in (80, 60, 40, 10)},
    "jpeg 50, 4:4:4": ("encoded", {"form": "JPEG", "quality": 50, "subsampling": 0}),
    **{f"webp {quality}": ("encoded", {"form": "WEBP", "quality": quality}) for quality in (75, 60, 40)},
    **{f"avif {quality}": ("encoded", {"form": "AVIF", "quality": quality, "speed": 8}) for quality in (50, 30)},
    **{f"jpeg2000 {ratio}:1": ("jpeg2000", {"ratio": ratio}) for ratio in (20, 50, 100)},
    "jpeg 75, then 60": [_jpeg(75), _jpeg(60)],
})  # fmt: skip

_SCALES: Final = _rows("waves", "resize", {
    "resize 0.2": ("resized", {"across": 0.2}),
    "resize 0.3": ("resized", {"across": 0.3}),
    "resize 0.4, bicubic": ("resized", {"across": 0.4, "how": "bicubic"}),
    "resize 0.5, bilinear": ("resized", {"across": 0.5, "how": "bilinear"}),
    "resize 0.5, box": ("resized", {"across": 0.5, "how": "box"}),
    "resize 0.66": ("resized", {"across": 0.66}),
    "resize 0.77, nearest": ("resized", {"across": 0.77, "how": "nearest"}),
    "resize 1.25": ("resized", {"across": 1.25}),
    "resize 1.5, bilinear": ("resized", {"across": 1.5, "how": "bilinear"}),
    "resize 2, bicubic": ("resized", {"across": 2.0, "how": "bicubic"}),
    "resize 3": ("resized", {"across": 3.0}),
    "resize 0.5 and back": ("resized_and_back", {"across": 0.5}),
    "resize 0.3 and back": ("resized_and_back", {"across": 0.3}),
})  # fmt: skip

_GEOMETRY: Final = (
    *_rows("waves", "crop", {
        **{f"crop any {part} %": ("cropped", {"area": part / 100}) for part in (90, 75, 50, 10, 5)},
        "crop any 50 %, other shape": ("cropped", {"area": 0.5, "stretch": 1.4}),
    }),
    *_rows("waves", "rotation", {
        "rotate any, padded": ("rotated", {"degrees": (0.0, 360.0), "padded": True}),
        "rotate 1": ("rotated", {"degrees": 1.0}),
        "rotate 15": ("rotated", {"degrees": 15.0}),
        "rotate 30": ("rotated", {"degrees": 30.0}),
        "rotate 45": ("rotated", {"degrees": 45.0}),
        "rotate 9, padded": ("rotated", {"degrees": 9.0, "padded": True}),
        "rotate 180": ("turned", {"quarters": 2}),
        "rotate 270, mirrored": ("turned", {"quarters": 3, "mirrored": True}),
    }),
    *_rows("waves", "affine", {
        "aspect +15 %": ("resized", {"across": 1.15, "down": 1.0}),
        "aspect -15 %": ("resized", {"across": 0.85, "down": 1.0}),
        "aspect +30 %": ("resized", {"across": 1.3, "down": 1.0}),
        "shear 2 %": ("sheared", {"across": 0.02}),
        "shear 5 %": ("sheared", {"across": 0.05}),
        "shear 3 % both ways": ("sheared", {"across": 0.03, "down": 0.02}),
        "perspective any 5 %": ("perspective", {"share": 0.05}),
        "perspective any 10 %": ("perspective", {"share": 0.1}),
        "bend 1 px": ("bent", {"pixels": 1.0}),
        "bend 4 px": ("bent", {"pixels": 4.0}),
        "leave out a row and column of 64": ("thinned", {"every": 64}),
        "rotate 10, aspect -8 %": [("rotated", {"degrees": 10.0}), ("resized", {"across": 0.92, "down": 1.0})],
    }),
)  # fmt: skip

_TONES: Final = _rows("waves", "tone", {
    "brightness +40 %": ("curve", {"times": 1.4}),
    "brightness -50 %": ("curve", {"times": 0.5}),
    "brightness +40 levels": ("curve", {"add": 40}),
    "contrast +50 %": ("curve", {"times": 1.5, "about": 128}),
    "contrast -50 %": ("curve", {"times": 0.5, "about": 128}),
    "gamma 0.5": ("curve", {"power": 0.5}),
    "gamma 2": ("curve", {"power": 2.0}),
    "saturation 0.5": ("coloured", {"saturation": 0.5}),
    "saturation 1.8": ("coloured", {"saturation": 1.8}),
    "hue 25 degrees": ("coloured", {"hue_degrees": 25.0}),
    "hue 120 degrees": ("coloured", {"hue_degrees": 120.0}),
    "warmer": ("warmed", {"red": 1.12, "blue": 0.86}),
    "greyscale": ("grey", {}),
    "negative": ("inverted", {}),
    "posterise to 4 bits": ("posterised", {"bits": 4}),
    "posterise to 3 bits": ("posterised", {"bits": 3}),
    "histogram equalised": ("equalised", {}),
    "local contrast (CLAHE)": ("equalised", {"local": True}),
})  # fmt: skip

_SIGNAL: Final = (
    *_rows("waves", "filter", {
        "blur 2": ("blurred", {"sigma": 2.0}),
        "blur 3": ("blurred", {"sigma": 3.0}),
        "motion blur 5 px": ("moved", {"pixels": 5}),
        "motion blur 11 px": ("moved", {"pixels": 11}),
        "median 5": ("median", {"pixels": 5}),
        "non-local means 5": ("denoised", {"strength": 5.0}),
        "non-local means 10": ("denoised", {"strength": 10.0}),
        "bilateral": ("smoothed", {"pixels": 7, "tones": 40.0}),
        "sharpen": ("sharpened", {"amount": 1.0}),
        "sharpen a lot": ("sharpened", {"amount": 3.0, "sigma": 1.5}),
    }),
    *_rows("waves", "noise", {
        "noise 15": ("noisy", {"deviation": 15.0}),
        "noise 25": ("noisy", {"deviation": 25.0}),
        "speckle 0.1": ("noisy", {"speckle": 0.1}),
        "salt and pepper 1 %": ("salted", {"share": 0.01}),
        "salt and pepper 5 %": ("salted", {"share": 0.05}),
    }),
    *_rows("waves", "overlay", {
        "text, 1 line": ("lettered", {"lines": 1}),
        "text, 5 lines": ("lettered", {"lines": 5}),
        "stickers, 3": ("stickered", {"count": 3}),
        "stickers, 8": ("stickered", {"count": 8}),
        "erase 25 %": ("erased", {"area": 0.25}),
        "erase 50 %": ("erased", {"area": 0.5}),
        "meme": ("bordered", {"top": 0.18, "text": True}),
        "borders, all round": ("bordered", {"top": 0.2, "bottom": 0.2, "sides": 0.3, "tone": 0}),
        "letterbox": ("bordered", {"top": 0.35, "bottom": 0.35, "tone": 0}),
    }),
)  # fmt: skip

_CHAINS: Final = (
    *_rows("waves", "capture", {
        "print and photograph": ("print_and_photograph", {"strength": 1.0}),
        "print and photograph, badly": ("print_and_photograph", {"strength": 1.8}),
        "screen and photograph": ("screen_and_photograph", {"strength": 0.5}),
        "screen and photograph, badly": ("screen_and_photograph", {"strength": 1.0}),
        "screenshot of a window": ("screenshot", {"across": 0.9}),
        "screenshot, larger, jpeg 70": ("screenshot", {"across": 1.3, "dark": True, "quality": 70}),
    }),
    *_rows("waves", "chain", {
        "messenger: 1600, jpeg 60": [("fitted", {"longest": 1600}), _jpeg(60)],
        "share twice: 1080, jpeg 70, 800, jpeg 60": [
            ("fitted", {"longest": 1080}), _jpeg(70), ("fitted", {"longest": 800}), _jpeg(60),
        ],
        "screenshot of a share": [_jpeg(70), ("screenshot", {"across": 0.8}), _jpeg(70)],
        "thumbnail: 400, jpeg 75": [("fitted", {"longest": 400}), _jpeg(75)],
        "crop any 50 %, resize 0.7, jpeg 60": [("cropped", {"area": 0.5}), ("resized", {"across": 0.7}), _jpeg(60)],
        "crop any 25 %, resize 1.5, jpeg 75": [("cropped", {"area": 0.25}), ("resized", {"across": 1.5}), _jpeg(75)],
        "rotate 5, resize 0.7, jpeg 70": [("rotated", {"degrees": 5.0}), ("resized", {"across": 0.7}), _jpeg(70)],
        "mirrored, rotate 5, jpeg 60": [("turned", {"mirrored": True}), ("rotated", {"degrees": 5.0}), _jpeg(60)],
        "resize 0.5, jpeg 50": [("resized", {"across": 0.5}), _jpeg(50)],
        "perspective any 2 %, jpeg 60": [("perspective", {"share": 0.02}), _jpeg(60)],
        "meme, 1080, jpeg 60": [
            ("bordered", {"top": 0.18, "text": True}), ("fitted", {"longest": 1080}), _jpeg(60),
        ],
        "filter app: warm, contrast, sharpen, jpeg 80": [
            ("warmed", {"red": 1.08, "blue": 0.92}), ("curve", {"times": 1.2, "about": 128}),
            ("sharpened", {"amount": 0.8}), _jpeg(80),
        ],
        "noise 5, blur 1, jpeg 50": [("noisy", {"deviation": 5.0}), ("blurred", {"sigma": 1.0}), _jpeg(50)],
        "stickers, text, webp 50": [
            ("stickered", {"count": 2}), ("lettered", {"lines": 1}), ("encoded", {"form": "WEBP", "quality": 50}),
        ],
    }),
)  # fmt: skip

ATTACKS: Final[Mapping[str, Attack]] = {
    attack.name: attack for attack in (*_STUDY, *_TARGET, *_CODECS, *_SCALES, *_GEOMETRY, *_TONES, *_SIGNAL, *_CHAINS)
}


def choose(wanted: str) -> tuple[Attack, ...]:
    """Return the attacks that a comma-separated list names: by suite, family or name, with `*` and `?` for names."""
    chosen: dict[str, Attack] = {}
    for word in (part.strip() for part in wanted.split(";" if ";" in wanted else ",")):
        found = [
            attack
            for attack in ATTACKS.values()
            if word in attack.suites or word == attack.family or fnmatch.fnmatchcase(attack.name, word)
        ]
        if not found:
            raise SystemExit(f"expected a suite, a family or a name of attacks, got {word!r}")
        chosen |= {attack.name: attack for attack in found}
    return tuple(chosen.values())
