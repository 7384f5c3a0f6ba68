"""What a form brings into the registry of works: one picture with its claim, or a list in CSV with the files it names.

The same planning and the same questions as `chopmark register`. A list names files by what the sender calls them; what
it names besides is nowhere looked for.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from api.form import Form, FormError, FormFile
from provenance.errors import GateError, WorksError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.originals import Original
    from api.registering import Made
    from api.wiring import Site
    from policies.line.deployment import Deployment
    from provenance.works.record import Work

MOST_FILES: Final = 1000
"""Pictures beside one list."""
LIST_BYTES: Final = 2 << 30
"""Of a list with all of its pictures; they lie on disk, never in memory together."""
DEFAULT_BANK: Final = "works"


def register_one(site: "Site", here: "Deployment", form: Form) -> "Made":
    """Register the picture in the field ``file`` as the other fields say: title, owner, bank, id, claim, second_owner.

    Raises:
        FormError: there is no file, or the claim is no JSON object.
        GateError: it cannot be registered.
    """
    from api.originals import Original
    from provenance.works.intake import TITLE_LIMIT
    from provenance.works.naming import build_title

    file = form.file()
    title = form.text("title") or build_title(PurePosixPath(file.name.replace("\\", "/")).stem, TITLE_LIMIT)
    bank = form.text("bank") or DEFAULT_BANK
    original = Original(str(file.path), title, form.text("owner"), bank, form.text("id"), parse_claim(form))
    (made,) = _register(site, here, (original,), form)
    if isinstance(made.work, GateError):
        raise made.work
    return replace(made, path=file.name)


def register_list(site: "Site", here: "Deployment", form: Form) -> "tuple[list[Made], tuple[str, ...]]":
    """Register what the CSV in the field ``list`` names, each row out of the files in the fields ``file``.

    What the list leaves open is as the fields say: owner, bank, second_owner.

    Returns: what became of each row, in order, and what was passed over, for a person.

    Raises:
        CommandUsageError: the list cannot be read as one.
    """
    from api.originals import Original, list_originals

    table = form.file("list")
    path = table.path.with_suffix(".csv")
    if path != table.path:
        table.path.rename(path)
    stated = Original("", "", form.text("owner"), form.text("bank") or DEFAULT_BANK)
    listed = list_originals([str(path)], stated)
    sent = {_spell(file.name): file for file in form.files if file.field == "file"}
    originals = [_find_sent(original, path.parent, sent) for original in listed.originals]
    named = {str(file.path): name for name, file in sent.items()}
    made = [
        replace(one, path=named.get(one.path, one.path.removeprefix(f"{path}:")))
        for one in _register(site, here, originals, form)
    ]
    notes = tuple(note.replace(str(path), table.name) for note in listed.notes)
    unused = len(sent) - len({original.path for original in originals} & named.keys())
    return made, (*notes, *([f"{unused} files were sent that the list does not name"] if unused else []))


def parse_claim(form: Form) -> Mapping[str, Any]:
    """Return the claim of a form: a JSON object, or a text, which becomes one.

    Raises:
        FormError: it begins as JSON and is none.
    """
    text = form.text("claim")
    if not text.startswith("{"):
        return {"text": text} if text else {}
    try:
        claim: dict[str, Any] = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise FormError(
            "expected the claim as a JSON object or as a text, got JSON that ends early or is none"
        ) from exc
    return claim


def build_made(made: "Made") -> dict[str, Any]:
    """Return the JSON form of what became of one original."""
    if isinstance(made.work, GateError):
        return {"name": made.path, "error": {"code": made.work.code, "message": str(made.work)}}
    return {"name": made.path, "is_repeat": made.is_repeat, "work": build_work(made.work)}


def build_work(work: "Work") -> dict[str, Any]:
    """Return the JSON form of a work."""
    return {**asdict(work), "status": work.status.value}


def _register(site: "Site", here: "Deployment", originals: "Iterable[Original]", form: Form) -> "list[Made]":
    from api.registering import Registrar

    is_second = form.text("second_owner").lower() in {"1", "true", "yes", "on"}
    settings = site.settings.model_copy(update={"max_bytes": here.limits.max_bytes})
    return Registrar(replace(site, deployment=here, settings=settings), lambda _: is_second).register(originals)


def _spell(name: str) -> str:
    """Return the name of a file as both a list and a form may write it: with /, and without a leading ./ ."""
    return name.strip().replace("\\", "/").removeprefix("./")


def _find_sent(original: "Original", folder: Path, sent: Mapping[str, FormFile]) -> "Original":
    """Point a row at the file that was sent under its name; a bare name finds a file in a folder, too, if it is one."""
    if original.error is not None:
        return original
    wanted = _spell(original.path.removeprefix(f"{folder}/"))
    same_name = [file for name, file in sent.items() if name.rpartition("/")[2] == wanted.rpartition("/")[2]]
    found = sent.get(wanted) or (same_name[0] if len(same_name) == 1 else None)
    if found is None:
        error = WorksError(f"the list names {wanted[:200]!r}, which was not sent with it")
        return replace(original, path=wanted[:200], error=error)
    return replace(original, path=str(found.path))
