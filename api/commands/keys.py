"""`chopmark keys`: who signs, and which keys are held; never a secret."""

import typer

from api.console import OUT, Json, build_table, plain, print_json, print_line, teaching_errors
from api.settings import load_settings
from api.wiring import load_identity, open_home
from provenance.ledger.note import load_signer
from provenance.manifests.keys import add_watermark_key, load_watermark_keys

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
@teaching_errors
def list_keys(as_json: Json = False) -> None:
    """Show the signing identity, the ledger's public key and the names of the watermark keys."""
    settings = load_settings()
    open_home(settings).close()
    info = load_identity(settings).describe()
    ledger = load_signer(settings.keys_dir / "ledger.key", settings.ledger_origin or None)
    marks = [key.key_id for key in load_watermark_keys(settings.keys_dir)]
    document = {
        "signing": {
            "subject": info.subject,
            "issuer": info.issuer,
            "not_after": str(info.not_after),
            "certificate_sha256": info.sha256,
            "development": info.is_development,
        },
        "ledger": {"origin": ledger.name, "vkey": ledger.vkey},
        "watermark": marks,
    }
    if as_json:
        print_json(document)
        return
    print_line("signing", "bold")
    print_line(f"  {info.subject}, until {info.not_after:%Y-%m-%d}")
    if info.is_development:
        print_line("  development only: nobody else trusts it", "yellow")
    print_line("ledger, give this to auditors", "bold")
    print_line(f"  {ledger.vkey}")
    table = build_table("watermark key", "does")
    for number, key_id in enumerate(marks):
        table.add_row(plain(key_id), "embeds and reads" if number == 0 else "reads")
    OUT.print(table)


@app.command("add-watermark")
@teaching_errors
def add_watermark(as_json: Json = False) -> None:
    """Add a watermark key: new pictures are marked under it, old keys still read."""
    settings = load_settings()
    open_home(settings).close()
    key = add_watermark_key(settings.keys_dir)
    if as_json:
        print_json({"watermark": key.key_id})
        return
    print_line(f"added watermark key {key.key_id}; it embeds from now on")
