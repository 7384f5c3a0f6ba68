import pytest

from api.reviewing import build_verdict
from policies.review.job import Reviewer
from policies.review.judgement import decide
from tests.api.desk.test_queue import fresh


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_it_lists_who_decided_what_and_why(desk, audit, desk_server, language, width, dark):
    asset_id = fresh(desk_server, "listed.jpg", (90, 3, width % 255))
    here = desk_server.app.state.service.site.deployment
    decide(here, asset_id, Reviewer("p", "Ursula"), build_verdict("block", "human review", "<b>no use</b>"))
    page = desk("/desk/decisions?by=Ursula", language=language, width=width, dark=dark)
    assert page.locator("tbody tr").first.inner_text().count("<b>no use</b>") == 1
    assert page.locator(f"a[href='/desk/jobs/{asset_id}']").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []
    nobody = desk("/desk/decisions?by=nobody", language=language)
    assert nobody.locator("tbody").count() == 0
