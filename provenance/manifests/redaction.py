"""What of an incoming manifest may ship inside ours, and what is taken out of it first.

A manifest that comes in is a stranger's text: prompts, places, names and pictures stand in its assertions. What ships
is the closed vocabulary of `provenance.manifests.plain` and nothing else: assertions outside the kept ones are redacted
(C2PA's own way, which leaves the signature whole), and where words stand that cannot be redacted (the claim's title,
descriptions of actions, credentials, data boxes) the manifest is not repeated at all: a bare reference says which it
was and what was found in it.

What is called plain here is checked again on the store that really ships. Source: C2PA 2.4 s6.8 and s15.11 (redaction).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provenance.errors import AssetError, UndecodableAssetError
from provenance.manifests.jumbf import SuperBox, parse_store, read_value
from provenance.manifests.plain import LABEL, MAX_BYTES, URN, is_plain, is_zeros

# C2PA 2.4 s6.8: neither actions nor hard bindings may be redacted; ingredients hold the chain together.
NEVER_REDACTED: Final = ("c2pa.actions", "c2pa.hash.", "c2pa.ingredient")

KEEPABLE: Final = frozenset({
    "c2pa.ai-disclosure", "c2pa.certificate-status", "c2pa.soft-binding", "c2pa.time-stamp", "c2pa.training-mining",
    "cawg.training-mining",
})  # fmt: skip
"""Assertions beside those that a policy may keep; each is kept only where it says nothing in words of its own."""

REASON: Final = "c2pa.PII.present"
"""C2PA 2.4 s18.15.4: the reason that a redaction gives; the only one of four that fits people's words and pictures."""

_ASSERTIONS: Final = "c2pa.assertions"
_MAX_LABEL_CHARS: Final = 96
# Of our own ingredient assertion: what `provenance.manifests.claim` wrote there itself.
_OUR_WORDS: Final = ("dc:title", "description", "informationalURI")

# RFC 9052 s4.2 and C2PA 2.4 s13.2: header parameters of a signature; 1 is the algorithm, 33 and its text the chain.
_SIGNATURE_KEYS: Final = frozenset({1, 33, "x5chain", "sigTst", "sigTst2", "rVals", "pad", "pad2"})


@dataclass(frozen=True, slots=True)
class IncomingRule:
    """What becomes of a manifest that comes in.

    Attributes:
        mode: ``redact`` repeats it without what the rule does not keep; ``reference`` never repeats it.
        keep: labels of assertions that may stay beside those that always do, out of `KEEPABLE`.
    """

    mode: str = "redact"
    keep: frozenset[str] = KEEPABLE


@dataclass(frozen=True, slots=True)
class Judgement:
    """What stands in the way of shipping a manifest store.

    Attributes:
        redactions: addresses of assertions that may not ship and can be redacted, in order.
        words: where words stand that cannot be redacted.
    """

    redactions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def judge_store(unverified_store: bytes, keep: Collection[str], *, own: str = "") -> Judgement:
    """Say what of a store may not ship.

    Args:
        unverified_store: a manifest store, as it came in or as it will ship.
        keep: labels that may stay beside those that always do; only those in `KEEPABLE` count.
        own: label of our manifest in it, whose assertions are ours but for what it says of its ingredients.
    """
    try:
        root = parse_store(unverified_store)
    except AssetError:
        return Judgement(words=("the store itself",))
    redactions: list[str] = []
    words: list[str] = []
    for manifest in root.children:
        if manifest.label == own:
            boxes = (box for part in manifest.children for box in part.children)
            ingredients = (box for box in boxes if box.label.startswith("c2pa.ingredient"))
            words += [box.label for box in ingredients if not _holds_plain(box, ours=_OUR_WORDS)]
            continue
        words += _find_words(manifest)
        for box in (box for part in manifest.children if part.label == _ASSERTIONS for box in part.children):
            if _may_ship(box, keep):
                continue
            if box.label.startswith(NEVER_REDACTED) or not _is_plain_label(box.label):
                words.append(box.label)
            else:
                redactions.append(f"self#jumbf=/c2pa/{manifest.label}/{_ASSERTIONS}/{box.label}")
    return Judgement(tuple(sorted(redactions)), tuple(dict.fromkeys(_short(name) for name in words)))


def _find_words(manifest: SuperBox) -> Iterator[str]:
    """Yield the parts of a manifest, its assertions aside, that hold words; none of them can be redacted."""
    if manifest.contents or not re.fullmatch(URN, manifest.label, re.ASCII):
        yield "manifest-in-another-form"
    for part in manifest.children:
        if part.label == _ASSERTIONS:
            continue
        is_claim = part.label.startswith("c2pa.claim")
        if not (_is_plain_signature(part) if part.label == "c2pa.signature" else is_claim and _holds_plain(part)):
            yield part.label


def _is_plain_label(label: str) -> bool:
    return len(label) <= _MAX_LABEL_CHARS and re.fullmatch(r"[\w.:-]*", label, re.ASCII) is not None


def _may_ship(box: SuperBox, keep: Collection[str]) -> bool:
    base = box.label.split("__", maxsplit=1)[0]
    if not _is_plain_label(box.label):
        return False
    if all(kind == b"uuid" and not content[16:].strip(b"\0") for kind, content in box.contents if kind != b"c2sh"):
        return not box.children  # redacted: zeros under a type of their own
    if not base.startswith(NEVER_REDACTED) and not (base in keep and base in KEEPABLE):
        return False
    return _holds_tokens(box) if base in {"c2pa.time-stamp", "c2pa.certificate-status"} else _holds_plain(box)


def _holds_plain(box: SuperBox, *, ours: Collection[str] = ()) -> bool:
    return not box.children and all(_is_plain_content(kind, content, ours) for kind, content in box.contents)


def _is_plain_content(kind: bytes, content: bytes, ours: Collection[str]) -> bool:
    if kind == b"c2sh":  # C2PA 2.4 s8.4.2.3: a salt
        return len(content) <= MAX_BYTES
    try:
        value = read_value(kind, content)
    except UndecodableAssetError:
        return False
    return is_plain({name: item for name, item in value.items() if name not in ours} if ours else value)


def _holds_tokens(box: SuperBox) -> bool:
    """Say whether a box holds only tokens of authorities, by manifest or under the key that C2PA gives them."""
    for kind, content in box.contents:
        if kind == b"c2sh":
            continue
        try:
            value = read_value(kind, content)
        except UndecodableAssetError:
            return False
        items = value.items() if isinstance(value, Mapping) else ()
        if not items or not all(LABEL(name) and _is_token(item) for name, item in items):
            return False
    return True


def _is_opaque(value: object) -> bool:
    """Tokens and certificates of authorities: signed by them, not written by who made the picture."""
    return isinstance(value, bytes)


def _is_token(item: object) -> bool:
    return all(map(_is_opaque, item)) if isinstance(item, list) else _is_opaque(item)


def _is_plain_signature(box: SuperBox) -> bool:
    """Say whether a COSE signature has no header but those that C2PA gives it, and zeros for padding."""
    for kind, content in box.contents:
        try:
            value = read_value(kind, content)
            protected = read_value(b"cbor", value[0])
        except (UndecodableAssetError, LookupError, TypeError):
            return False
        if not isinstance(value, list) or len(value) != 4 or value[2]:
            return False
        for header in (protected, value[1]):
            if not isinstance(header, Mapping) or not header.keys() <= _SIGNATURE_KEYS:
                return False
            if not all(is_zeros(item) for name, item in header.items() if name in {"pad", "pad2"}):
                return False
    return not box.children


def _short(label: str) -> str:
    """Return a label fit for a record: cut, and nothing but letters, digits and dots."""
    return re.sub(r"[^\w.:-]", "", label)[:_MAX_LABEL_CHARS] or "an unnamed box"
