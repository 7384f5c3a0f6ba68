"""The C2PA conformance program's asset rubric 0.2 for specification 2.4, rendered from its descriptions.

One function for each of its 31 checks: crJSON in, what offends out; nothing offending means that the check holds. Lists
of labels and codes are the specification's (2.4 s6.2.2, s15.2.2, s18.15). Two signals of signal rubric 1.0 are at the
end. The function names are the rubric's own ids.
"""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Check = Callable[[Json], list[str]]


def words(text: str, prefix: str = "") -> set[str]:
    return {prefix + word for word in text.split()}


INCEPTIONS = {"c2pa.created", "c2pa.opened"}

NOT_PERCEPTIBLE = words(
    "converted edited.metadata enhanced published redacted repackaged resized.proportional transcoded "
    "watermarked watermarked.bound watermarked.unbound",
    "c2pa.",
)
"""Actions that do not change what one sees."""

ACTIONS = NOT_PERCEPTIBLE | words(
    "addedText adjustedColor changedSpeed color_adjustments created cropped deleted drawing dubbed edited filtered "
    "mastered mixed opened orientation placed remixed removed resized translated trimmed unknown",
    "c2pa.",
)

DEPRECATED_ACTIONS = words(
    "color_adjustments copied formatted managed printed produced saved version_updated watermarked", "c2pa."
)

ASSERTIONS = words(
    "actions.v2 ai-disclosure alternative-content-representation assertion.metadata asset-ref asset-type.v2 "
    "certificate-status cloud-data depthmap.GDepth embedded-data environmental-sustainability external-reference "
    "hash.bmff.v3 hash.boxes hash.collection.data hash.data hash.data.part hash.multi-asset icon ingredient.v3 "
    "metadata repository-receipt session-keys soft-binding thumbnail.claim thumbnail.ingredient time-stamp",
    "c2pa.",
)

DEPRECATED_ASSERTIONS = words("actions asset-type claim hash.bmff.v2 ingredient ingredient.v2", "c2pa.")

PARAMETERS = words(
    "redacted ingredients ingredient description relatedAssertions sourceLanguage targetLanguage multipleInstances "
    "ranges weight width italic slant optical-size"
)

MALFORMED = words(
    "assertion.action.malformed assertion.bmffHash.malformed assertion.boxesHash.malformed "
    "assertion.collectionHash.malformed assertion.dataHash.malformed assertion.external-reference.malformed "
    "assertion.external-reference.labelMismatch assertion.external-reference.created assertion.ingredient.malformed "
    "assertion.alternativeContentRepresentation.malformed assertion.alternativeContentRepresentation.missing "
    "assertion.multiAssetHash.malformed assertion.cbor.invalid assertion.json.invalid claim.cbor.invalid "
    "claim.hardBindings.missing claim.malformed claim.missing claim.multiple hashedURI.missing "
    "ingredient.manifest.missing assertion.boxesHash.unknownBox assertion.multipleHardBindings "
    "manifest.compressed.invalid manifest.html.multipleManifests manifest.inaccessible manifest.multipleParents "
    "manifest.structuredText.emptyReference manifest.structuredText.malformedReference "
    "manifest.structuredText.multipleReferences manifest.structuredText.noManifest "
    "manifest.structuredText.noResolutionPath manifest.timestamp.invalid manifest.timestamp.wrongParents "
    "manifest.update.invalid manifest.update.wrongParents"
)

MISMATCHED = words(
    "assertion.action.ingredientMismatch assertion.action.redactionMismatch assertion.bmffHash.mismatch "
    "assertion.boxesHash.mismatch assertion.collectionHash.mismatch assertion.dataHash.mismatch "
    "assertion.external-reference.hashMismatch assertion.alternativeContentRepresentation.hashMismatch "
    "assertion.multiAssetHash.mismatch assertion.hashedURI.mismatch assertion.hardBinding.redacted "
    "hashedURI.mismatch ingredient.manifest.mismatch ingredient.claimSignature.missing "
    "ingredient.claimSignature.mismatch claimSignature.missing claimSignature.mismatch"
)


def active(crjson: Json) -> Json:
    return crjson["manifests"][0]


def assertions(crjson: Json) -> Json:
    return active(crjson).get("assertions") or {}


def actions(crjson: Json) -> list[Json]:
    return [item for value in assertions(crjson).values() for item in value.get("actions") or []]


def ingredients(crjson: Json) -> dict[str, Json]:
    return {label: value for label, value in assertions(crjson).items() if "relationship" in value}


def claim(crjson: Json) -> Json:
    return active(crjson).get("claim.v2") or {}


def failures(crjson: Json) -> list[str]:
    return [item["code"] for item in active(crjson).get("validationResults", {}).get("failure", [])]


def base(label: str) -> str:
    return label.partition("__")[0]


def mandatory_dst_for_perceptible_transformations(crjson: Json) -> list[str]:
    exempt = INCEPTIONS | NOT_PERCEPTIBLE | {"c2pa.placed"}
    return [
        item["action"]
        for item in actions(crjson)
        if item["action"].startswith("c2pa.") and item["action"] not in exempt and not item.get("digitalSourceType")
    ]


def mandatory_spec_version(crjson: Json) -> list[str]:
    info = claim(crjson).get("claim_generator_info") or {}
    found = (info[0] if isinstance(info, list) else info).get("specVersion")
    return [] if isinstance(found, str) and found.split(".")[:2] == ["2", "4"] else [str(found)]


def mandatory_all_actions_included(crjson: Json) -> list[str]:
    return [
        label for label, value in assertions(crjson).items() if "actions" in value and "allActionsIncluded" not in value
    ]


def no_dst_for_opened_action(crjson: Json) -> list[str]:
    return [i["action"] for i in actions(crjson) if i["action"] == "c2pa.opened" and i.get("digitalSourceType")]


def well_formed_data_present(crjson: Json) -> list[str]:
    return [] if active(crjson).get("validationResults") is not None else ["validationResults"]


def well_formed_success(crjson: Json) -> list[str]:
    return [code for code in failures(crjson) if code in MALFORMED]


def valid_data_present(crjson: Json) -> list[str]:
    return [] if active(crjson).get("validationResults") is not None else ["validationResults"]


def valid_success(crjson: Json) -> list[str]:
    return [code for code in failures(crjson) if code in MISMATCHED]


def inception_action_position(crjson: Json) -> list[str]:
    created = [item["url"] for item in claim(crjson).get("created_assertions") or []]
    first = next((url for url in created if "c2pa.actions" in url), "")
    if not first.endswith("/c2pa.actions.v2"):
        return [first or "no actions in created_assertions"]
    names = [item["action"] for item in actions(crjson)]
    return names[:1] if not names or names[0] not in INCEPTIONS or len(INCEPTIONS & set(names[1:])) else []


def no_deprecated_assertions(crjson: Json) -> list[str]:
    return [label for label in assertions(crjson) if label.startswith("stds.") or base(label) in DEPRECATED_ASSERTIONS]


def no_unsupported_assertions(crjson: Json) -> list[str]:
    known = ASSERTIONS | DEPRECATED_ASSERTIONS
    return [label for label in assertions(crjson) if label.startswith("c2pa.") and base(label) not in known]


def no_deprecated_actions(crjson: Json) -> list[str]:
    return [item["action"] for item in actions(crjson) if item["action"] in DEPRECATED_ACTIONS]


def no_unsupported_actions(crjson: Json) -> list[str]:
    return [
        item["action"]
        for item in actions(crjson)
        if item["action"].startswith("c2pa.") and item["action"] not in ACTIONS
    ]


def no_unrecognized_custom_assertions(crjson: Json) -> list[str]:
    return [label for label in assertions(crjson) if "." not in label]


def no_unrecognized_custom_actions(crjson: Json) -> list[str]:
    return [item["action"] for item in actions(crjson) if "." not in item["action"]]


def no_unrecognized_custom_action_parameters(crjson: Json) -> list[str]:
    names = (name for item in actions(crjson) for name in item.get("parameters") or {})
    return [name for name in names if name not in PARAMETERS and "." not in name]


def discouraged_legacy_action_parameters(crjson: Json) -> list[str]:
    return [
        item["action"] for item in actions(crjson) if {"description", "ingredient"} & set(item.get("parameters") or {})
    ]


def active_manifest_urn(crjson: Json) -> list[str]:
    label = active(crjson).get("label") or ""
    return [] if label.startswith("urn:c2pa:") else [label]


def review_ratings_datasource(crjson: Json) -> list[str]:
    human = {"humanEntry.anonymous", "humanEntry.credentialed"}
    return [
        label
        for label, value in assertions(crjson).items()
        if value.get("reviewRatings") is not None and (value.get("dataSource") or {}).get("type") in human
    ]


def ingredient_v3_no_active_manifest(crjson: Json) -> list[str]:
    return [
        label
        for label, value in ingredients(crjson).items()
        if "activeManifest" not in value and "validationResults" in value
    ]


def ingredient_v3_mandatory_validation_results(crjson: Json) -> list[str]:
    return [
        label
        for label, value in ingredients(crjson).items()
        if "activeManifest" in value and "validationResults" not in value
    ]


def ingredient_relationship_values(crjson: Json) -> list[str]:
    known = {"parentOf", "componentOf", "inputTo"}
    return [value["relationship"] for value in ingredients(crjson).values() if value["relationship"] not in known]


def mandatory_dst_for_created_action(crjson: Json) -> list[str]:
    return [i["action"] for i in actions(crjson) if i["action"] == "c2pa.created" and not i.get("digitalSourceType")]


def no_deprecated_claim_fields(crjson: Json) -> list[str]:
    return [name for name in ("specVersion",) if name in claim(crjson)]


def ingredient_v3_choice(crjson: Json) -> list[str]:
    return [
        label
        for label, value in ingredients(crjson).items()
        if "activeManifest" in value and "digitalSourceType" in value
    ]


def alternative_content_representation_choice(crjson: Json) -> list[str]:
    offending = []
    for label, value in assertions(crjson).items():
        parameters = value.get("parameters") or {}
        if "exif.originalPreservationImage" not in {value.get("type"), parameters.get("type")}:
            continue
        if ("multiAssetPartIndex" in parameters) == ("embeddedOriginalPreservationImage" in parameters):
            offending.append(label)
    return offending


def forbidden_labels_in_external_references(crjson: Json) -> list[str]:
    forbidden = {"c2pa.actions", "c2pa.actions.v2", "c2pa.cloud-data", "c2pa.external-reference"}
    return [
        value["label"]
        for value in assertions(crjson).values()
        if value.get("label")
        and value.get("url")
        and "relationship" not in value
        and (value["label"] in forbidden or value["label"].startswith(("c2pa.hash", "c2pa.ingredient")))
    ]


def no_url_in_hashes(crjson: Json) -> list[str]:
    return [label for label in ("c2pa.hash.data", "c2pa.hash.bmff.v3") if "url" in assertions(crjson).get(label, {})]


def all_actions_included_opened(crjson: Json) -> list[str]:
    listed = actions(crjson)
    complete = (assertions(crjson).get("c2pa.actions.v2") or {}).get("allActionsIncluded") is True
    return ["c2pa.opened"] if [i["action"] for i in listed] == ["c2pa.opened"] and not complete else []


def opened_action_ingredient_reference(crjson: Json) -> list[str]:
    return [
        item["action"]
        for item in actions(crjson)
        if item["action"] == "c2pa.opened" and len((item.get("parameters") or {}).get("ingredients") or []) != 1
    ]


def no_box_hash_for_tiff(crjson: Json) -> list[str]:
    media_type = (assertions(crjson).get("c2pa.asset-type.v2") or {}).get("dc:format")
    is_tiff = media_type in {"image/tiff", "image/x-adobe-dng"}
    return ["c2pa.hash.boxes"] if is_tiff and "c2pa.hash.boxes" in assertions(crjson) else []


CHECKS: tuple[Check, ...] = (
    mandatory_dst_for_perceptible_transformations,
    mandatory_spec_version,
    mandatory_all_actions_included,
    no_dst_for_opened_action,
    well_formed_data_present,
    well_formed_success,
    valid_data_present,
    valid_success,
    inception_action_position,
    no_deprecated_assertions,
    no_unsupported_assertions,
    no_deprecated_actions,
    no_unsupported_actions,
    no_unrecognized_custom_assertions,
    no_unrecognized_custom_actions,
    no_unrecognized_custom_action_parameters,
    discouraged_legacy_action_parameters,
    active_manifest_urn,
    review_ratings_datasource,
    ingredient_v3_no_active_manifest,
    ingredient_v3_mandatory_validation_results,
    ingredient_relationship_values,
    mandatory_dst_for_created_action,
    no_deprecated_claim_fields,
    ingredient_v3_choice,
    alternative_content_representation_choice,
    forbidden_labels_in_external_references,
    no_url_in_hashes,
    all_actions_included_opened,
    opened_action_ingredient_reference,
    no_box_hash_for_tiff,
)


def score(crjson: Json) -> dict[str, list[str]]:
    """Return what offends, by check; {} when the manifest conforms."""
    return {check.__name__: offending for check in CHECKS if (offending := check(crjson))}


def signals(crjson: Json) -> set[str]:
    """Return the inception signals that the active manifest gives, of those that concern us.

    The rule: an inception action of the actions assertion that carries exactly the source type that names the signal;
    media of unknown provenance is an ingredient without a manifest.
    """
    prefix = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    by_type = {
        f"{prefix}trainedAlgorithmicMedia": "fullyGenAIMedia",
        f"{prefix}compositeWithTrainedAlgorithmicMedia": "partlyGenAICreation",
        f"{prefix}digitalCreation": "nonGenAIDigitalCreation",
    }
    began = [item for item in actions(crjson) if item["action"] in INCEPTIONS]
    found = {by_type[t] for item in began if (t := item.get("digitalSourceType")) in by_type}
    parent = assertions(crjson).get("c2pa.ingredient.v3")
    if parent is not None and "activeManifest" not in parent:
        found.add("mediaUnknownProvenance")
    return found
