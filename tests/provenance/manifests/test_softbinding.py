import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import VerificationError
from provenance.manifests.softbinding import (
    SoftBinding,
    build_alg,
    build_assertion,
    decode_value,
    encode_value,
    parse_assertion,
)


@given(value=st.binary(min_size=1, max_size=64))
def test_values_survive(value):
    binding = SoftBinding("org.chopmark.pdq.1", value)
    assert decode_value(binding.alg, encode_value(binding.alg, value)) == value
    assert parse_assertion(build_assertion(binding)["data"]) == (binding,)


def test_known_answers():
    assert encode_value("org.chopmark.mark.1", bytes.fromhex("0102030405060708")) == "AQIDBAUGBwg="
    assert decode_value("org.chopmark.mark.1", "b64'AQIDBAUGBwg='") == bytes.fromhex("0102030405060708")


@pytest.mark.parametrize("alg", ["com.adobe.trustmark.Q", "io.iscc.v0"])
def test_schemes_with_text_values_keep_their_text(alg):
    assert encode_value(alg, b"2*0101") == "2*0101"
    assert decode_value(alg, "2*0101") == b"2*0101"


def test_plugin_names_get_our_namespace_and_full_names_stay():
    assert build_alg("pdq") == "org.chopmark.pdq.1"
    assert build_alg("com.adobe.trustmark.Q") == "com.adobe.trustmark.Q"


@pytest.mark.parametrize("text", ["###", "A", "A" * 5000, "é"])
def test_values_that_are_not_base64_are_refused(text):
    with pytest.raises(VerificationError):
        decode_value("org.chopmark.mark.1", text)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"alg": 3, "blocks": []},
        {"alg": "a.b", "blocks": "no"},
        {"alg": "a.b", "blocks": [1, {}, {"value": 5}, {"value": "###"}, {"value": ""}]},
    ],
)
def test_assertions_that_say_nothing_readable_bind_nothing(data):
    assert parse_assertion(data) == ()
