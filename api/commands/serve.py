"""`chopmark serve`: HTTP, pages, and workers, until it is told to stop."""

from typing import Annotated

import typer

from api.console import ERR, EXIT_ERROR, print_error, print_hint, teaching_errors
from api.settings import load_settings
from provenance.storage.faults import describe_os_error

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 for a free one.")] = 8600,
    workers: Annotated[
        int, typer.Option("--workers", min=0, max=64, help="Workers beside the server; 0 where they run elsewhere.")
    ] = 1,
) -> None:
    """Serve the HTTP API and the pages, with workers that walk what is handed in.

    The first start prints a link by which the first admin signs in, once. SIGTERM or Ctrl-C ends it gracefully.
    """
    from api.serving import serve

    try:
        serve(load_settings(), host=host, port=port, workers=workers, tell=print_hint)
    except OSError as exc:
        print_error(f"cannot listen on {host}, port {port}: {describe_os_error(exc)}", "address")
        raise typer.Exit(EXIT_ERROR) from exc
    ERR.print("the server has stopped")
