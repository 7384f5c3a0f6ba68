"""`chopmark mcp`: the gate as tools of agents."""

import os
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from api.console import CommandUsageError, print_hint, teaching_errors
from provenance.errors import ConfigurationError, MissingExtraError

app = typer.Typer(add_completion=False)

KEY_VARIABLE: Final = "CHOPMARK_KEY"
MOST_BODY_BYTES: Final = 100 << 20


@app.command()
@teaching_errors
def command(
    url: Annotated[str, typer.Option("--url", help="Address of the gate.")] = "http://127.0.0.1:8600",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="The only folder that tools read and write; this one unless given.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    http: Annotated[
        str, typer.Option("--http", metavar="HOST:PORT", help="Listen there, instead of standard input and output.")
    ] = "",
) -> None:
    """Serve the tools release, status, verify, match, register and explain, by the Model Context Protocol.

    An agent's program starts this and speaks to it; it works under the key in CHOPMARK_KEY, and reads and writes in one
    folder. With --http many agents share it: each call brings its own key, and no file of this machine is touched.
    """
    try:
        from api.agents import Reach, build_server
    except ImportError as exc:
        raise MissingExtraError(f"chopmark mcp needs {exc.name}: pip install 'chopmark[mcp]'") from exc
    if urlsplit(url).scheme not in {"http", "https"}:
        raise CommandUsageError("--url has to be the address of a gate, such as http://127.0.0.1:8600")
    if http:
        host, port = _parse_place(http)
        print_hint(f"tools for agents at http://{http}/mcp, of the gate at {url}")
        build_server(Reach(url)).run(
            "streamable-http",
            host=host,
            port=port,
            stateless_http=True,
            json_response=True,
            max_request_body_size=MOST_BODY_BYTES,
        )
        return
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise ConfigurationError(
            f"no key: make one with chopmark access key create NAME --role submitter, and give it as {KEY_VARIABLE}"
        )
    build_server(Reach(url, key, folder or Path.cwd())).run("stdio")


def _parse_place(http: str) -> tuple[str, int]:
    host, _, port = http.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise CommandUsageError("--http has to be HOST:PORT, such as 127.0.0.1:8601")
    return host.strip("[]"), int(port)
