import pytest
from jinja2 import UndefinedError

from api.desk.frame import load_environment
from tests.api.desk.stock import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_given_is_escaped(text):
    shown = load_environment().from_string("<p>{{ text|clean }}</p>").render(text=text)
    assert "<script" not in shown
    assert not {"\x07", "\x1b", "\u202e"} & set(shown)
    assert '"' not in shown.replace("&#34;", "")


def test_what_a_template_does_not_know_is_an_error():
    with pytest.raises(UndefinedError):
        load_environment().from_string("{{ unknown }}").render()


def test_the_frame_works_by_keyboard_and_narrow(desk, audit):
    page = desk(width=360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    menu = page.get_by_role("button", name="Menu")
    assert not page.get_by_role("link", name="Overview").is_visible()
    menu.click()
    assert page.get_by_role("link", name="Overview").is_visible()
    assert menu.get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert audit(page) == []


def test_the_language_can_be_switched(desk):
    page = desk()
    page.get_by_role("link", name="中文").click()
    assert page.get_by_role("heading", level=1).inner_text() == "概览"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.get_by_role("link", name="English").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Overview"
