"""`chopmark restore`: a site out of a backup, where there is none."""

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.backup import read_passphrase
from api.console import CommandUsageError, Json, build_progress, print_hint, print_json, print_line, teaching_errors
from api.home import has_site, make_home
from api.reading import build_reader, open_blobs
from api.settings import Settings, load_settings
from api.wiring import open_site
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.backup.restoring import note_restored, restore_keys, restore_site, unpacked
from provenance.errors import ConfigurationError, InconsistentLedgerError
from provenance.ledger.audit import verify_log
from provenance.storage.binding import adopt_stores
from provenance.storage.database import Database

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    backup: Annotated[Path, typer.Argument(help="As `chopmark backup` wrote it.")],
    keys_with: Annotated[
        Path | None,
        typer.Option("--keys-with", metavar="FILE", help="Open the keys in it with the passphrase in FILE."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", metavar="FOLDER", help="Copy the keys from this folder instead.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the site of a backup in CHOPMARK_HOME, where there is none, and hold all of it against its ledger.

    Settings of the environment win over those in the backup, so that it can be restored to another database or store.
    That the site was restored stands on its ledger. Exits 2 when anything does not hold.
    """
    settings = load_settings()
    if has_site(settings):
        raise ConfigurationError(f"a backup overwrites nothing, and there is a site in {settings.home}")
    if not backup.is_file():
        raise CommandUsageError(f"expected a backup, and {backup} is not there")
    with build_progress(quiet=as_json, counted=False) as bar:
        task = bar.add_task("checking the backup", total=None)
        with unpacked(backup, settings.home.parent) as (manifest, folder):
            _put_keys(settings, manifest, folder, keys_with, keys)
            make_home(settings)
            _bring_settings(settings, folder)
            settings = load_settings(home=settings.home)
            bar.update(task, description="restoring")
            database = Database(settings.resolved_database_url())
            restore_site(manifest, folder, database, open_blobs(settings), settings.home)
            database.close()
        bar.update(task, description="holding everything against the ledger")
        index = _finish(settings, manifest)
    if as_json:
        told = {name: value for name, value in manifest.items() if name != "files"}
        print_json({"home": str(settings.home), "ledger_index": index, **told})
        return
    print_line(f"the site {manifest['site']} is in {settings.home} as it was at {manifest['taken_at']}")
    size = manifest["ledger"]["size"]
    print_line(f"its ledger had {size} entries then; that it was restored is entry {index}")
    print_hint("what was released or decided after that is lost here: tell whoever kept later checkpoints")


def _put_keys(
    settings: Settings, manifest: dict[str, Any], folder: Path, keys_with: Path | None, keys: Path | None
) -> None:
    if keys is not None:
        if not keys.is_dir():
            raise CommandUsageError(f"expected a folder of keys, and {keys} is none")
        shutil.copytree(keys, settings.keys_dir, ignore=shutil.ignore_patterns(".*"))
        return
    if manifest["keys"] == "none":
        raise CommandUsageError("no keys are in this backup: expected --keys FOLDER with those of the site")
    if keys_with is None:
        raise CommandUsageError("the keys in this backup are sealed: expected --keys-with FILE with the passphrase")
    restore_keys(folder, settings.keys_dir, read_passphrase(keys_with))


def _bring_settings(settings: Settings, folder: Path) -> None:
    """Put the settings file in its place before it is read, if there is none."""
    source, target = folder / "home" / "chopmark.toml", settings.home / "chopmark.toml"
    if source.is_file() and not target.exists():
        target.write_bytes(source.read_bytes())


def _finish(settings: Settings, manifest: dict[str, Any]) -> int:
    """Hold what was restored against its ledger, then bind the stores and note it; return the entry's index."""
    reader = build_reader(settings, is_reading=False)
    try:
        log = reader.log.of_tenant("")
        verify_log(log)
        index = note_restored(log, manifest)
        adopt_stores(reader.database, reader.blobs, log)
        log.checkpoint()
    finally:
        reader.close()
    with open_site(settings, may_make=False, finish=False) as site:
        here = site.deployment
        found = [*compare_records(here.database), *compare_blobs(here)]
    if found:
        told = "; ".join(f"{item.subject}: {item.text}" for item in found[:10])
        raise InconsistentLedgerError(f"the site was restored, but {len(found)} things do not hold: {told}")
    return index
