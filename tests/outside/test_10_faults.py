"""A manifest that does not hold is said to be what it is: changed, broken, malformed, unsupported or not trusted."""

from datetime import timedelta

import pytest

from tests.outside.asking import ask
from tests.outside.forgeries import (
    CODE_SIGNING,
    build_maker,
    exchange,
    exchange_leaf,
    find_claim,
    rehash,
    resign,
    sign,
)

MAKER = build_maker()
GOOD = sign(MAKER)


def cut_cbor(data):
    start, _ = find_claim(data)
    return data[:start] + b"\xff" + data[start + 1 :]


def bend(part):
    return part[:-40] + b"\xff" * 40


FILES = {
    "unknown hash": (resign(GOOD, MAKER, lambda claim: exchange(claim, b"sha256", b"sha999")), "manifest_unsupported"),
    "unknown hash of the picture": (
        rehash(GOOD, b"c2pa.hash.data", lambda part: exchange(part, b"sha256", b"sha999"), MAKER),
        "manifest_unsupported",
    ),
    "unknown signature": (resign(exchange(GOOD, b"\xa2\x01\x26", b"\xa2\x01\x07"), MAKER), "manifest_unsupported"),
    "unknown version": (exchange(GOOD, b"c2pa.claim.v2", b"c2pa.claim.v9"), "manifest_unsupported"),
    "claim is no CBOR": (cut_cbor(GOOD), "manifest_malformed"),
    "claim lacks a field": (
        resign(GOOD, MAKER, lambda claim: exchange(claim, b"instanceID", b"instanceIX")),
        "manifest_malformed",
    ),
    "assertion is no CBOR": (rehash(GOOD, b"c2pa.actions.v2", bend, MAKER), "manifest_malformed"),
    "assertion is missing": (exchange(GOOD, b"c2pa.actions.v2\0", b"c2pa.actionz.v2\0"), "manifest_broken"),
    "wrong purpose": (exchange_leaf(GOOD, MAKER, purpose=CODE_SIGNING), "signer_invalid"),
    "expired": (exchange_leaf(GOOD, MAKER, ends=timedelta(days=-20)), "signer_expired"),
    "picture changed": (GOOD[:-500] + bytes([GOOD[-500] ^ 1]) + GOOD[-499:], "tampered"),
    "claim changed": (exchange(GOOD, b"Vendor Studio", b"Vendor Studix"), "tampered"),
    "assertion changed": (exchange(GOOD, b"digitalArt", b"humanEdits"), "tampered"),
    "signer unknown": (GOOD, "manifest_untrusted"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for name, (data, _) in FILES.items():
        paths.append(folder / f"{name}.jpg")
        paths[-1].write_bytes(data)
    home = tmp_path_factory.mktemp("site") / "home"
    asked = ask(home, "verify", *paths, "--json")
    person = ask(home, "verify", *paths)
    assert asked.code == person.code == 3
    blocks = person.out.split("\n\n")
    return dict(zip(FILES, asked.results, strict=True)), dict(zip(FILES, blocks, strict=False))


@pytest.mark.parametrize("name", FILES)
def test_each_is_said_to_be_what_it_is(name, told):
    state = FILES[name][1]
    assert told[0][name]["state"] == state
    words = " ".join(told[1][name].split())
    assert ("changed after it was signed" in words) == (state == "tampered")


def test_no_fault_is_without_its_code_and_reason(told):
    for name, (_, state) in FILES.items():
        integrity = next(item for item in told[0][name]["layers"] if item["name"] == "manifest_integrity")
        if state in {"tampered", "manifest_broken", "manifest_malformed", "manifest_unsupported"}:
            assert integrity["status"] == "failed", name
            failures = integrity["detail"]["failures"]
            assert failures, name
            assert all(one["code"] and one["reason"] for one in failures), name
            assert failures[0]["code"] in told[1][name], name


def test_trust_stands_in_its_own_row(told):
    for name in FILES:
        layers = {item["name"]: item for item in told[0][name]["layers"]}
        assert not [code for code in layers["manifest_integrity"]["detail"]["failure_codes"] if "Credential" in code]
    trusts = {
        name: next(item for item in told[0][name]["layers"] if item["name"] == "manifest_trust")["detail"]
        for name in ("wrong purpose", "expired", "signer unknown")
    }
    assert [trusts[name]["trust"] for name in trusts] == ["invalid", "expired", "untrusted"]
    assert {"code": "signingCredential.invalid", "reason": "certificate missing required EKU"} in (
        trusts["wrong purpose"]["failures"]
    )
    assert next(item for item in told[0]["expired"]["layers"])["status"] == "found"
