"""The C2PA Soft Binding Resolution API over our own repository: from a mark, a likeness or a file to a manifest.

For everybody, as often as verification. The repository takes in what the gate releases and nothing else, so the
routes that store answer 403. Source: C2PA 2.4, Decoupled (OpenAPI 2.3.0).
"""

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Body, HTTPException, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.bounds import receive
from api.errors import describe_problems
from api.service import Service, find_service

if TYPE_CHECKING:
    from provenance.manifests.repository import Found, Repository
    from provenance.storage.blob import Blob

BASE: Final = "/v1/c2pa"
MOST_VALUE_CHARS: Final = 4096
MOST_RECEIPT_CHARS: Final = 200_000
RECEIPTS: Final = ("org.c2pa.manifest-receipt", "org.c2pa.repository-receipt")
"""What the API and the assertion call a receipt; both are taken."""
_CLOSED: Final = "this repository holds the manifests of what its gate releases: release the file to have one kept"
_TYPES: Final = ("image/", "video/", "audio/", "application/", "model/", "text/")

Most = Annotated[int, Query(alias="maxResults", ge=1, le=100)]
ManifestId = Annotated[str, Path(max_length=255)]
Alg = Annotated[str, Query(max_length=128)]


def build_router() -> APIRouter:
    """Build the routes of the standard, each by its name there."""
    router = APIRouter(tags=["c2pa"], prefix=BASE)
    matching = describe_problems(400, 403, 408, 413, 415, 422, 429, 500, 503)
    reading = describe_problems(404, 422, 429, 500, 503)
    add = router.add_api_route
    add("/matches/byBinding", find_by_query, methods=["GET"], responses=matching)
    add("/matches/byBinding", find_by_body, methods=["POST"], responses=matching)
    add("/matches/byContent", find_by_content, methods=["POST"], responses=matching, openapi_extra=_describe_file())
    add("/matches/byReference", find_by_reference, methods=["POST"], responses=matching)
    add("/manifests/{manifest_id}", read_manifest, methods=["GET"], response_class=Response, responses=reading)
    add("/manifests/{manifest_id}/receipts", read_receipt, methods=["GET"], responses=reading)
    add(
        "/manifests/{manifest_id}/receipts",
        check_receipt,
        methods=["POST"],
        responses={**describe_problems(400), **reading},
    )
    add("/services/supportedAlgorithms", list_algorithms, methods=["GET"])
    for path, method in (
        ("/manifests", "POST"), ("/manifests/{manifest_id}", "DELETE"), ("/bindings", "POST"), ("/bindings", "PUT"),
    ):  # fmt: skip
        add(
            path, refuse, methods=[method], responses=describe_problems(403),
            operation_id=f"refuse_{method}_{path.split('/')[1]}".lower(),
        )  # fmt: skip
    return router


def _describe_file() -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": {f"{kind}*": binary for kind in _TYPES}}}


async def find_by_query(
    request: Request,
    value: Annotated[str, Query(description="base64")],
    alg: Alg,
    most: Most = 10,
) -> dict[str, Any]:
    """Return the manifests that a soft binding leads to: of a watermark by its value, of a fingerprint by likeness."""
    return await _find_by_binding(request, alg, value, most)


async def find_by_body(
    request: Request,
    alg: Annotated[str, Body(max_length=128)],
    value: Annotated[str, Body()],
    most: Most = 10,
) -> dict[str, Any]:
    """Return the same for a binding in the body."""
    return await _find_by_binding(request, alg, value, most)


async def find_by_content(
    request: Request, alg: Alg = "", most: Most = 10, hint_alg: Annotated[str, Query(alias="hintAlg")] = "",
    hint_value: Annotated[str, Query(alias="hintValue")] = "",
) -> dict[str, Any]:  # fmt: skip
    """Return the manifests that the file in the body leads to, by its mark and by its likeness; `alg` names one alone.

    `hintAlg` and `hintValue` are a binding that the sender has read already: its manifests come first.
    """
    service = find_service(request)
    await service.visitors.admit(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.startswith(_TYPES):
        raise HTTPException(415, f"expected a body of image/*, video/* or the like, got {kind[:80] or 'none'}")
    bounds, most_bytes = service.site.settings.http, service.site.settings.max_bytes
    async with (
        service.room.uploads.hold(),
        receive(request.stream(), most_bytes=most_bytes, idle_s=bounds.idle_s, total_s=bounds.upload_s) as file,
    ):
        found = await _look_at(service, file, alg, most)
    if hint_alg and hint_value:
        hinted = await run_in_threadpool(
            build_repository(service).find_bound, hint_alg, parse_value(hint_value), most=most
        )
        found = (*hinted, *(one for one in found if one.manifest_id not in {two.manifest_id for two in hinted}))
    return build_result(found[:most])


async def find_by_reference(
    request: Request,
    reference_url: Annotated[str, Body(alias="referenceUrl", pattern="^https://", max_length=2000)],
    asset_length: Annotated[int, Body(alias="assetLength", gt=0)],
    alg: Alg = "",
    most: Most = 10,
) -> dict[str, Any]:
    """Return the same for a file that is fetched, where this site fetches any; from public addresses alone."""
    service = find_service(request)
    await service.visitors.admit(request)
    settings = service.site.settings
    if not settings.http.fetch:
        raise HTTPException(403, "this site fetches no files from addresses: send the file to /matches/byContent")
    if asset_length > settings.max_bytes:
        raise HTTPException(413, f"expected a file of at most {settings.max_bytes} bytes")
    async with service.room.fetches.hold():
        file = await run_in_threadpool(service.fetch, reference_url, most_bytes=asset_length)
    return build_result(await _look_at(service, file, alg, most))


async def read_manifest(
    request: Request,
    manifest_id: ManifestId,
    *,
    active_alone: Annotated[bool, Query(alias="returnActiveManifest")] = False,
) -> Response:
    """Return a manifest store (`application/c2pa`), or its active manifest alone."""
    service = find_service(request)
    await service.visitors.admit(request)
    store = await run_in_threadpool(build_repository(service).load, manifest_id, active_alone=active_alone)
    return Response(store, media_type="application/c2pa")


async def read_receipt(request: Request, manifest_id: ManifestId) -> dict[str, Any]:
    """Return the receipt of a manifest: the proof that our ledger has it on record."""
    service = find_service(request)
    await service.visitors.admit(request)
    text = await run_in_threadpool(build_repository(service).build_receipt, manifest_id)
    return _build_receipt(service, manifest_id, text)


async def check_receipt(
    request: Request,
    manifest_id: ManifestId,
    kind: Annotated[str, Body(alias="@type", max_length=80)],
    receipt: Annotated[str, Body(max_length=MOST_RECEIPT_CHARS)],
) -> dict[str, Any]:
    """Say whether a receipt proves that our ledger has this manifest on record."""
    from provenance.errors import GateError

    service = find_service(request)
    await service.visitors.admit(request)
    if kind not in RECEIPTS:
        raise HTTPException(400, f"expected a receipt of @type {' or '.join(RECEIPTS)}")
    repository = build_repository(service)
    await run_in_threadpool(repository.find_entry, manifest_id)
    said = _build_receipt(service, manifest_id, receipt)
    try:
        await run_in_threadpool(repository.verify_receipt, manifest_id, receipt)
    except GateError as exc:
        return {**said, "verified": False, "error": str(exc)}
    return said


async def list_algorithms(request: Request) -> dict[str, Any]:
    """Return which watermarks and fingerprints lead to manifests here."""
    from provenance.manifests.softbinding import build_alg

    repository = build_repository(find_service(request))
    return {
        "watermarks": [{"alg": alg} for alg in repository.marks],
        "fingerprints": [{"alg": build_alg(name)} for name in repository.codes],
    }


async def refuse() -> None:
    """Store nothing: this repository holds the manifests of what its gate releases."""
    raise HTTPException(403, _CLOSED)


def build_repository(service: Service) -> "Repository":
    """Build the repository of the site; what is released is public, so it is every tenant's."""
    from provenance.manifests.repository import Repository

    here, media = service.site.deployment, service.site.verifier.media
    marks = dict.fromkeys(alg for medium in media for alg in medium.mark_algs)
    codes = {medium.code_alg: medium.code_radius_bits for medium in media if medium.code_alg}
    return Repository(here.database, here.blobs, here.log, here.works, tuple(marks), codes)


def parse_value(unverified: str) -> bytes:
    """Return the bytes of a binding's value.

    Raises:
        HTTPException: it is longer than any (414), or no base64 (400).
    """
    if len(unverified) > MOST_VALUE_CHARS:
        raise HTTPException(414, f"expected a value of at most {MOST_VALUE_CHARS} characters")
    try:
        # A + that was not escaped in a query comes as a blank.
        value = base64.b64decode(unverified.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise HTTPException(400, "expected the value in base64") from exc
    if not value:
        raise HTTPException(400, "expected a value, got none")
    return value


def build_result(found: "tuple[Found, ...]") -> dict[str, Any]:
    """Return matches as the standard spells them."""
    return {
        "matches": [
            {"manifestId": one.manifest_id, **({} if one.score is None else {"similarityScore": one.score})}
            for one in found
        ]
    }


async def _find_by_binding(request: Request, alg: str, value: str, most: int) -> dict[str, Any]:
    service = find_service(request)
    await service.visitors.admit(request)
    wanted = parse_value(value)
    return build_result(await run_in_threadpool(build_repository(service).find_bound, alg, wanted, most=most))


async def _look_at(service: Service, file: "Blob", alg: str, most: int) -> "tuple[Found, ...]":
    verifier, room = service.site.verifier, service.room
    async with room.files.hold(), room.pixels.hold(await run_in_threadpool(verifier.weigh, file)):
        return await run_in_threadpool(_trace, service, file, alg, most)


def _trace(service: Service, file: "Blob", alg: str, most: int) -> "tuple[Found, ...]":
    """Return the manifests that a file's own, its mark and its likeness lead to, in this order."""
    from provenance.fingerprints.base import make_scheme
    from provenance.manifests.repository import score_distance
    from provenance.manifests.softbinding import build_alg
    from provenance.verify.state import LayerStatus

    found = service.site.verifier.verify(file)
    mark, likeness = found.layer("watermark"), found.layer("fingerprint")
    scores: dict[str, int | None] = {}
    if mark.status is LayerStatus.FOUND and alg in {"", mark.technique} and mark.detail.get("asset_id"):
        scores[mark.detail["asset_id"]] = None
    for one in likeness.detail.get("candidates", ()):
        if alg in {"", one["alg"], build_alg(one["alg"])}:
            scores.setdefault(one["asset_id"], score_distance(one["distance_bits"], make_scheme(one["alg"]).bits))
    return build_repository(service).find_of_assets(scores, most=most)


def _build_receipt(service: Service, manifest_id: str, text: str) -> dict[str, Any]:
    log = service.site.deployment.log
    return {
        "@type": RECEIPTS[0],
        "manifestId": manifest_id,
        "repository": log.origin,
        "format": "c2sp.org/tlog-proof@v1",
        "key": log.signer.verifier.vkey,
        "receipt": text,
        "verified": True,
    }
