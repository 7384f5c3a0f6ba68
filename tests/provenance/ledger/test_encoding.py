"""One text for one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import VerificationError
from provenance.ledger.encoding import build_base64, parse_base64


@given(st.binary(max_size=70))
def test_round_trip(data):
    assert parse_base64(build_base64(data), "it", "code") == data


@pytest.mark.parametrize("text", ["AB==", "AAA", "A A=", "AAAA\n", "AA=A", "__--", "AAB=", "é", "=", "AAAA="])
def test_other_texts_are_refused(text):
    with pytest.raises(VerificationError, match="it is not base64") as caught:
        parse_base64(text, "it", "code")
    assert caught.value.codes == ("code",)
