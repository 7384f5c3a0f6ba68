import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.desk.frame import TEMPLATES
from api.desk.language import LANGUAGES, find_language, find_local_path, load_words

LITERAL = re.compile(r"""\b(?:t|count)\(\s*["']([a-z_.]+)["']\s*[,)]""")
"""A whole key in a template; one that is put together names a section before its dot."""
SECTION = re.compile(r"""\b(?:t|count|name)\(\s*["']([a-z_]+)(?:\.["']\s*~|["']\s*,)""")
NAMES = {"Chopmark", "Problem", "openapi", "json"}
"""Of the product, of a schema and of a file: the same in every language."""
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in Path(TEMPLATES).glob("*.html")}


def keys(language):
    return set(load_words(language)._words)


def test_languages_have_the_same_words_with_the_same_places():
    english, chinese = load_words("en")._words, load_words("zh")._words
    assert english.keys() ^ chinese.keys() == set()
    places = re.compile(r"\{(\w+)\}")
    assert [key for key in english if set(places.findall(english[key])) != set(places.findall(chinese[key]))] == []
    assert [key for language in (english, chinese) for key, word in language.items() if not word.strip()] == []


@pytest.mark.parametrize("template", sorted(TEXTS))
def test_templates_use_known_words_only(template):
    known = keys("en")
    sections = {key.partition(".")[0] for key in known}
    text = TEXTS[template]
    unknown = {key for key in LITERAL.findall(text) if key not in known and f"{key}.one" not in known}
    assert unknown | (set(SECTION.findall(text)) - sections) == set()


def test_templates_say_nothing_but_words():
    """Text between tags that is no word of a language is ours by oversight."""
    left_over = {}
    for name, text in TEXTS.items():
        bare = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<(script|style|code|kbd|pre).*?</\1>|<[^>]*>",
            "\n",
            text,
            flags=re.DOTALL,
        )
        words = set(re.findall(r"[A-Za-z]{3,}", bare)) - NAMES
        if words:
            left_over[name] = words
    assert left_over == {}


@pytest.mark.parametrize("template", sorted(TEXTS))
def test_templates_have_no_inline_script_or_style(template):
    found = re.findall(
        r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|<script(?![^>]* src=)|\|\s*safe\b", TEXTS[template]
    )
    assert found == []


def request(cookie="", accept=""):
    return SimpleNamespace(cookies={"chopmark_language": cookie}, headers={"accept-language": accept})


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("zh", "en", "zh"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "fr;q=1, en;q=0.2, zh;q=0.7", "zh"),
        ("", "fr, de", "en"),
        ("xx", "", "en"),
        ("", "zh;q=x,;;q==,", "en"),
    ],
)
def test_the_language_is_chosen_asked_for_or_english(cookie, accept, language):
    assert find_language(request(cookie, accept)) == language


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "", "/a\r\nb"]
)
def test_nobody_is_led_away(path):
    assert find_local_path(path, "/desk") == "/desk"


def test_numbers_choose_the_form():
    words = load_words("en")
    assert (words.count("time.days", 1), words.count("time.days", 2)) == ("1 day", "2 days")
    assert (words.name("outcome", "hold"), words.name("outcome", "no such")) == ("Held", "no such")
    assert set(LANGUAGES) == {"en", "zh"}
