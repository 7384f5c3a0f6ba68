"""What every page stands in: templates that escape whatever they are given, words, and who is signed in.

    return render(request, "queue.html", actor=actor, page="queue", items=items)

A template has, besides what `render` is given: `t(key, ...)`, `count(key, n)` and `name(section, value)` for words,
`ago(time)`, `span(seconds)`, `static(name)`, `actor`, `may(permission)`, `page`, `language`, `here` (its own URL) and
the filters `clean`, `size` and `number` of `api.desk.spelling`; `parts.html` has the pieces that pages share. What is
on record in English is told by `say_reason`, `say_about`, `say_clause`, `say_limit`, `say_pack` and `say_finding`.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from api.access.identity import Permission
from api.desk import spelling
from api.desk.language import LANGUAGES, find_language, load_words
from api.desk.navigation import find_paths, list_tabs
from api.desk.retelling import Retelling
from api.desk.static import find_url

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import HTMLResponse
    from jinja2 import Environment

    from api.access.identity import Actor
    from provenance.errors import GateError

TEMPLATES: Final = Path(__file__).parent / "templates"
SAID: Final = "said"
"""Query parameter that names what was just done: a word of the page `said`."""


@cache
def load_environment() -> "Environment":
    """Return the templates; what they do not know is an error, not an empty place."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {"clean": spelling.clean, "size": spelling.spell_size, "number": spelling.spell_number}
    environment.globals |= {"static": find_url, "zip": zip}
    return environment


def render(
    request: "Request",
    template: str,
    *,
    actor: "Actor | None" = None,
    page: str = "",
    status: int = 200,
    **values: Any,  # noqa: ANN401 - whatever the template shows
) -> "HTMLResponse":
    """Return a page, never kept by anybody.

    Args:
        request: what is answered.
        template: a file of `templates/`.
        actor: who is signed in, if anybody.
        page: name of the tab that it belongs to.
        status: of the answer.
        values: what the template shows.
    """
    from fastapi.responses import HTMLResponse

    text = load_environment().get_template(template).render(build_frame(request, actor, page), **values)
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language, HX-Request"}
    return HTMLResponse(text, status_code=status, headers=headers)


def tell(request: "Request", error: "GateError") -> str:
    """Return what went wrong in the language of who asks."""
    return Retelling(load_words(find_language(request))).tell_error(error.code, str(error))


def build_frame(request: "Request", actor: "Actor | None", page: str) -> dict[str, Any]:
    """Build what every template has."""
    words = load_words(find_language(request))
    retelling = Retelling(words)
    said = f"said.{request.query_params.get(SAID, '')}"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return {
        "t": words.tell,
        "count": words.count,
        "name": words.name,
        "say_reason": retelling.tell_reason,
        "say_about": retelling.tell_about,
        "say_clause": retelling.tell_clause,
        "say_limit": retelling.tell_limit,
        "say_pack": retelling.tell_pack,
        "say_finding": retelling.tell_finding,
        "language": words.language,
        "tag": words.tag,
        "languages": LANGUAGES,
        "ago": lambda moment: spelling.spell_ago(words, moment),
        "span": lambda seconds: spelling.spell_span(words, seconds),
        "request": request,
        "here": here,
        "page": page,
        "actor": actor,
        "may": lambda permission: actor is not None and actor.may(Permission(permission)),
        "tabs": tuple(list_tabs(request, actor)),
        "paths": find_paths(request),
        "said": said if said in words else "",
        "csrf_token": getattr(request.state, "csrf_token", ""),
    }
