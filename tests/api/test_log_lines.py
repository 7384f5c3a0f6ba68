import json

import structlog

from api.log_lines import writing_log
from api.observing import naming
from provenance.journal import Journal


def write(kind, capsys):
    structlog.reset_defaults()
    with writing_log(kind), naming("r1"):
        Journal("test").info("request", route="/v1/releases", error="Authorization: Bearer abc.def")
    assert not structlog.is_configured()
    return capsys.readouterr().err


def test_a_line_is_json_with_the_requests_id_and_without_secrets(capsys):
    line = json.loads(write("json", capsys))
    assert (line["event"], line["level"], line["request_id"], line["route"]) == (
        "request",
        "info",
        "r1",
        "/v1/releases",
    )
    assert "abc.def" not in json.dumps(line)
    assert line["timestamp"].endswith("Z")


def test_or_text_for_people(capsys):
    line = write("text", capsys)
    assert "request_id=r1" in line
    assert "abc.def" not in line
    assert "\x1b" not in line


def test_who_has_said_how_before_is_left_alone():
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    with writing_log("text"):
        assert len(structlog.get_config()["processors"]) == 1
    assert structlog.is_configured()
    structlog.reset_defaults()
