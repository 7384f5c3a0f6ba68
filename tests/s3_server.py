"""A small server that speaks S3 as far as a blob store needs it, and checks each signature (AWS Signature Version 4).

The usual one for tests, moto's, does not resolve beside our pins; this one keeps objects in memory and answers 403 to
whatever is not signed with its key.
"""

import hashlib
import hmac
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS, SECRET, REGION, BUCKET = "AKIATESTTESTTESTTEST", "secret-of-the-test", "us-east-1", "blobs"
PAGE = 50


class Objects:
    """What is stored, and what was refused."""

    def __init__(self):
        self.stored = {}
        self.uploads = {}
        self.refused = 0
        self.seen = []
        self.url = ""


def sign(request, body):
    """The signature that a request should have."""
    fields = dict(part.strip().split("=", 1) for part in request.headers["Authorization"].partition(" ")[2].split(","))
    access, date, region, service, _ = fields["Credential"].split("/")
    parts = urlsplit(request.path)
    names = fields["SignedHeaders"].split(";")
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    digest = request.headers["x-amz-content-sha256"]
    assert digest in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}
    canonical = "\n".join([request.command, parts.path, query, headers, ";".join(names), digest])
    scope = f"{date}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{hashed}"
    key = f"AWS4{SECRET}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return access == ACCESS and hmac.compare_digest(expected, fields["Signature"])


@contextmanager
def serving_s3():
    objects = Objects()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def take(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
            self.key = unquote(parts.path).removeprefix(f"/{BUCKET}").lstrip("/")
            objects.seen.append(f"{self.command} {self.path}")
            if not self.headers.get("Authorization") or not sign(self, body):
                objects.refused += 1
                self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                return None
            return body

        def do_PUT(self):
            body = self.take()
            if body is None:
                return
            etag = f'"{hashlib.md5(body).hexdigest()}"'
            if "uploadId" in self.query:
                objects.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = body
            else:
                objects.stored[self.key] = body
            self.answer(200, ETag=etag)

        def do_POST(self):
            body = self.take()
            if body is None:
                return
            if "uploads" in self.query:
                upload = f"upload-{len(objects.uploads)}"
                objects.uploads[upload] = {}
                told = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                self.answer(200, told.encode())
            elif "uploadId" in self.query:
                parts = objects.uploads.pop(self.query["uploadId"])
                objects.stored[self.key] = b"".join(parts[number] for number in sorted(parts))
                told = '<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>'
                self.answer(200, told.encode())
            else:  # ?delete
                import xml.etree.ElementTree as ET

                named = [item.text for item in ET.fromstring(body).iter() if item.tag.endswith("Key")]
                for key in named:
                    objects.stored.pop(key, None)
                gone = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in named)
                self.answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

        def do_DELETE(self):
            if self.take() is not None:
                objects.stored.pop(self.key, None)
                self.answer(204)

        def do_HEAD(self):
            self.do_GET()

        def do_GET(self):
            if self.take() is None:
                return
            if "list-type" in self.query:
                self.list()
                return
            data = objects.stored.get(self.key)
            if data is None:
                self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
                return
            status, more = 200, {}
            if wanted := self.headers.get("Range"):
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                end = min(int(last) + 1 if last else len(data), len(data))
                more = {"Content_Range": f"bytes {first}-{end - 1}/{len(data)}"}
                data, status = data[int(first) : end], 206
            etag, modified = f'"{hashlib.md5(data).hexdigest()}"', formatdate(usegmt=True)
            self.answer(status, data, ETag=etag, Last_Modified=modified, Content_Length=str(len(data)), **more)

        def list(self):
            prefix, after = self.query.get("prefix", ""), self.query.get("continuation-token", "")
            keys = [key for key in sorted(objects.stored) if key.startswith(prefix) and key > after]
            page = keys[:PAGE]
            rows = "".join(
                f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-29T00:00:00.000Z</LastModified>"
                f'<ETag>"x"</ETag><Size>{len(objects.stored[key])}</Size></Contents>'
                for key in page
            )
            more = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if len(keys) > PAGE else ""
            truncated = "true" if more else "false"
            body = (
                f"<ListBucketResult><Name>{BUCKET}</Name><KeyCount>{len(page)}</KeyCount>"
                f"<IsTruncated>{truncated}</IsTruncated>{rows}{more}</ListBucketResult>"
            )
            self.answer(200, body.encode(), Content_Type="application/xml")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    objects.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(objects, secret=SECRET):
    """What the environment says to a client of this server."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT": objects.url,
        "AWS_ALLOW_HTTP": "true",
    }
