import re
import subprocess
import sys

import pytest
import structlog
from structlog.testing import capture_logs

from provenance.journal import Journal, spell_surprise
from tests.architecture.checkout import ROOT


@pytest.fixture(autouse=True)
def _defaults():
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_an_event_goes_where_structlog_was_told_to_write(level):
    with capture_logs() as seen:
        getattr(Journal("here"), level)("something happened", asset_id="a")
    assert seen == [{"event": "something happened", "asset_id": "a", "log_level": level}]


def run(code):
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_silence_imports_nothing_and_writes_nothing():
    code = "import sys; from provenance.journal import Journal, silence; silence(); Journal('x').error('e'); print('structlog' in sys.modules)"
    assert run(code) == "False\n"


def test_without_silence_an_event_is_written():
    assert "went wrong" in run("from provenance.journal import Journal; Journal('x').error('went wrong')")


def test_who_configures_structlog_after_the_silence_hears_everything():
    code = (
        "from provenance.journal import Journal, silence; silence(); import structlog;"
        "structlog.configure(processors=[structlog.processors.JSONRenderer()]); Journal('x').warning('heard')"
    )
    assert '"event": "heard"' in run(code)


def test_silence_ends_what_was_configured_before():
    code = (
        "import structlog; from provenance.journal import Journal, silence;"
        "structlog.configure(processors=[structlog.processors.JSONRenderer()]); silence(); Journal('x').error('e')"
    )
    assert run(code) == ""


def test_a_surprise_is_told_by_kind_and_place_alone():
    try:
        {}["a secret prompt"]
    except KeyError as exc:
        told = spell_surprise(exc)
    assert re.fullmatch(r"KeyError at test_journal\.py:\d+", told)
    assert spell_surprise(ValueError("never raised")) == "ValueError"
