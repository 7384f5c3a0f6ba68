"""`chopmark keys`: who signs, and which keys are held; never a secret."""

from typing import Annotated

import typer

from api.console import OUT, build_table, plain, print_json, teaching_errors
from api.settings import load_settings
from api.wiring import load_identity
from provenance.ledger.note import load_signer
from provenance.manifests.keys import add_watermark_key, load_watermark_keys

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command("list")
@teaching_errors
def list_keys(as_json: Json = False) -> None:
    """Show the signing identity, the ledger's public key and the names of the watermark keys."""
    settings = load_settings()
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
    table = build_table("key", "what", "note")
    note = "development only: no one else trusts it" if info.is_development else ""
    table.add_row("signing", plain(f"{info.subject}, until {info.not_after}"), plain(note, "yellow"))
    table.add_row("ledger", plain(ledger.vkey), "give this to auditors")
    for number, key_id in enumerate(marks):
        table.add_row("watermark", key_id, "embeds and reads" if number == 0 else "reads")
    OUT.print(table)


@app.command("add-watermark")
@teaching_errors
def add_watermark(as_json: Json = False) -> None:
    """Add a watermark key: new pictures are marked under it, old keys still read."""
    key = add_watermark_key(load_settings().keys_dir)
    if as_json:
        print_json({"watermark": key.key_id})
        return
    OUT.print(plain(f"added watermark key {key.key_id}; it embeds from now on"))
