"""In which language a page speaks: what the visitor chose, else the first that their browser asks for, else English.

Words lie in `words/LANGUAGE/PAGE.toml`; the key of a word is its page and its name, such as `queue.title`. Both
languages have the same keys, and templates use no other: tests hold that.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

WORDS: Final = Path(__file__).parent / "words"
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "zh": "中文"}
"""Language to its own name."""
TAGS: Final[Mapping[str, str]] = {"en": "en", "zh": "zh-Hans"}
"""Language to what `lang` of a page says."""
COOKIE: Final = "chopmark_language"
_YEAR_S: Final = 365 * 86_400


class Words:
    """The words of one language."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self.tag = TAGS[language]
        self._words = words

    def __contains__(self, key: object) -> bool:
        return key in self._words

    def tell(self, key: str, **values: object) -> str:
        """Return a word, its `{places}` filled; `t` in templates.

        Raises:
            KeyError: there is no such word.
        """
        return self._words[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return `key.one` or `key.other`, as the number asks; `{n}` is the number."""
        form = "one" if number == 1 else "other"
        return self.tell(f"{key}.{form}", n=f"{number:,}", **values)

    def section(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return (key, word) of a section, as they stand."""
        lead = f"{name}."
        return tuple((key.removeprefix(lead), word) for key, word in self._words.items() if key.startswith(lead))

    def name(self, section: str, value: str) -> str:
        """Return what a value of ours is called, `section.value`; a value without a word stands as it is."""
        return self._words.get(f"{section}.{value}", value)


@cache
def load_words(language: str) -> Words:
    """Return the words of a language of `LANGUAGES`."""
    words: dict[str, str] = {}
    for path in sorted((WORDS / language).glob("*.toml")):
        words |= _flatten(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
    return Words(language, words)


def _flatten(lead: str, table: Mapping[str, object]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        key = f"{lead}.{name}"
        flat |= _flatten(key, value) if isinstance(value, Mapping) else {key: str(value)}
    return flat


def find_language(request: "HTTPConnection") -> str:
    """Return the language of a request: the cookie's, else the browser's first that we speak, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    asked = []
    for position, part in enumerate(request.headers.get("accept-language", "").split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            asked.append((-float(quality or 1), position, tag.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(asked) if tag in LANGUAGES), "en")


def find_local_path(path: str, otherwise: str) -> str:
    """Return `path` where it leads to a page of this service, else `otherwise`: nobody is sent away by a link."""
    parts = urlsplit(path)
    is_local = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_local and path.isprintable() and "\\" not in path else otherwise


def build_router() -> APIRouter:
    """Build the switch."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/language/{language}", choose_language, methods=["GET"], response_class=Response)
    return router


def choose_language(request: Request, language: str, to: str = "/") -> Response:
    """Remember a language and lead back."""
    from fastapi.responses import RedirectResponse

    answer = RedirectResponse(find_local_path(to, "/"), status_code=303)
    if language in LANGUAGES:
        is_secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, language, max_age=_YEAR_S, httponly=True, samesite="lax", secure=is_secure)
    return answer
