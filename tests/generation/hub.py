"""A model hub on this machine: as much of the hub's interface as pulling a snapshot needs."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub(ThreadingHTTPServer):
    """Serves one repository, ``owner/name``, at any commit."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        files = self.server.files
        path = self.path.partition("?")[0]
        commit, _, name = path.partition("/resolve/")[2].partition("/")
        if path.startswith("/api/models/owner/name/tree/"):
            listed = [
                {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
                for name, body in files.items()
            ]
            self.reply(200, json.dumps(listed).encode(), {"Content-Type": "application/json"})
        elif path.startswith("/owner/name/resolve/") and name in files:
            tag = hashlib.sha1(files[name]).hexdigest()
            self.reply(200, files[name], {"ETag": f'"{tag}"', "X-Repo-Commit": commit})
        else:
            self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def reply(self, code, body, headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args):
        pass
