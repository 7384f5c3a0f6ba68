"""The running order of a gala, for people: as text to print and as one page of HTML that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 3rem auto; padding: 0 1.5rem; }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 .25rem; text-wrap: balance; }}
p {{ margin: 0 0 2rem; opacity: .75; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .5rem .75rem .5rem 0; vertical-align: top; }}
tr {{ border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }}
th {{ font-weight: 600; font-size: .875rem; }}
td.n, td.t, th.n, th.t {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
code {{ font-size: .8125rem; overflow-wrap: anywhere; }}
tr.not td {{ opacity: .6; }}
@media print {{ body {{ margin: 0; max-width: none; font-size: 11pt; }} tr {{ break-inside: avoid; }} }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
<table>
<thead><tr><th class="n">No.</th><th>Piece</th><th class="t">From</th><th class="t">Length</th>
<th>Outcome</th><th>Asset</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One piece in the running order.

    Attributes:
        number, title, kind: of the piece.
        seconds: how long it is; 0 for a picture.
        outcome: released, held, blocked or error.
        asset_id: of what was released, or "".
        file: where its copy lies, or "".
        why: of what was not released.
    """

    number: int
    title: str
    kind: str
    seconds: float
    outcome: str
    asset_id: str = ""
    file: str = ""
    why: str = ""


def tell_summary(lines: Sequence[Line]) -> str:
    """Return one sentence about all pieces."""
    counts = {word: sum(one.outcome == word for one in lines) for word in dict.fromkeys(one.outcome for one in lines)}
    told = ", ".join(f"{count} {word}" for word, count in counts.items())
    length = sum(one.seconds for one in lines if one.outcome == "released")
    return f"{len(lines)} piece{'' if len(lines) == 1 else 's'}, {clock(length)} in all: {told}"


def write_text(title: str, lines: Sequence[Line], poster: str = "") -> str:
    """Return the running order as text of 100 columns and less, where titles allow."""
    wide = max((len(one.title) for one in lines), default=5)
    out = [title, "=" * len(title), "", tell_summary(lines)]
    out += [f"one provenance for all: {poster}", ""] if poster else [""]
    at = 0.0
    for one in lines:
        length = clock(one.seconds) if one.seconds else "-"
        start = clock(at) if one.outcome == "released" else "-"
        out.append(f"{one.number:>3}  {start:>7}  {one.title:<{wide}}  {one.kind:<7}  {length:>7}  {one.outcome}")
        detail = one.file or one.why
        if detail:
            out.append(f"{'':>14}{detail}")
        at += one.seconds if one.outcome == "released" else 0
    return "\n".join(out) + "\n"


def write_page(title: str, lines: Sequence[Line], poster: str = "") -> str:
    """Return the running order as a page of HTML."""
    rows, at = [], 0.0
    for one in lines:
        is_out = one.outcome == "released"
        asset = f"<code>{escape(one.asset_id)}</code>" if one.asset_id else ""
        why = f"<br><small>{escape(one.why)}</small>" if one.why else ""
        name = f"<br><small>{escape(one.file)}</small>" if one.file else ""
        rows.append(
            f'<tr{"" if is_out else " class=not"}><td class="n">{one.number}</td>'
            f"<td>{escape(one.title)}{name}{why}</td>"
            f'<td class="t">{clock(at) if is_out else ""}</td>'
            f'<td class="t">{clock(one.seconds) if one.seconds else ""}</td>'
            f"<td>{escape(one.kind)}, {escape(one.outcome)}</td><td>{asset}</td></tr>"
        )
        at += one.seconds if is_out else 0
    summary = escape(tell_summary(lines)) + (f". One provenance for all: {escape(poster)}" if poster else "")
    return _PAGE.format(title=escape(title), summary=summary, rows="\n".join(rows))


def clock(seconds: float) -> str:
    """Return minutes and seconds, with hours where there are any."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
