"""What single services share: refusals in our words, names of jobs that lead nowhere else, settings that stay secret."""

import pytest

from generation.gateways.ark import Ark
from generation.gateways.base import ProviderError, State
from generation.gateways.shared import count, read_inline, read_outputs, read_refusal, read_setting
from provenance.errors import ConfigurationError


@pytest.mark.parametrize(
    ("code", "categories", "about"),
    [
        ("OutputVideoSensitiveContentDetected.PrivacyInformation", ("real_person",), "output"),
        ("InputTextRiskDetection", (), "prompt"),
        ("InputImageSensitiveContentDetected", (), "source"),
        ("sexual/minors", ("minors", "sexual"), ""),
        ("CreationPolicyViolation", ("copyright",), "output"),
        ("1301", (), ""),
    ],
)
def test_a_refusal_is_told_in_our_categories(code, categories, about):
    told = read_refusal(code)
    assert (told.categories, told.about) == (categories, about)


@pytest.mark.parametrize("job", ["", "../keys", "a/../b", "a?b=c", "a b", "a//b", "/a", "a\nb", "é", "x" * 600])
def test_a_job_whose_name_leads_elsewhere_is_refused(job):
    gateway = Ark({"api_key": "k"})
    with pytest.raises(ProviderError, match="no name"):
        gateway.stand(job, "queued")
    assert gateway.stand("projects/p/ops/1", "queued").state is State.QUEUED


def test_a_state_nobody_knows_is_no_state():
    with pytest.raises(ProviderError, match="no state we know"):
        Ark({"api_key": "k"}).stand("1", "\x1b[31mdone")


@pytest.mark.parametrize("value", [None, "", 5, "a\nb", "ключ"])
def test_a_setting_has_to_be_there_and_fit_a_header(value):
    with pytest.raises(ConfigurationError) as caught:
        read_setting({"api_key": value}, "api_key")
    assert "ключ" not in str(caught.value)


def test_strangers_lists_and_numbers_are_read_with_care():
    assert read_outputs([{"url": "u"}, {"url": 5}, "x", None], "url")[0].url == "u"
    assert len(read_outputs([{"url": "u"}, {"url": 5}, "x", None], "url")) == 1
    assert read_outputs({"url": "u"}, "url") == ()
    odd = {"inf": float("inf"), "nan": float("nan"), "huge": 10**400, "a\x00b": 1}
    assert count({"tokens": 5, "no": "x", "yes": True, **odd}) == {"tokens": 5.0, r"a\x00b": 1.0}
    assert read_inline(None) is None
    with pytest.raises(ProviderError, match="base64"):
        read_inline("%%%")
