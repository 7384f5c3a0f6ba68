import pytest
from pydantic import ValidationError

from api.schemas.verification import Address


@pytest.mark.parametrize("values", [{}, {"url": ""}, {"url": "x" * 5000}, {"url": "http://x/", "more": 1}])
def test_an_address_is_one_text_and_nothing_else(values):
    with pytest.raises(ValidationError):
        Address.model_validate(values)
