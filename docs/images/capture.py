"""Make the README's pictures again: run the tour, draw each answer as a terminal, and lay out what was released.

Usage, from the repository's root: `.venv/bin/pip install --group training`, then
`.venv/bin/python docs/images/capture.py [SCENE ...]`. It draws with resvg and matplotlib's fonts, and works in a folder
of its own; sites, keys and sealed files go with it.
"""  # noqa: INP001 - a script beside the pictures that it makes, no package

import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import matplotlib as mpl
from PIL import Image
from rich.console import Console
from rich.text import Text

IMAGES: Final = Path(__file__).resolve().parent
ROOT: Final = IMAGES.parent.parent
FONTS: Final = Path(mpl.get_data_path()) / "fonts" / "ttf"
COLUMNS: Final = 104
# Rich's own fonts come from a network; this names what matplotlib has.
FRAME: Final = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"
height="{height}"><style>.{unique_id}-matrix {{ font: {char_height}px 'DejaVu Sans Mono', monospace;
line-height: {line_height}px }}
{styles}</style><defs>{lines}</defs><rect width="{width}" height="{height}" rx="8" fill="#1b1e24"/>
<g transform="translate(20, 14)">{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g></svg>"""
# Terminal lines that rich adds above the matrix for a title bar, in pixels; the frame above has no bar.
TITLE_BAR: Final = 26

DRAW: Final = "chopmark generate 'a red boat' -n 2 --seed 3 -o made"
SCENES: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("chopmark demo --out out",),
    "release": (DRAW, "chopmark release astronaut.png --pack baseline --pack cn-labeling-2025 -o released"),
    "verify": ("chopmark verify released/astronaut.png",),
    "stripped": ("chopmark verify stripped.png",),
    "works": (
        "chopmark register chelsea.png --owner 'Stéfan van der Walt' --title 'Chelsea the cat'",
        "chopmark release copy.jpg -o released",
    ),
}
SHEET: Final = (
    "made/drawn-01ed010a-4.png",
    "out/drawn-cat.png",
    "released/astronaut.png",
    "out/rocket.jpg",
    "out/coffee.png",
    "out/hubble_deep_field.jpg",
)
TILE: Final = 300


def run_scene(name: str, commands: tuple[str, ...], folder: Path) -> None:
    """Run the commands in `folder` and draw what they wrote to standard output as `<name>.png`."""
    console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w"), force_terminal=True)  # noqa: SIM115 - lives as long
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("CHOPMARK_")},
        "CHOPMARK_HOME": "site",
        "COLUMNS": str(COLUMNS - 2),  # a margin at the right
        "FORCE_COLOR": "1",
        "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    for command in commands:
        console.print(Text(f"$ {command}", style="bold"))
        words = shlex.split(command)
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        if done.returncode not in {0, 3, 4}:
            sys.exit(f"{command}: exit code {done.returncode}\n{done.stderr}")
        console.print(Text.from_ansi(done.stdout.rstrip() + "\n"))
    svg = folder / f"{name}.svg"
    svg.write_text(console.export_svg(code_format=FRAME), encoding="utf-8")
    draw_svg(svg, IMAGES / f"{name}.png")


def draw_svg(svg: Path, png: Path) -> None:
    """Draw an SVG, cut it to its size and keep it small."""
    import resvg_py

    head = svg.read_text(encoding="utf-8").split('viewBox="0 0 ', 1)[1].split('"', 1)[0].split()
    width, height = (round(float(side)) for side in head)
    drawn = resvg_py.svg_to_bytes(
        svg_path=str(svg), skip_system_fonts=True, font_dirs=[str(FONTS)], monospace_family="DejaVu Sans Mono"
    )
    Image.open(io.BytesIO(bytes(drawn))).convert("RGB").crop((0, 0, width, height - TITLE_BAR)).save(png)
    Image.open(png).convert("RGB").quantize(128, kmeans=2, dither=Image.Dither.NONE).save(png, optimize=True)


def prepare(folder: Path) -> None:
    """Copy the free photographs that the tour hands in."""
    import skimage

    data = Path(skimage.__file__).parent / "data"
    for name in ("astronaut.png", "chelsea.png"):
        shutil.copy(data / name, folder / name)
    copy = Image.open(folder / "chelsea.png").convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    copy.resize((300, 200)).save(folder / "copy.jpg", quality=60)


def lay_out(folder: Path) -> None:
    """Lay released pictures out as one sheet, and the visible label at twice its size beside its neighbours."""
    sheet = Image.new("RGB", (3 * TILE + 20, 2 * TILE + 10), "white")
    for place, name in enumerate(SHEET):
        picture = Image.open(folder / name).convert("RGB")
        side = min(picture.size)
        # The lower right square: that is where the label is.
        square = picture.crop((picture.width - side, picture.height - side, picture.width, picture.height))
        tile = square.resize((TILE, TILE), Image.Resampling.LANCZOS)
        sheet.paste(tile, (place % 3 * (TILE + 10), place // 3 * (TILE + 10)))
    sheet.save(IMAGES / "released.jpg", quality=88)
    label = Image.open(folder / "out/drawn-cake.png").convert("RGB")
    corner = label.crop((label.width - 240, label.height - 120, label.width, label.height))
    corner.resize((480, 240), Image.Resampling.LANCZOS).save(IMAGES / "label.jpg", quality=90)


def main(wanted: list[str]) -> None:
    """Make every picture, or those of the scenes that are named; each scene needs the files of the ones before it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for scene, commands in SCENES.items():
            if wanted and scene not in wanted:
                continue
            if scene == "stripped":
                Image.open(folder / "released/astronaut.png").convert("RGB").save(folder / "stripped.png")
            run_scene(scene, commands, folder)
        if not wanted:
            lay_out(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
