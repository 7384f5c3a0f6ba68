"""A verification in the words of a visitor's language: what each layer says, who signed, what was not checked.

Layers answer with facts; what is said of them here comes from `words/LANGUAGE/verify.toml`, so both languages say the
same. What strangers wrote (names of signers, titles) stays as they wrote it, for the template to clean.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from provenance.manifests.report import C2PA_PREFIX, IPTC_PREFIX
from provenance.verify.state import APART, PARTLY, UNCOMPARED, JointState, Layer, LayerStatus, Verification

if TYPE_CHECKING:
    from api.desk.language import Words

_GOOD: Final = frozenset(
    {JointState.CONSISTENT, JointState.MANIFEST_INTACT, JointState.STRIPPED_RECOVERED_BY_WATERMARK}
)
_INFORMED: Final = frozenset({JointState.LOOKS_LIKE_RELEASE, JointState.WATERMARK_UNRESOLVED, JointState.LABEL_ONLY})
_WARNED: Final = frozenset({JointState.MANIFEST_UNTRUSTED, JointState.MANIFEST_ELSEWHERE})
TONES: Final[Mapping[LayerStatus, str]] = {
    LayerStatus.FOUND: "good",
    LayerStatus.ABSENT: "",
    LayerStatus.FAILED: "bad",
    LayerStatus.NOT_CHECKED: "warn",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What one layer says.

    Attributes:
        name: of the layer.
        status, tone: its answer, and how that is coloured.
        text: in the visitor's language.
        technique, technical: for experts, in English.
        codes: the standard's own.
    """

    name: str
    status: str
    tone: str
    text: str
    technique: str
    technical: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verification as a page shows it.

    Attributes:
        state, tone: the joint state, and how it is coloured.
        text: one or two sentences.
        rows: a layer each.
        signer: facts of who signed, as (word, value) pairs; () where nobody did.
        unchecked: sentences.
        remarks: what else was noticed, in English.
        asset_id: the release that it was traced to, or "".
        ledger_index, ledger_size: of the release's entry, and of the ledger; None where nothing is proved.
    """

    state: str
    tone: str
    text: str
    rows: tuple[Row, ...]
    signer: tuple[tuple[str, str], ...]
    unchecked: tuple[str, ...]
    remarks: tuple[str, ...]
    asset_id: str
    ledger_index: int | None
    ledger_size: int | None


def find_tone(state: JointState, *, is_conflict: bool) -> str:
    """Return how a joint state is coloured: good, info, warn, bad, or "" where nothing was found."""
    if is_conflict:
        return "bad"
    if state in _GOOD:
        return "good"
    return "info" if state in _INFORMED else "warn" if state in _WARNED else ""


def build_answer(words: "Words", verification: Verification) -> Answer:
    """Put a verification into words."""
    ledger = verification.layer("ledger").detail
    return Answer(
        state=verification.state.value,
        tone=find_tone(verification.state, is_conflict=verification.is_conflict),
        text=_tell_state(words, verification),
        rows=tuple(_build_row(words, layer) for layer in verification.layers),
        signer=tuple(_list_signer(words, verification.layer("manifest_trust"))),
        unchecked=tuple(_list_unchecked(words, verification)),
        remarks=verification.remarks,
        asset_id=str(verification.asset_id or ""),
        ledger_index=ledger.get("index"),
        ledger_size=ledger.get("size"),
    )


def _tell_state(words: "Words", verification: Verification) -> str:
    state = verification.state
    key = state.value
    if verification.summary.startswith(UNCOMPARED):
        key = "uncompared"
    elif state in APART and verification.summary.startswith(APART[state]):
        key = f"{key}_apart"
    text = words.tell(f"verify.text.{key}")
    is_whole = PARTLY not in verification.summary and "only a manifest was looked for" not in verification.summary
    return text if is_whole else f"{text} {words.tell('verify.text.partly')}"


def _build_row(words: "Words", layer: Layer) -> Row:
    detail = layer.detail
    codes = [*detail.get("failure_codes", ()), *(one["code"] for one in detail.get("failures", ()))]
    return Row(
        name=layer.name,
        status=layer.status.value,
        tone=TONES[layer.status],
        text=_TELL[layer.name](words, layer),
        technique=layer.technique,
        technical=layer.text,
        codes=tuple(dict.fromkeys(codes)),
    )


def _tell_integrity(words: "Words", layer: Layer) -> str:
    detail = layer.detail
    if layer.status is LayerStatus.ABSENT:
        return words.tell(f"verify.say.integrity_{'recovered' if detail else 'none'}")
    if layer.status is LayerStatus.NOT_CHECKED:
        host = detail.get("remote_host")
        told = "verify.say.integrity_elsewhere" if host else "verify.say.integrity_unchecked"
        return words.tell(told, host=host)
    if layer.status is LayerStatus.FAILED:
        return words.tell(f"verify.fault.{detail.get('fault') or 'tampered'}")
    if detail.get("has_broken_ingredient"):
        return words.tell("verify.say.integrity_ingredient")
    return words.tell("verify.say.integrity_intact" if detail.get("is_embedded") else "verify.say.integrity_apart")


def _name_signer(words: "Words", detail: Mapping[str, Any], key: str = "signer") -> str:
    name, issuer = detail.get(key), detail.get("issuer")
    who = str(name or words.tell("verify.say.somebody"))
    return f"{who} ({issuer})" if issuer and issuer != name else who


def _tell_trust(words: "Words", layer: Layer) -> str:
    if not layer.detail:
        return words.tell("verify.say.trust_none")
    who = _name_signer(words, layer.detail)
    if layer.plain.startswith("names "):
        return words.tell("verify.say.trust_but", who=who)
    return words.tell("verify.say.trust", who=who, trust=words.tell(f"verify.trust.{layer.detail['trust']}"))


def _tell_identity(words: "Words", layer: Layer) -> str:
    detail = layer.detail
    key = {LayerStatus.FOUND: "trusted", LayerStatus.NOT_CHECKED: "unverified"}.get(layer.status)
    if key is None:
        key = "untrusted" if detail["verified"] and not detail["trusted"] else "failed"
    return words.tell(f"verify.say.identity_{key}", who=_name_signer(words, detail, "name"))


def _tell_mark(words: "Words", layer: Layer) -> str:
    if layer.status is LayerStatus.NOT_CHECKED:
        is_off = layer.technique == "none enabled"
        unseen = "unseen" if "not looked at" in layer.plain else "mark_unread"
        return words.tell(f"verify.say.{'mark_off' if is_off else unseen}")
    if layer.status is LayerStatus.ABSENT:
        return words.tell("verify.say.mark_none")
    asset = layer.detail.get("asset_id")
    leads = "mark_other" if layer.status is LayerStatus.FAILED else "mark_leads"
    told = [words.tell(f"verify.say.{leads if asset else 'mark_unresolved'}", asset=asset)]
    if box := layer.detail.get("box"):
        told.append(words.tell("verify.say.mark_lies", place=_tell_place(words, box)))
    for other in layer.detail.get("others", ()):
        key = "mark_another" if other["asset_id"] else "mark_another_unresolved"
        place = _tell_place(words, other["box"])
        told.append(words.tell(f"verify.say.{key}", place=place, asset=other["asset_id"]))
    return reduce(lambda before, more: words.tell("verify.say.mark_and", told=before, more=more), told)


def _tell_place(words: "Words", box: Sequence[int] | None) -> str:
    if box is None:
        return words.tell("verify.say.place_all")
    return words.tell("verify.say.place", left=box[0], top=box[1], right=box[2], bottom=box[3])


def _tell_likeness(words: "Words", layer: Layer) -> str:
    if layer.status is LayerStatus.NOT_CHECKED:
        return words.tell(f"verify.say.{'likeness_flat' if 'little' in layer.text else 'unseen'}")
    if layer.status is LayerStatus.ABSENT:
        return words.tell("verify.say.likeness_none")
    chosen = layer.plain.removeprefix("like our release ").partition(" ")[0]
    others = len({one["asset_id"] for one in layer.detail["candidates"]} - {chosen})
    told = "likeness_more" if others else "likeness_found"
    return words.tell(f"verify.say.{told}", asset=chosen, others=others)


def _tell_label(words: "Words", layer: Layer) -> str:
    if layer.status is LayerStatus.NOT_CHECKED:
        return words.tell("verify.say.unseen")
    if layer.status is LayerStatus.FAILED:
        return words.tell("verify.say.label_faulty")
    if layer.status is LayerStatus.ABSENT:
        return words.tell("verify.say.label_none")
    kind = layer.detail.get("digital_source_type")
    return words.tell(f"verify.say.{'label_says' if kind else 'label_ai'}", what=tell_source(words, str(kind)))


def _tell_ledger(words: "Words", layer: Layer) -> str:
    if layer.status is LayerStatus.FOUND:
        asset = layer.plain.rpartition(" ")[2]
        return words.tell("verify.say.ledger_proved", asset=asset, index=layer.detail["index"])
    return words.tell(f"verify.say.{'ledger_nothing' if layer.status is LayerStatus.NOT_CHECKED else 'ledger_failed'}")


_TELL: Final = {
    "manifest_integrity": _tell_integrity,
    "manifest_trust": _tell_trust,
    "manifest_identity": _tell_identity,
    "watermark": _tell_mark,
    "fingerprint": _tell_likeness,
    "implicit_label": _tell_label,
    "ledger": _tell_ledger,
}


def tell_source(words: "Words", kind: str) -> str:
    """Return a digital source type in words, or as it is where it is none that is known."""
    return words.name("verify.source", kind.removeprefix(IPTC_PREFIX).removeprefix(C2PA_PREFIX))


def _list_signer(words: "Words", layer: Layer) -> Iterator[tuple[str, str]]:
    """Yield who signed, whether we know them, when, and what they say: (word of the page, value)."""
    detail = layer.detail
    if not detail:
        return
    yield "signed_by", str(detail["signer"] or words.tell("verify.say.somebody"))
    if detail["issuer"] and detail["issuer"] != detail["signer"]:
        yield "issued_by", str(detail["issuer"])
    yield "known", words.tell(f"verify.knowing.{detail['trust']}")
    stamp = detail["timestamp"]
    if stamp:
        key = "stamped" if stamp["trusted"] else "stamped_unknown"
        authority = stamp["authority"] or words.tell("verify.say.somebody")
        yield "signed_at", words.tell(f"verify.say.{key}", time=stamp["time"], authority=authority)
    else:
        yield "signed_at", words.tell("verify.say.unstamped")
    yield "revocation_head", words.tell(f"verify.revocation.{detail['revocation']}")
    says = detail["says"]
    kinds = dict.fromkeys(tell_source(words, str(one["uri"])) for one in says["digital_source_types"])
    if kinds:
        yield "says_head", "; ".join(kinds)
    if says["claim_generator"]:
        yield "generator", str(says["claim_generator"])


def _list_unchecked(words: "Words", verification: Verification) -> Iterator[str]:
    """Yield what nobody looked at, and what no technique can tell."""
    by_name = {layer.name: layer for layer in verification.layers}
    host = by_name["manifest_integrity"].detail.get("remote_host")
    if host:
        yield words.tell("verify.not.elsewhere", host=host)
    fingerprint, mark = by_name["fingerprint"], by_name["watermark"]
    is_unseen = by_name["implicit_label"].status is LayerStatus.NOT_CHECKED
    if is_unseen:
        yield words.tell("verify.not.pixels")
    elif fingerprint.status is LayerStatus.NOT_CHECKED:
        yield words.tell("verify.not.likeness")
    if mark.status is LayerStatus.NOT_CHECKED and not is_unseen:
        yield words.tell("verify.not.mark")
    if by_name["manifest_trust"].detail.get("revocation") == "not_checked":
        yield words.tell("verify.not.revocation")
    yield words.tell("verify.not.others_marks")
    yield words.tell("verify.not.truth")
