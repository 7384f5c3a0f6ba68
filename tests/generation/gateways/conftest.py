import pytest

from tests.generation.gateways.provider import serve


@pytest.fixture
def provider():
    with serve() as serving:
        yield serving
