"""Tables out of results: what was recovered, what it cost to see, wrong ids, times, hardening."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Final

from bench.watermark.attacks import ATTACKS
from bench.watermark.measure import wilson
from bench.watermark.results import Journal, Row, grouped
from bench.watermark.schemes import SCHEMES

Table = list[list[str]]

SIZES: Final = {"2048": "2048 px", "1024": "1024 px", "768": "768x512", "500": "500x375"}
# The study's weakest to strongest is no order that a reader would look for; the order of the table is.
BASELINE: Final = "library_dwtDctSvd"


def markdown(rows: Table) -> str:
    """Write rows as a table; the first is the head."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def percent(successes: int, trials: int) -> str:
    """Write a share with its interval: 97.5 % (93.1-99.2)."""
    low, high = wilson(successes, trials)
    return f"{100 * successes / trials:.1f} % ({100 * low:.1f}-{100 * high:.1f})" if trials else "-"


def _kept(rows: Iterable[Row]) -> tuple[int, int]:
    outcomes = [row["outcome"] for row in rows]
    return outcomes.count("recovered"), len(outcomes)


def _columns(rows: Sequence[Row], split: str) -> list[tuple[str, str]]:
    there = {(row["scheme"], row["size"]) for row in rows if row["split"] == split}
    return [(scheme, size) for scheme in SCHEMES for size in SIZES if (scheme, size) in there]


def recovery(folder: Path, suite: str, split: str = "heldout") -> Table:
    """Return counts for each attack of a suite and each scheme and size, with all of them at the end."""
    rows = [row for row in Journal(folder, "extracts").rows() if suite in ATTACKS[row["attack"]].suites]
    columns = _columns(rows, split)
    cells = grouped(rows, lambda row: (row["scheme"], row["size"], row["attack"]) if row["split"] == split else None)
    table = [["attack", *(f"{scheme}, {SIZES[size]}" for scheme, size in columns)]]
    for name, attack in ATTACKS.items():
        found = [cells.get((*column, name), []) for column in columns]
        if suite in attack.suites and any(found):
            table.append([name, *("{}/{}".format(*_kept(part)) if part else "-" for part in found)])
    whole = grouped(rows, lambda row: (row["scheme"], row["size"]) if row["split"] == split else None)
    table.append(["**all**", *(f"**{percent(*_kept(whole[column]))}**" for column in columns)])
    return table


def intervals(folder: Path, suite: str, split: str = "heldout") -> Table:
    """Return shares with intervals for each attack of a suite: for the few that matter by name."""
    rows = [row for row in Journal(folder, "extracts").rows() if suite in ATTACKS[row["attack"]].suites]
    columns = _columns(rows, split)
    cells = grouped(rows, lambda row: (row["scheme"], row["size"], row["attack"]) if row["split"] == split else None)
    names = [name for name, attack in ATTACKS.items() if suite in attack.suites]
    table = [["attack", *(f"{scheme}, {SIZES[size]}" for scheme, size in columns)]]
    return table + [[name, *(percent(*_kept(cells.get((*column, name), []))) for column in columns)] for name in names]


def families(folder: Path, split: str = "heldout") -> Table:
    """Return shares with intervals for each family over every attack that was run."""
    rows = [row for row in Journal(folder, "extracts").rows() if row["split"] == split]
    columns = _columns(rows, split)
    cells = grouped(rows, lambda row: (row["scheme"], row["size"], ATTACKS[row["attack"]].family))
    order = list(dict.fromkeys(attack.family for attack in ATTACKS.values()))
    table = [["family", *(f"{scheme}, {SIZES[size]}" for scheme, size in columns)]]
    return table + [[name, *(percent(*_kept(cells.get((*column, name), []))) for column in columns)] for name in order]


def _spread(rows: Sequence[Row], field: str, worst: Callable[[Iterable[float]], float], form: str) -> str:
    values = [row[field] for row in rows if field in row]
    return f"{mean(values):{form}}, {worst(values):{form}}" if values else "-"


def quality(folder: Path) -> Table:
    """Return how much marks are seen: mean and worst of each measure."""
    cells = grouped(Journal(folder, "embeds").rows(), lambda row: (row["scheme"], row["split"], row["size"]))
    head = ["scheme", "pictures", "marked", "PSNR dB, least", "SSIM, least", "SSIMULACRA 2, least", "FLIP, most"]
    table = [head]
    for (scheme, split, size), rows in sorted(
        cells.items(), key=lambda cell: (list(SCHEMES).index(cell[0][0]), cell[0][1:])
    ):
        marked = [row for row in rows if "refused" not in row]
        table.append([
            scheme,
            f"{split}, {SIZES.get(size, size)}",
            f"{len(marked)}/{len(rows)}",
            _spread(marked, "psnr_db", min, ".2f"),
            _spread(marked, "ssim", min, ".4f"),
            _spread(marked, "ssimulacra2", min, ".1f"),
            _spread(marked, "flip", max, ".4f"),
        ])  # fmt: skip
    return table


def wrong(folder: Path) -> Table:
    """Return ids that were returned and should not have been, with an upper bound at 95 %."""
    marked = grouped(Journal(folder, "extracts").rows(), lambda row: row["scheme"])
    unmarked = grouped(Journal(folder, "falsepositives").rows(), lambda row: (row["scheme"], row["material"]))
    table = [["scheme", "material", "extractions", "ids returned that are wrong", "rate at most (95 %)"]]
    always = " (no check: it returns bits for every picture)"
    for scheme in SCHEMES:
        lines = {
            "marked and attacked": (
                sum(row["outcome"] == "wrong" for row in marked.get(scheme, [])),
                len(marked.get(scheme, [])),
            )
        }
        for material in ("unmarked", "another key"):
            rows = unmarked.get((scheme, material), [])
            lines[material] = sum(len(row["found"]) for row in rows), sum(row["extractions"] for row in rows)
        for material, (found, trials) in lines.items():
            if trials:
                table.append(
                    [
                        scheme,
                        material,
                        f"{trials:,}",
                        f"{found}{always if 'library' in scheme else ''}",
                        f"{wilson(found, trials)[1]:.1e}",
                    ]
                )
    return table


def _medians(rows: Sequence[Row], side: int) -> dict[str, float]:
    here = [row for row in rows if row["side"] == side and "processor_ms" in row]
    found = {
        what: median(value for row in part for value in row["processor_ms"])
        for what, part in grouped(here, lambda row: row["what"]).items()
    }
    attacked = [
        value for row in here if row["what"] not in {"embed", "untouched", "unmarked"} for value in row["processor_ms"]
    ]
    return found | ({"attacked": median(attacked)} if attacked else {})


def timing(folder: Path) -> Table:
    """Return medians of processor time, and how many times the library's dwtDctSvd takes."""
    cells = grouped(Journal(folder, "timing").rows(), lambda row: row["scheme"])
    base = _medians(cells.get(BASELINE, []), 1024)
    table = [["scheme", "side", "embed", "extract untouched", "attacked", "unmarked", "MB beside the picture"]]
    for scheme in (name for name in SCHEMES if name in cells):
        memory = [row for row in cells[scheme] if row["what"] == "memory"]
        for side in (1024, 4096):
            found = _medians(cells[scheme], side)
            if not found:
                continue
            times = [
                f"{found[what]:.1f}" + (f" ({base[what] / found[what]:.0f}x)" if side == 1024 and what in base and scheme != BASELINE else "")
                if what in found else "-"
                for what in ("embed", "untouched", "attacked", "unmarked")
            ]  # fmt: skip
            used = (
                f"{memory[0]['embed_mb']:.0f} to embed, {memory[0]['both_mb']:.0f} with extract"
                if memory and side == 4096
                else "-"
            )
            table.append([scheme, str(side), *times, used])
    return table


def hardening(folder: Path) -> Table:
    """Return what each attempt at removing or copying a mark gets."""
    rows = Journal(folder, "hardening").rows()
    table = [["scheme", "attempt", "setting", "id still read", "PSNR dB to the marked picture", "remark"]]
    for (scheme, attempt, setting), part in grouped(
        rows, lambda row: (row["scheme"], row["attempt"], row["setting"])
    ).items():
        counted = [row for row in part if "read" in row]
        distances = [row["psnr_db"] for row in counted if "psnr_db" in row]
        table.append([
            scheme,
            attempt,
            setting,
            percent(sum(row["read"] for row in counted), len(counted)),
            f"{mean(distances):.1f}" if distances else "-",
            next((row["remark"] for row in part if row.get("remark")), ""),
        ])  # fmt: skip
    return table


TABLES: Final[Mapping[str, Callable[[Path], Table]]] = {
    "study": lambda folder: recovery(folder, "study"),
    "target": lambda folder: intervals(folder, "target"),
    "waves": lambda folder: recovery(folder, "waves"),
    "families": families,
    "tuning": lambda folder: recovery(folder, "study", "tuning"),
    "quality": quality,
    "wrong": wrong,
    "timing": timing,
    "hardening": hardening,
}
