"""A file as an HTTP answer: its type, its name, its digest as ETag, and the part asked for (RFC 9110 s13, s14)."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from api.edge import HEAD_ONLY

if TYPE_CHECKING:
    from provenance.storage.blob import Blob

PART_BYTES: Final = 256 << 10
_RANGE: Final = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._()+-]")
MOST_NAME: Final = 150


def build_file_response(request: Request, file: "Blob", *, media_type: str, name: str, cache: str) -> Response:
    """Return `file`, or the range of it that is asked for; several ranges at once are answered with the whole file.

    Args:
        request: whose headers ask.
        file: whose digest is its ETag.
        media_type: of the file.
        name: as it may be saved; whatever its submitter wrote.
        cache: `Cache-Control`.

    Raises:
        HTTPException: there is no such range (416).
    """
    etag = f'"{file.sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "Content-Disposition": build_disposition(name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if _matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    start, stop, status = 0, file.size_bytes, 200
    asked = request.headers.get("range", "")
    if asked and request.headers.get("if-range", etag) == etag and (found := parse_range(asked, file.size_bytes)):
        (start, stop), status = found, 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size_bytes}"
    headers["Content-Length"] = str(stop - start)
    if request.scope.get(HEAD_ONLY):
        return Response(status_code=status, headers=headers, media_type=media_type)
    return StreamingResponse(_read(file, start, stop), status_code=status, headers=headers, media_type=media_type)


def parse_range(unverified: str, size_bytes: int) -> tuple[int, int] | None:
    """Return the range that is asked for, as (start, stop), or None where the whole file answers it.

    Raises:
        HTTPException: the file has no such range (416).
    """
    found = _RANGE.fullmatch(unverified.strip())
    if found is None or (not found[1] and not found[2]):
        return None
    if not found[1]:
        start, stop = max(0, size_bytes - int(found[2])), size_bytes
    else:
        start, stop = int(found[1]), min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
        if found[2] and int(found[2]) < int(found[1]):
            return None
    if start >= stop:
        told = f"expected a range of the file's {size_bytes} bytes, got none of it"
        raise HTTPException(416, told, headers={"Content-Range": f"bytes */{size_bytes}"})
    return start, stop


def build_disposition(name: str) -> str:
    """Return a `Content-Disposition` that saves and never shows; a name cannot leave its folder or its header."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(char if char.isprintable() else "_" for char in last).strip(" .")[:MOST_NAME] or "file"
    plain = _UNSAFE.sub("_", printable)
    spelled = quote(printable.encode(errors="replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{spelled}"


def _matches(unverified: str, etag: str) -> bool:
    return unverified.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in unverified.split(",")]


def _read(file: "Blob", start: int, stop: int) -> Iterator[bytes]:
    while start < stop:
        part = file.read_at(start, min(PART_BYTES, stop - start))
        yield part
        start += len(part)
