import pytest

from provenance.manifests.plain import is_plain, is_zeros

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
UUID = "0ac1ae0a-82df-493f-bed6-72e0b4613d40"
PROMPT = "EXAMPLE PROMPT a red boat"


@pytest.mark.parametrize(
    "value",
    [
        {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE, "softwareAgent": "Adobe Firefly"}]},
        {"actions": [{"action": "c2pa.edited", "softwareAgent": {"name": "GPT-4o", "version": "1.0"}}]},
        {"actions": [{"action": "c2pa.filtered", "parameters": {"name": "gradient"}}]},
        {"claim_generator": "make_test_images/0.33.1 c2pa-rs/0.33.1", "dc:title": "image.png"},
        {"claim_generator_info": [{"name": "Google C2PA Core Generator Library", "version": "1.2"}]},
        {
            "url": f"self#jumbf=/c2pa/urn:uuid:{UUID}/c2pa.signature",
            "hash": bytes(32),
            "pad": bytes(8),
            "alg": "sha256",
        },
        {"dc:title": f"{UUID}.jpg", "dc:format": "image/jpeg", "instanceID": f"xmp:iid:{UUID}"},
        {"dc:title": "source-86e148064dd9.jpg", "relationship": "parentOf"},
        {"success": [{"code": "claimSignature.validated", "explanation": "claim signature valid"}]},
        {"exclusions": [{"start": 20, "length": 30}], "name": "jumbf manifest", "allActionsIncluded": True},
        {"entries": {"cawg.ai_training": {"use": "notAllowed"}}},
        {"blocks": [{"scope": {}, "value": "Aaq7zN3u/wc="}], "alg": "com.adobe.trustmark.P"},
        None,
    ],
)
def test_what_machines_write_is_plain(value):
    assert is_plain(value)


@pytest.mark.parametrize(
    "value",
    [
        {"prompt": PROMPT},
        {"dc:title": PROMPT},
        {"dc:title": "Jane Doe.jpg"},
        {"dc:title": "a_red_boat.png"},
        {"description": "x"},
        {"claim_generator": PROMPT},
        {"claim_generator_info": [{"name": PROMPT}]},
        {"claim_generator_info": [{"name": "一只红色的小船"}]},
        {"actions": [{"softwareAgent": PROMPT}]},
        {"actions": [{"action": PROMPT}]},
        {"actions": [{"parameters": {"name": "gaussian blur of Jane"}}]},
        {"actions": [{"parameters": {"prompt": "boat"}}]},
        {"actions": [{PROMPT: 1}]},
        {"hash": PROMPT.encode() * 9},
        {"pad": PROMPT.encode()},
        {"exclusions": [{"start": PROMPT}]},
        {"data": [101, 102]},
        {"explanation": PROMPT},
        {"explanation": "Jane Doe.jpg: ingredient does not have provenance"},
        {"url": f"https://example.org/?token={UUID}"},
        {"informationalURI": "https://example.org"},
        {"instanceID": PROMPT},
        {"digitalSourceType": PROMPT},
        {"name": {"first": "Jane"}},
        PROMPT,
        b"bytes",
        7,
        {1: "x"},
    ],
)
def test_what_people_write_is_not(value):
    assert not is_plain(value)


def test_padding_is_zeros():
    assert is_zeros(bytes(5))
    assert is_zeros(b"")
    assert not is_zeros(b"\0a")
    assert not is_zeros("")
