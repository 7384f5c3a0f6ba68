"""What counts as agreement with c2pa-rs, and what the command prints, on files made here."""

import pytest

from bench.conformance import ELSEWHERE, FAULTY, HOLDS, INGREDIENT, NONE, Row, ask_c2pa, judge, main
from tests.outside.forgeries import build_maker, exchange, sign
from tests.outside.test_11_places import sign_apart
from tests.sites import encode, photograph


def store(*failures, recorded=(), now=()):
    return {
        "manifests": {"a": {"ingredients": [{"validation_status": [{"code": code} for code in recorded]}]}},
        "validation_results": {
            "activeManifest": {"failure": [{"code": code} for code in failures]},
            "ingredientDeltas": [{"validationDeltas": {"failure": [{"code": code} for code in now]}}],
        },
    }


@pytest.mark.parametrize(("state", "found", "classes"), [
    ("Valid", store("signingCredential.untrusted"), {HOLDS}), ("Trusted", store(), {HOLDS}), ("Valid", {}, {HOLDS}),
    ("Invalid", store("assertion.dataHash.mismatch"), {FAULTY}),
    ("Valid", store(recorded=["claimSignature.mismatch"]), {INGREDIENT}),
    ("Valid", store(now=["signingCredential.untrusted"]), {HOLDS}),
    ("Invalid", store(now=["claimSignature.mismatch"]), {INGREDIENT, FAULTY}),
])  # fmt: skip
def test_a_verdict_has_its_class(state, found, classes):
    assert judge(state, found)[1] == classes


def test_rows_agree_or_do_not():
    assert Row("x", "none_found", "no manifest", NONE, frozenset({NONE})).agrees
    assert not Row("x", "none_found", "elsewhere", NONE, frozenset({ELSEWHERE})).agrees


def test_the_command_prints_a_row_for_each_file_and_counts(tmp_path, capsys):
    maker = build_maker()
    good = sign(maker)
    files = {
        "good.jpg": good, "changed.jpg": exchange(good, b"Vendor Studio", b"Vendor Studix"), "text.txt": b"words",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="1"/>', "plain.jpg": encode(photograph(side=128)),
        "inner/child.jpg": exchange(sign(maker, parent=good), b"Vendor Studio", b"Vendor Studix"),
        "a name of many words that has to be folded somewhere.jpg": good,
    }  # fmt: skip
    for name, data in files.items():
        path = tmp_path / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    assert main([str(tmp_path / "files")]) == 0
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "7 files: 7 agree, 0 do not" in out
    assert "ingredient_broken" in out
    assert "tampered" in out
    assert ask_c2pa(tmp_path / "files" / "good.jpg") == ("Valid", frozenset({HOLDS}))


def test_a_manifest_beside_its_file_is_read_with_it_by_both(tmp_path, capsys):
    data, kept = sign_apart(encode(photograph(side=128)))
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "a.c2pa").write_bytes(kept)
    assert main([str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "manifest_untrusted" in out
    assert "none_found" in out
    assert "2 files: 2 agree" in out


def test_no_files_are_no_success(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert main([str(tmp_path / "absent")]) == 2
    assert "expected a folder" in capsys.readouterr().err
