"""Put tables and plots between the markers of a page whose prose is written by hand.

    <!-- table: study -->      everything up to the next
    <!-- end -->               is replaced; a marker without results keeps what it has

Plots are SVG files beside the page: `watermark-curves.svg` over strength, `watermark-families.svg` by family and scheme.
"""

import re
from pathlib import Path
from typing import Final

import matplotlib as mpl

from bench.watermark.attacks import ATTACKS
from bench.watermark.measure import wilson
from bench.watermark.results import Journal, Row, grouped
from bench.watermark.schemes import SCHEMES
from bench.watermark.tables import TABLES, markdown

mpl.use("Agg")
# The same results give the same bytes: no date, no random ids, text as text.
mpl.rcParams |= {"svg.hashsalt": "chopmark", "svg.fonttype": "none", "font.size": 9}

MARKED: Final = re.compile(r"(<!-- table: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

# Attack by strength for each curve; names are those of the table of attacks.
CURVES: Final = {
    "JPEG quality": {
        90: "jpeg90", 80: "jpeg 80", 75: "jpeg75", 60: "jpeg 60", 50: "jpeg50", 40: "jpeg 40", 30: "jpeg30",
        20: "jpeg 20", 10: "jpeg 10",
    },
    "scale, %": {
        20: "resize 0.2", 25: "resize 0.25", 30: "resize 0.3", 35: "resize35", 50: "resize50", 66: "resize 0.66",
        75: "resize75", 125: "resize 1.25", 200: "resize 2, bicubic", 300: "resize 3",
    },
    "area kept, %": {
        10: "crop any 10 %", 25: "crop any 25 %", 50: "crop any 50 %", 75: "crop any 75 %", 90: "crop any 90 %",
    },
    "noise, deviation": {5: "noise5", 10: "noise10", 15: "noise 15", 25: "noise 25"},
}  # fmt: skip


def _shares(rows: list[Row], size: str) -> dict[tuple[str, str], tuple[int, int]]:
    cells = grouped((row for row in rows if row["size"] == size), lambda row: (row["scheme"], row["attack"]))
    return {cell: (sum(row["outcome"] == "recovered" for row in part), len(part)) for cell, part in cells.items()}


def plot_curves(rows: list[Row], path: Path, size: str) -> None:
    """Draw recovery over strength, with intervals, for each scheme."""
    from matplotlib import pyplot as plt

    shares = _shares(rows, size)
    figure, axes = plt.subplots(1, len(CURVES), figsize=(11, 3.1), sharey=True, layout="constrained")
    for axis, (title, names) in zip(axes, CURVES.items(), strict=True):
        for scheme in SCHEMES:
            points = [(strength, shares[scheme, name]) for strength, name in names.items() if (scheme, name) in shares]
            if not points:
                continue
            strengths = [strength for strength, _ in points]
            bounds = [wilson(*counts) for _, counts in points]
            (line,) = axis.plot(strengths, [100 * kept / of for _, (kept, of) in points], marker=".", label=scheme)
            low, high = ([100 * bound[side] for bound in bounds] for side in (0, 1))
            axis.fill_between(strengths, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
        axis.set(xlabel=title, ylim=(-3, 103))
        if title.startswith("scale"):
            axis.set_xscale("log")
            axis.set_xticks([20, 50, 100, 200, 300], ["20", "50", "100", "200", "300"])
            axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(f"ids recovered, %, {size} px")
    lines = {line.get_label(): line for axis in axes for line in axis.get_lines()}
    if lines:
        figure.legend(lines.values(), lines.keys(), fontsize=7, ncols=len(lines), loc="outside lower center")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_families(rows: list[Row], path: Path, size: str) -> None:
    """Draw recovery by family of attacks for each scheme, with intervals."""
    from matplotlib import pyplot as plt

    here = [row for row in rows if row["size"] == size]
    cells = grouped(here, lambda row: (row["scheme"], ATTACKS[row["attack"]].family))
    names = [name for name in dict.fromkeys(attack.family for attack in ATTACKS.values()) if name != "none"]
    present = [scheme for scheme in SCHEMES if any(row["scheme"] == scheme for row in here)]
    figure, axis = plt.subplots(figsize=(9, 3.2), layout="constrained")
    width = 0.8 / max(1, len(present))
    for place, scheme in enumerate(present):
        counts = [[row["outcome"] == "recovered" for row in cells.get((scheme, name), [])] for name in names]
        shares = [100 * sum(part) / len(part) if part else 0 for part in counts]
        bounds = [wilson(sum(part), len(part)) if part else (0, 0) for part in counts]
        errors = [
            [max(0, share - 100 * bound[0]) for share, bound in zip(shares, bounds, strict=True)],
            [max(0, 100 * bound[1] - share) for share, bound in zip(shares, bounds, strict=True)],
        ]
        at = [number + place * width for number in range(len(names))]
        axis.bar(at, shares, width, yerr=errors, label=scheme, error_kw={"linewidth": 0.7})
    axis.set_xticks([number + 0.4 - width / 2 for number in range(len(names))], names)
    axis.set(ylabel=f"ids recovered, %, {size} px", ylim=(0, 103))
    figure.legend(fontsize=7, ncols=len(present), loc="outside lower center")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def write(folder: Path, page: Path, plots: Path | None) -> None:
    """Rewrite the page's tables and draw the plots."""

    def replaced(found: re.Match[str]) -> str:
        name = found[2]
        if name not in TABLES:
            raise SystemExit(f"expected one of {', '.join(TABLES)} in a marker, got {name!r}")
        table = TABLES[name](folder)
        return found[0] if len(table) < 2 else f"{found[1]}\n{markdown(table)}\n\n{found[4]}"

    page.write_text(MARKED.sub(replaced, page.read_text("utf-8")), "utf-8")
    rows = [row for row in Journal(folder, "extracts").rows() if row["split"] == "heldout"]
    target = plots or page.parent / "images"
    target.mkdir(parents=True, exist_ok=True)
    present = [size for size in ("1024", "768", "500", "2048") if any(row["size"] == size for row in rows)]
    if present:
        plot_curves(rows, target / "watermark-curves.svg", present[0])
        plot_families(rows, target / "watermark-families.svg", present[0])
