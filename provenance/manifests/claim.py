"""What a manifest says of a released picture: pure builders, from facts to the definition that c2pa signs.

Two shapes. *Created*: made here, the recipe is known, the first action is `c2pa.created`. *Opened*: handed in with an
unknown recipe or with a manifest of its own, the first action is `c2pa.opened` and the file handed in is the parent.
What we assert is in `created_assertions`, what others told us is gathered. No prompt text goes in, only its digest.

Source: C2PA 2.4 s18.15 (actions), s18.16 (ingredients), s18.28 (AI disclosure); conformance program 0.2 rubric.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from provenance.asset import Asset, MediaType, Origin
from provenance.errors import SigningError
from provenance.grant import Grant
from provenance.labels.implicit import DIGITAL_SOURCE_TYPES
from provenance.manifests import softbinding
from provenance.manifests.components import Component
from provenance.manifests.report import AI_SOURCE_TYPES, C2PA_PREFIX, IPTC_PREFIX, clean_text
from provenance.manifests.softbinding import NAMESPACE, SoftBinding

GENERATOR: Final = "chopmark"
UNKNOWN_MAKER: Final = "unknown generator"

# C2PA 2.4 s10.2.3.2: the version of the specification that the claim follows
SPEC_VERSION: Final = "2.4.0"

RELEASE_LABEL: Final = f"{NAMESPACE}.release"
GENERATION_LABEL: Final = f"{NAMESPACE}.generation"

SOURCE_LABEL: Final = f"{NAMESPACE}.source"
"""What was found in a manifest that came in and that ours does not repeat."""

INGREDIENT_ID: Final = "source"
"""By which an action points to the ingredient; c2pa replaces it by a hashed URI."""

# IPTC digital source type: drawn by a program without a trained model, as a label is
ALGORITHMIC: Final = f"{IPTC_PREFIX}algorithmicMedia"

# C2PA 2.4 s18.28.1: when a model took part and nothing more is known of it
UNKNOWN_MODEL_TYPE: Final = "c2pa.types.model"

MAX_TITLE_CHARS: Final = 255

_C2PA_TYPES: Final = frozenset({"empty", "trainedAlgorithmicData"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file that went in: the one handed in, or the picture that an image-to-image request began with.

    Attributes:
        media_type: found by content; None for a picture that came as pixels.
        title: for people; cleaned and cut. A file's name is a person's text, so by default it is made of the digest.
        has_manifest: it carries a C2PA manifest of its own.
        digital_source_type: what is said of a file without manifest, as an IPTC NewsCode; "" says nothing. The gate
            takes AI-generated media, so that is what handing in a file says by default.
    """

    media_type: MediaType | None
    title: str = ""
    has_manifest: bool = False
    digital_source_type: str = "trainedAlgorithmicMedia"


@dataclass(frozen=True, slots=True)
class Marks:
    """What sealing really did to the picture.

    Attributes:
        watermark: its soft binding; an empty value for a mark that leads nowhere; None when none was embedded.
        fingerprints: of the marked picture.
        beside: invisible marks of further parts, such as a clip's soundtrack.
        explicit_label: the text that was drawn, or "".
        metadata: names of the implicit labels that were written, such as ``AIGC`` and ``IPTC``.
        orientation_applied: the pixels were turned as the file's orientation tag asked.
    """

    watermark: SoftBinding | None = None
    fingerprints: tuple[SoftBinding, ...] = ()
    beside: tuple[SoftBinding, ...] = ()
    explicit_label: str = ""
    metadata: tuple[str, ...] = ()
    orientation_applied: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """What `sign_manifest` signs.

    Attributes:
        manifest: c2pa's manifest definition.
        ingredient: c2pa's ingredient definition, or None when nothing went in.
        ingredient_media_type: of the file that the ingredient stands for.
        components: further ingredients, each c2pa's definition and what it stands for.
        kept: manifest stores that lie beside files that went in, by the SHA-256 of the file.
    """

    manifest: Mapping[str, Any]
    ingredient: Mapping[str, Any] | None = None
    ingredient_media_type: str = ""
    components: tuple[tuple[Mapping[str, Any], Component], ...] = ()
    kept: Mapping[str, bytes] = field(default_factory=dict)


def build_definition(
    asset: Asset,
    grant: Grant,
    *,
    marks: Marks,
    media_type: MediaType,
    created_at: str,
    recipe: Mapping[str, Any] | None = None,
    source: SourceFile | None = None,
    title: str = "",
    components: Sequence[Component] = (),
) -> Definition:
    """Build the definition of the manifest for one release.

    Args:
        asset: the picture as it came in.
        grant: the decision's licence; named in our own assertion.
        marks: what sealing did.
        media_type: of the file that ships.
        created_at: RFC 3339 in UTC.
        recipe: fields of `generation.base.Recipe`; None when unknown.
        source: the file that went in; built from `asset` when a parent is needed and none is given.
        title: for people; the asset's id when "".
        components: files that went into an asset that was made here.

    Raises:
        SigningError: the recipe names a digital source type that does not exist.
    """
    if recipe is not None and components:
        first, used = _build_made(recipe, components, created_at), None
        relationship, disclosure = "", _disclose(recipe)
    elif recipe is None or (asset.origin is Origin.SUBMITTED and source is not None and source.has_manifest):
        first, used = _build_opened(source or SourceFile(asset.media_type), marks, media_type)
        relationship, disclosure = "parentOf", _disclose_unknown(used) if recipe is None else _disclose(recipe)
    else:
        first, used = _build_created(recipe, source, created_at)
        relationship, disclosure = "inputTo", _disclose(recipe)
    assertions = [
        _assertion("c2pa.actions.v2", {"actions": [*first, *_build_marking(marks)], "allActionsIncluded": True}),
        *_build_bindings(marks),
        *disclosure,
        *([] if recipe is None else [_assertion(GENERATION_LABEL, _describe_recipe(recipe))]),
        _assertion(RELEASE_LABEL, _describe_release(asset, grant)),
    ]
    manifest = {
        "title": clean_text(title, MAX_TITLE_CHARS) or f"{asset.id}{media_type.extension}",
        "claim_generator_info": [{**_agent(), "specVersion": SPEC_VERSION}],
        "assertions": assertions,
    }
    if used is None:
        named = [_name_component(number, one) for number, one in enumerate(components)]
        return Definition(manifest, components=tuple(zip(named, components, strict=True)))
    digest = str(recipe.get("source_sha256", "") if recipe and relationship == "inputTo" else asset.sha256)
    return Definition(manifest, _build_ingredient(used, relationship, digest), str(used.media_type or ""))


def build_source_type(name: str) -> str:
    """Return the URI of a digital source type given by its last segment or whole.

    Raises:
        SigningError: there is no such type.
    """
    for prefix, known in ((IPTC_PREFIX, DIGITAL_SOURCE_TYPES), (C2PA_PREFIX, _C2PA_TYPES)):
        short = name.removeprefix(prefix)
        if short in known:
            return prefix + short
    raise SigningError(f"{clean_text(name, 64)!r} is no digital source type of IPTC or C2PA")


def _build_opened(
    source: SourceFile, marks: Marks, media_type: MediaType
) -> tuple[list[dict[str, Any]], SourceFile | None]:
    """Return the first actions for a picture that was handed in, and its parent."""
    actions: list[dict[str, Any]] = [{"action": "c2pa.opened", "parameters": {"ingredientIds": [INGREDIENT_ID]}}]
    if marks.orientation_applied:
        actions.append({"action": "c2pa.orientation", "digitalSourceType": ALGORITHMIC, "softwareAgent": _agent()})
    name = "c2pa.transcoded" if source.media_type is media_type else "c2pa.converted"
    # Other validators ask that what was transcoded is pointed to, as what was opened is.
    actions.append({"action": name, "softwareAgent": _agent(), "parameters": {"ingredientIds": [INGREDIENT_ID]}})
    return actions, source


def _build_created(
    recipe: Mapping[str, Any], source: SourceFile | None, created_at: str
) -> tuple[list[dict[str, Any]], SourceFile | None]:
    """Return the first action for a picture that was made here, and the picture it began with, if any."""
    action: dict[str, Any] = {
        "action": "c2pa.created",
        "digitalSourceType": build_source_type(str(recipe["digital_source_type"])),
        "softwareAgent": {"name": _name_maker(recipe)},
        "when": created_at,
    }
    if not recipe.get("source_sha256"):
        return [action], None
    action["parameters"] = {"ingredientIds": [INGREDIENT_ID]}
    return [action], source or SourceFile(None, digital_source_type="")


def _build_made(recipe: Mapping[str, Any], components: Sequence[Component], created_at: str) -> list[dict[str, Any]]:
    """Return the actions for an asset that was made here out of other files: begun with, computed from, put in."""
    ids: dict[str, list[str]] = {}
    for number, one in enumerate(components):
        ids.setdefault(one.relationship, []).append(_id_of(number))
    maker = {
        "digitalSourceType": build_source_type(str(recipe["digital_source_type"])),
        "softwareAgent": {"name": _name_maker(recipe)},
        "when": created_at,
    }
    actions: list[dict[str, Any]]
    if "parentOf" in ids:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ids["parentOf"]}}
        edited: dict[str, Any] = {"action": "c2pa.edited", **maker}
        if "inputTo" in ids:
            edited["parameters"] = {"ingredientIds": ids["inputTo"]}
        actions = [opened, edited]
    else:
        inputs = {"parameters": {"ingredientIds": ids["inputTo"]}} if "inputTo" in ids else {}
        actions = [{"action": "c2pa.created", **maker, **inputs}]
    placed = [{"action": "c2pa.placed", "parameters": {"ingredientIds": [one]}} for one in ids.get("componentOf", ())]
    return actions + placed


def _id_of(number: int) -> str:
    return f"component-{number}"


def _name_component(number: int, one: Component) -> dict[str, Any]:
    source = SourceFile(one.media_type, digital_source_type=one.digital_source_type)
    return {**_build_ingredient(source, one.relationship, str(one.file.sha256)), "label": _id_of(number)}


def _name_maker(recipe: Mapping[str, Any]) -> str:
    """Return what drew the picture: a backend of ours, or what a submitter says; where nobody says it, not us."""
    return clean_text(recipe.get("backend")) or clean_text(recipe.get("model_name")) or UNKNOWN_MAKER


def _build_marking(marks: Marks) -> list[dict[str, Any]]:
    """Return the actions of sealing, in the order in which it does them."""
    actions: list[dict[str, Any]] = []
    if marks.watermark is not None:
        name = "c2pa.watermarked.bound" if marks.watermark.value else "c2pa.watermarked.unbound"
        parameters = {f"{NAMESPACE}.softBinding": marks.watermark.alg}
        actions.append({"action": name, "softwareAgent": _agent(), "parameters": parameters})
    if marks.explicit_label:
        description = f"explicit label: {clean_text(marks.explicit_label, 64)}"
        actions.append(
            {
                "action": "c2pa.addedText",
                "digitalSourceType": ALGORITHMIC,
                "softwareAgent": _agent(),
                "description": description,
            }
        )
    if marks.metadata:
        written = [clean_text(name, 64) for name in marks.metadata]
        parameters = {f"{NAMESPACE}.labels": ", ".join(written)}
        actions.append({"action": "c2pa.edited.metadata", "softwareAgent": _agent(), "parameters": parameters})
    return actions


def _build_bindings(marks: Marks) -> list[dict[str, Any]]:
    bindings = [*marks.beside, *marks.fingerprints]
    if marks.watermark is not None and marks.watermark.value:
        bindings.insert(0, marks.watermark)
    return [softbinding.build_assertion(binding) for binding in bindings]


def _build_ingredient(source: SourceFile, relationship: str, digest: str) -> dict[str, Any]:
    extension = "" if source.media_type is None else source.media_type.extension
    ingredient = {
        "title": clean_text(source.title, MAX_TITLE_CHARS) or f"source-{digest[:12]}{extension}",
        "relationship": relationship,
        "label": INGREDIENT_ID,
        # C2PA 2.4 s18.16: of this very file; none came with it that we could take over.
        "instance_id": f"xmp:iid:{uuid.uuid4()}",
    }
    if source.media_type is not None:
        ingredient["format"] = str(source.media_type)
    # C2PA 2.4 s18.16.12.3: never beside a manifest; it is taken out again where one is repeated.
    if source.digital_source_type:
        ingredient["digital_source_type"] = build_source_type(source.digital_source_type)
    return ingredient


def _disclose(recipe: Mapping[str, Any]) -> list[dict[str, Any]]:
    if build_source_type(str(recipe["digital_source_type"])) not in AI_SOURCE_TYPES:
        return []
    data: dict[str, Any] = {"modelType": clean_text(recipe.get("model_type")) or UNKNOWN_MODEL_TYPE}
    for key, name in (("model_name", "modelName"), ("model_identifier", "modelIdentifier")):
        if text := clean_text(recipe.get(key)):
            data[name] = text
    if recipe.get("prompt_sha256"):
        # C2PA 2.4 s18.28.3: a person wrote the prompt, and no more
        data["contentProfile"] = {"humanOversightLevel": "prompt_guided"}
    return [_assertion("c2pa.ai-disclosure", data)]


def _disclose_unknown(source: SourceFile | None) -> list[dict[str, Any]]:
    """Repeat what the submitter says, whatever the file itself says: gathered, because we did not see it made."""
    if source is None or not source.digital_source_type:
        return []
    if build_source_type(source.digital_source_type) not in AI_SOURCE_TYPES:
        return []
    return [{"label": "c2pa.ai-disclosure", "created": False, "data": {"modelType": UNKNOWN_MODEL_TYPE}}]


def _describe_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    names = ("backend", "model_name", "model_identifier", "model_sha256", "prompt_sha256", "source_sha256")
    described: dict[str, Any] = {name: text for name in names if (text := clean_text(recipe.get(name)))}
    described["seed"] = str(recipe.get("seed", ""))
    parameters = recipe.get("parameters")
    if isinstance(parameters, Mapping):
        # Numbers only: a text parameter may be a prompt by another name.
        numbers = {clean_text(k, 64): v for k, v in parameters.items() if isinstance(v, int | float)}
        described["parameters"] = dict(sorted(numbers.items()))
    return described


def _describe_release(asset: Asset, grant: Grant) -> dict[str, Any]:
    return {
        "asset": str(asset.id),
        "assetSha256": str(asset.sha256),
        "decision": grant.decision_id,
        "packs": [{"name": pack.name, "sha256": str(pack.sha256)} for pack in grant.packs],
        "marks": [str(obligation.kind) for obligation in grant.obligations],
    }


def _assertion(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, "created": True, "data": data}


def _agent() -> dict[str, str]:
    return {"name": GENERATOR, "version": _software_version()}


@cache
def _software_version() -> str:
    try:
        return version("chopmark")
    except PackageNotFoundError:
        return "0.0.0"
