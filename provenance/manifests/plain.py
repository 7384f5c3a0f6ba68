"""The closed vocabulary of manifests: which words of strangers say nothing but what a machine has to say.

Keys are known ones, and under each stands a number, an address inside the store, an id, a date, a digest, a product's
name, or a code; everything else is somebody's words. Source: the schemas of C2PA 2.4, and what c2pa-rs and the tools of
public test files write.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_BYTES: Final = 64
"""Longest digest, salt or watermark payload."""
_Check = Callable[[Any], bool]


def _text(pattern: str, limit: int = 256) -> _Check:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and len(value) <= limit and compiled.fullmatch(value) is not None


def _is_short_bytes(value: object) -> bool:
    return isinstance(value, bytes) and len(value) <= MAX_BYTES


def is_zeros(value: object) -> bool:
    """Say whether a value is bytes that are all zero, as padding has to be."""
    return isinstance(value, bytes) and not value.strip(b"\0")


_HEX: Final = "[0-9a-fA-F-]"
URN: Final = rf"(?:[\w.-]{{1,32}}:)?urn:(?:uuid|c2pa):{_HEX}{{36}}(?::[\w.-]{{0,32}}){{0,2}}"
_ID: Final = _text(rf"(?:xmp[.:](?:iid|did)[:.])?(?:uuid:)?{_HEX}{{8,64}}|{URN}|source|component-\d|")
_URI: Final = _text(r"self#jumbf=[\w.:/-]{1,400}", 512)
LABEL: Final = _text(r"[\w.:-]{1,96}")
_TYPE: Final = _text(r"(?:image|video|audio|application)/[\w.+-]{1,64}|")
_TIME: Final = _text(r"\d{4}-\d\d-\d\dT[\d:.]{5,18}(?:Z|[+-]\d\d:?\d\d)?")
_SOURCE: Final = _text(r"\s?https?://(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/\w{1,64}")
# A product's name is a proper name: one word, or words that begin with a capital or carry a number, dot or slash.
_PROPER: Final = r"(?:[A-Z(]|(?=[\w().+:@-]*[\d./_+]))[\w().+:@/-]{0,48}"
_ONE_WORD: Final = r"[a-zA-Z0-9().+]{1,24}(?:[_-][a-zA-Z0-9().+]{1,16}){0,3}(?:/[\w.+-]{1,24})?"
_PRODUCT: Final = _text(rf"jumbf manifest|{_ONE_WORD}|{_PROPER}(?: {_PROPER}){{0,5}}", 128)
_VERSION: Final = _text(r"(?=.*\d)[\w.+-]{1,64}")
# A title is a person's text. One that says nothing is a name that a program gives.
_TITLE: Final = _text(
    r"(?i:(?:an? |my )?(?:source|image|img|picture|photo|output|untitled|download|generated(?:[ _-]image)?))?"
    rf"[ _-]?{_HEX}{{0,64}}(?:\.[a-z0-9]{{3,4}})?"
)
_NAMES: Final = r"[\w.,()/-]{1,32}(?: [\w.,()/-]{1,32}){0,9}"
# What c2pa-rs 0.91 and its elder versions write beside a validation code: whole sentences, with addresses and the names
# of authorities in them.
_EXPLANATION: Final = _text(
    "|".join(
        (
            r"claim signature (?:is )?(?:not )?valid",
            r"ingredient (?:claimSignature|hash) (?:validated|matched|missing|mismatch)",
            r"data hash valid|BMFF hash valid|box hash valid",
            r"asset hash error, name: jumbf manifest, error: hash verification\( Hashes do not match \)",
            r"hashed uri matched: self#jumbf=[\w.:/-]{1,400}",
            r"hash does not match assertion data: self#jumbf=[\w.:/-]{1,400}",
            r"signing certificate (?:un)?trusted(?:, found in [\w.:/ \[\]-]{1,96})?",
            r"(?:signing )?cert(?:ificate)? (?:is )?(?:expired|revoked|invalid|not trusted|not valid)",
            r"extra (?:data|BMFF|box) hash exclusions?(?:\(s\))? found",
            r"OCSP fetch(?:ing)? skipped",
            rf"(?:legacy )?time-?stamp [a-z ]{{4,32}}(?:: {_NAMES})?",
            r"(?:source-)?[0-9a-fA-F]{0,64}(?:\.[a-z0-9]{3,4})?: ingredient does not have provenance",
            r"Remote manifest not fetched",
        )
    ),
    512,
)
_WORD: Final = _text(r"[a-zA-Z]{1,32}")
_BASE64: Final = _text(r"[a-zA-Z0-9+/]{4,88}={0,2}")
_ALG: Final = _text(r"[\w.-]{1,64}")

_TREES: Final = frozenset({
    "", "actions", "activeManifest", "assertions", "blocks", "c2pa_manifest", "claimSignature", "claim_generator_info",
    "contentProfile", "created_assertions", "data", "entries", "exact", "exclusions", "extent", "failure",
    "gathered_assertions", "informational", "ingredient", "ingredientDeltas", "ingredients", "merkle", "metadata",
    "parameters", "relatedAssertions", "scope", "softwareAgents", "subset", "success", "thumbnail", "timespan",
    "validationDeltas", "validationResults", "validationStatus", "boxes",
    "c2pa.ai_generative_training", "c2pa.ai_inference", "c2pa.ai_training", "c2pa.data_mining",
    "cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training", "cawg.data_mining",
})  # fmt: skip
"""Keys that hold more keys, or lists of what their own check below allows."""

_VALUES: Final[Mapping[str, _Check]] = {
    **dict.fromkeys(("url", "signature", "redacted", "redacted_assertions", "ingredientAssertionURI"), _URI),
    **dict.fromkeys(("instanceID", "instanceId", "documentID", "identifier", "org.cai.ingredientIds"), _ID),
    **dict.fromkeys(("hash", "initHash", "hashes"), _is_short_bytes),
    # Of a soft binding: bytes, or the same as base64.
    "value": lambda value: _is_short_bytes(value) or _BASE64(value),
    **dict.fromkeys(("pad", "pad1", "pad2", "alg-params"), is_zeros),
    **dict.fromkeys(("when", "dateTime", "validationTime"), _TIME),
    **dict.fromkeys(("alg", "alg_soft", "modelType"), _ALG),
    **dict.fromkeys(("name", "softwareAgent", "claim_generator", "modelName", "operating_system"), _PRODUCT),
    **dict.fromkeys(("version", "specVersion", "org.contentauth.c2pa_rs", "org.cai.c2pa_rs"), _VERSION),
    **dict.fromkeys(("relationship", "use"), _WORD),
    **dict.fromkeys(("action", "code", "reason", "humanOversightLevel"), LABEL),
    "modelIdentifier": _text(r"pkg:[a-z]{1,16}/[\w.-]{1,64}(?:/[\w.-]{1,64})?(?:@[\w.-]{1,64})?"),
    "digitalSourceType": _SOURCE,
    "dc:title": _TITLE,
    "dc:format": _TYPE,
    "explanation": _EXPLANATION,
    "trustListUri": LABEL,
    "description": _text(
        "its manifest is (?:not repeated here|kept elsewhere and was not fetched)|"
        "it carried a manifest that could not be read"
    ),
    "xpath": _text(r"/[\w/\[\]-]{0,64}"),
    "names": _text(r"[\w. ]{1,8}"),
    "flags": _is_short_bytes,
    "com.adobe.firefly.version": _VERSION,
    "com.adobe.firefly.operation": _text(r"text_to_image|image_to_image|generative_(?:fill|expand|remove)"),
    "org.chopmark.softBinding": _ALG,
    "org.chopmark.labels": _text(r"(?:AIGC|IPTC|, )*"),
}
"""Keys that hold a text or bytes, and what these may be."""

_NUMBERS: Final = frozenset({
    "allActionsIncluded", "count", "end", "length", "localId", "multipleInstances", "offset", "softwareAgentIndex",
    "start", "uniqueId", "fixedBlockSize", "variableBlockSizes",
})  # fmt: skip
"""Keys that hold a number, or true or false."""


def is_plain(value: object, key: str = "") -> bool:
    """Say whether a value says nothing outside the closed vocabulary.

    Args:
        value: decoded CBOR or JSON.
        key: under which it stands; "" for a whole assertion or claim.
    """
    if value is None:
        return True
    if isinstance(value, Mapping):
        if key == "parameters" and not _WORD(value.get("name", "none")):
            return False  # elsewhere a product's name; here what was done, for which a tool has one word
        is_open = key in _TREES or key == "softwareAgent"
        return is_open and all(isinstance(name, str) and is_plain(item, name) for name, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item, key) for item in value)
    if isinstance(value, bool | int | float):
        return key in _NUMBERS
    check = _VALUES.get(key)
    return check is not None and check(value)
