"""What `chopmark verify` prints: one sentence, then a line for each layer in words that a layman knows.

``--detailed`` adds what an expert asks for: techniques, codes, what the file was made from. Everything in an answer may
come from strangers, so all of it goes through `plain`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text
from rich.tree import Tree

from api.console import OUT, build_table, plain
from provenance.manifests.wording import REVOCATION_WORDS
from provenance.verify.state import Layer, LayerStatus, Verification

STYLES: Final = {
    LayerStatus.FOUND: "green",
    LayerStatus.ABSENT: "dim",
    LayerStatus.FAILED: "bold red",
    LayerStatus.NOT_CHECKED: "yellow",
}

LABELS: Final[Mapping[str, str]] = {
    "manifest_integrity": "signed manifest",
    "manifest_trust": "signed by",
    "manifest_identity": "vouched for by",
    "watermark": "hidden mark",
    "fingerprint": "looks",
    "implicit_label": "unsigned label",
    "ledger": "our ledger",
}

_BRANCH_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "broken": ("whose manifest does not hold", "red"),
    "elsewhere": ("whose manifest is kept elsewhere and was not looked at", "yellow"),
}

_INDENT: Final = 2
_LABEL_WIDTH: Final = 17


def show_verification(name: str, verification: Verification, style: str, *, is_detailed: bool) -> None:
    """Print the answer about one file."""
    OUT.print(plain(name, "bold"), plain(spell(verification.state.value), style))
    for line in _wrap(plain(verification.summary), OUT.width):
        OUT.print(line)
    if is_detailed:
        _show_details(verification)
        return
    for label, text, row_style in _build_rows(verification):
        _print_row(label, text, row_style)
    OUT.print()


def _print_row(label: str, text: str, style: str) -> None:
    """Print one line of an answer, wrapped at words beside its label."""
    width = max(OUT.width - _INDENT - _LABEL_WIDTH, _LABEL_WIDTH)
    for number, line in enumerate(_wrap(plain(text, style), width)):
        head = (label if number == 0 else "").ljust(_LABEL_WIDTH)
        OUT.print(Text.assemble(" " * _INDENT, (head, "dim"), line))


def _wrap(text: Text, width: int) -> Iterator[Text]:
    """Yield the lines of `text`, broken at words, without white space at their ends."""
    for line in text.wrap(OUT, width):
        line.rstrip()
        yield line


def spell(name: str) -> str:
    """Return an identifier as words."""
    return name.replace("_", " ")


def _build_rows(verification: Verification) -> Iterator[tuple[str, str, str]]:
    for layer in verification.layers:
        style = "" if layer.status is LayerStatus.ABSENT else STYLES[layer.status]
        yield LABELS.get(layer.name, spell(layer.name)), layer.plain or layer.text, style
        if layer.name == "manifest_integrity":
            yield from (("made from", *row) for row in _telling_branches(layer.detail.get("ingredients", ())))
        if layer.name == "manifest_trust" and (said := _read_statement(layer)):
            yield "its signer says", said, ""
    for remark in verification.remarks:
        yield "besides", remark, "yellow"


def _read_statement(layer: Layer) -> str:
    says: Mapping[str, Any] = layer.detail.get("says", {})
    return str(says.get("text", ""))


def _telling_branches(branches: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - the JSON of a layer
    for branch in branches:
        if branch["state"] in _BRANCH_WORDS:
            words, style = _BRANCH_WORDS[branch["state"]]
            yield f"{branch['title'] or 'a file without a title'}, {words}", style
        yield from _telling_branches(branch["ingredients"])


def _show_details(verification: Verification) -> None:
    table = build_table("layer and technique", "answer", "what it says")
    for layer in verification.layers:
        table.add_row(
            Text("\n").join((plain(spell(layer.name)), plain(layer.technique, "dim"))),
            plain(spell(layer.status.value), STYLES[layer.status]),
            Text("\n").join(plain(line) for line in (layer.text, *_details(layer))),
        )
    OUT.print(table)
    for remark in verification.remarks:
        OUT.print(plain(f"besides: {remark}", "yellow"))
    branches = verification.layer("manifest_integrity").detail.get("ingredients")
    if branches:
        tree = Tree(plain("made from"), guide_style="dim")
        _grow(tree, branches)
        OUT.print(tree)


def _details(layer: Layer) -> Iterator[str]:
    """Return the lines that a layer has beside its text."""
    if layer.name == "manifest_integrity" and layer.detail.get("manifest_id"):
        yield f"manifest {layer.detail['manifest_id']}"
    if layer.name != "manifest_trust" or not layer.detail:
        return
    stamp = layer.detail["timestamp"]
    if stamp:
        trust = "trusted" if stamp["trusted"] else "untrusted"
        yield f"time-stamp {stamp['time']} by {stamp['authority'] or 'an unnamed authority'}, {trust}"
    else:
        yield "no time-stamp"
    yield f"issued by {layer.detail['issuer'] or 'somebody unnamed'}"
    yield f"certificate {REVOCATION_WORDS[layer.detail['revocation']]}"
    for failure in layer.detail["failures"]:
        yield f"{failure['code']} ({failure['reason']})" if failure["reason"] else failure["code"]
    says = layer.detail["says"]
    yield from dict.fromkeys(f"says {kind['text']} ({kind['uri']})" for kind in says["digital_source_types"])
    if says["actions"]:
        yield f"actions {', '.join(says['actions'])}"
    if says["claim_generator"]:
        yield f"claim generator {says['claim_generator']}"


def _grow(tree: Tree, branches: Any) -> None:  # noqa: ANN401 - the JSON of a layer
    for branch in branches:
        codes = (*branch["failure_codes"], *branch["trust_codes"])
        words = [branch["relationship"] or "unnamed relation", branch["title"] or "without a title", branch["state"]]
        text = f"{' · '.join(words)}{': ' if codes else ''}{', '.join(codes)}"
        _grow(tree.add(plain(text, "red" if branch["state"] == "broken" else "")), branch["ingredients"])
