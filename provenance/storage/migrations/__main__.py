"""Write revisions: ``python -m provenance.storage.migrations new "what changes"``, or ``... initial``; or go back.

`new` compares the tables that the code declares with what the revisions make and writes the difference as the next
revision. `initial` writes the first revision anew, which is right only while no release has been made. ``back REVISION
URL`` takes a database to an older revision, for the version that made that one; what only newer tables hold is dropped.
"""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from provenance.storage.columns import complete_indexes
from provenance.storage.database import Database

FOLDER: Final = Path(__file__).parent
INITIAL: Final = "0001"
USAGE: Final = 'usage: python -m provenance.storage.migrations new "what changes" | initial | back REVISION URL'


def build_config() -> Config:
    """Build the configuration that finds this folder."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def write_revision(message: str, *, initial: bool = False) -> Path:
    """Write the revision that takes an up-to-date database, or an empty one if `initial`, to the declared tables."""
    complete_indexes()
    config = build_config()
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/scratch.db")
        if not initial:
            database.migrate()
        with database.write() as connection:
            config.attributes["connection"] = connection
            path = _write_initial(config) if initial else _write_next(config, message)
        database.close()
    for arguments in (("check", "--quiet", "--fix", "--select", "I,F401"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, str(path)], check=True)  # noqa: S603 - a developer's own tool
    return path


def go_back(revision: str, url: str) -> None:
    """Take a database to an older revision, in one transaction."""
    config = build_config()
    with closing(Database(url)) as database, database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def _write_next(config: Config, message: str) -> Path:
    number = f"{max(int(script.revision) for script in ScriptDirectory.from_config(config).walk_revisions()) + 1:04}"
    return _autogenerate(config, message, number)


def _write_initial(config: Config) -> Path:
    """Autogenerate as if there were no revisions, in a copy of this folder that has none, then move the result here."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("env.py", "script.py.mako"):
            (copy / name).write_text((FOLDER / name).read_text())
        (copy / "versions").mkdir()
        config.set_main_option("script_location", folder)
        written = _autogenerate(config, "create every table", INITIAL)
        target = FOLDER / "versions" / written.name
        target.write_text(written.read_text())
    return target


def _autogenerate(config: Config, message: str, number: str) -> Path:
    script = command.revision(config, message, autogenerate=True, rev_id=number)
    assert isinstance(script, Script)
    return Path(script.path)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["initial"]:
            sys.stdout.write(f"{write_revision('', initial=True)}\n")
        case ["new", message]:
            sys.stdout.write(f"{write_revision(message)}\n")
        case ["back", revision, url]:
            go_back(revision, url)
        case _:
            sys.exit(USAGE)
