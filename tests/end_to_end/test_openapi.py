"""The OpenAPI document against the application that serves it: what it allows is answered as it says, never by a 500.

Schemathesis makes requests out of the document, right and wrong ones, for every operation; a few each, so that the suite
stays quick: `EXAMPLES=100 pytest tests/end_to_end/test_openapi.py` asks for more.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app
from tests.api.conftest import _opened  # noqa: F401 - a site to copy
from tests.api.doors import Doorkeeper, as_
from tests.api.served import serving
from tests.sites import DETECTORS, LIGHT_PACKS, PLAIN

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

SCHEMA = schemathesis.openapi.from_dict(create_app().openapi())
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def server(_opened):  # noqa: F811 - the fixture
    light = {
        "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
        "CHOPMARK_PACKS": "light",
        "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
    }
    values = {**PLAIN, **light, "CHOPMARK_HOME": str(_opened), "CHOPMARK_HTTP__VISITS_PER_MINUTE": "0"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        with serving() as server:
            server.app.state.doorkeeper = Doorkeeper()
            yield server


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_answers_as_it_is_described(server, label):
    operation = OPERATIONS[label]

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy())
    def ask(case):
        answer = case.call(base_url=server.url, headers=as_("admin"))
        case.validate_response(answer, checks=CHECKS)

    ask()
