"""`chopmark backup`: a whole site in one file, taken while it works."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.console import CommandUsageError, Json, build_progress, print_hint, print_json, print_line, teaching_errors
from api.escape import quote_file
from api.home import MEMORY_FILE, verify_site
from api.reading import build_reader
from api.settings import SETTINGS_FILE, load_settings
from policies.backup.archive import verify_archive
from policies.backup.taking import Site, take_backup
from provenance.storage.binding import verify_stores
from provenance.storage.secretfile import read_owner_only

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, such as site.tar.")] = Path("chopmark.tar"),
    keys_with: Annotated[
        Path | None,
        typer.Option("--keys-with", metavar="FILE", help="Take the keys along, sealed with the passphrase in FILE."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Check a backup, and take none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write database, files and settings to one file, and read it back; others may go on working.

    Keys are not in it, unless `--keys-with` seals them: back them up apart, for without them nothing is signed or read.
    """
    manifest = _take(out, read_passphrase(keys_with), quiet=as_json) if check is None else verify_archive(check)
    size = manifest["ledger"]["size"]
    if as_json:
        told = {name: value for name, value in manifest.items() if name != "files"}
        print_json({"file": str(check or out), "files": len(manifest["files"]), **told})
        return
    what = "holds" if check is not None else "was read back and holds"
    files = len(manifest["files"])
    print_line(f"{check or out} {what}: {files} files, a ledger of {size} entries, as of {manifest['taken_at']}")
    if check is None and manifest["keys"] == "none":
        print_hint("no keys are in it: back up the folder of keys apart, or take them along with --keys-with FILE")
    if check is None:
        print_hint(f"to restore it: CHOPMARK_HOME=an-empty-folder chopmark restore {quote_file(str(out))}")


def _take(out: Path, passphrase: str, *, quiet: bool) -> dict[str, Any]:
    settings = load_settings()
    verify_site(settings)
    reader = build_reader(settings, is_reading=False)
    try:
        verify_stores(reader.database, reader.blobs)
        files = {name: settings.home / name for name in (SETTINGS_FILE, MEMORY_FILE)}
        site = Site(reader.database, reader.blobs, reader.log.of_tenant(""), files, settings.keys_dir)
        with build_progress(quiet=quiet, counted=False) as bar:
            task = bar.add_task("backing up", total=None)
            return take_backup(site, out, passphrase=passphrase, tell=lambda text: bar.update(task, description=text))
    finally:
        reader.close()


def read_passphrase(path: Path | None) -> str:
    """Return the passphrase in a file that its owner alone can read; "" where there is no file.

    Raises:
        CommandUsageError: there is no such file, or it is empty.
        ConfigurationError: others can read it.
    """
    if path is None:
        return ""
    try:
        text = read_owner_only(path).decode("utf-8", "replace").strip("\r\n")
    except FileNotFoundError as exc:
        raise CommandUsageError(f"expected a file with a passphrase, and {path} is not there") from exc
    if not text:
        raise CommandUsageError(f"expected a passphrase in {path}, which is empty")
    return text
