"""Signed notes: known answers, keys on disk, and notes that must be refused."""

import stat
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import ConfigurationError, MissingKeyError, VerificationError
from provenance.ledger.encoding import build_base64
from provenance.ledger.note import build_signer, load_signer, parse_vkey, sign_note, verify_note
from provenance.storage.secretfile import SecretDirectory

# The example key pair and note of the reference implementation, golang.org/x/mod/sumdb/note.
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = (
    GO_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_reference_note_verifies_and_is_made_byte_for_byte(tmp_path):
    verifier = parse_vkey(GO_VKEY)
    assert verifier.vkey == GO_VKEY
    note = verify_note(GO_NOTE, verifier)
    assert (note.text, note.signers) == (GO_TEXT, ("PeterNeumann",))
    path = tmp_path / "key"
    path.write_text(GO_PRIVATE + "\n")
    path.chmod(0o600)
    signer = load_signer(path)
    assert signer.vkey == GO_VKEY
    assert sign_note(GO_TEXT, signer) == GO_NOTE


def test_signatures_of_unknown_keys_are_passed_over():
    known, witness = (build_signer(name, Ed25519PrivateKey.generate()) for name in ("example.com/log", "witness"))
    namesake = build_signer("example.com/log", Ed25519PrivateKey.generate())
    lines = [sign_note("text\n", signer).split("\n\n")[1] for signer in (witness, namesake, known)]
    note = "text\n\n" + "".join(lines) + "— other.example " + build_base64(b"1234\x06" + b"x" * 3000) + "\n"
    assert verify_note(note, known.verifier).signers == ("example.com/log",)
    assert verify_note(note, known.verifier, witness.verifier).signers == ("witness", "example.com/log")
    with pytest.raises(VerificationError, match="not signed by") as caught:
        verify_note("text\n\n" + lines[0], known.verifier)
    assert caught.value.codes == ("note.unsigned",)


def test_one_bad_signature_of_a_known_key_spoils_the_note():
    signer = build_signer("example.com/log", Ed25519PrivateKey.generate())
    good = sign_note("text\n", signer)
    bad = sign_note("other\n", signer).split("\n\n")[1]
    for note in (good + bad, good.replace("text", "test"), "text\n\n" + bad):
        with pytest.raises(VerificationError) as caught:
            verify_note(note, signer.verifier)
        assert caught.value.codes == ("note.signature",)


def test_sixteen_signatures_are_taken():
    signers = [build_signer(f"w{number}", Ed25519PrivateKey.generate()) for number in range(16)]
    note = "a\n\nb\n\n" + "".join(sign_note("a\n\nb\n", signer).rpartition("\n\n")[2] for signer in signers)
    assert len(verify_note(note, *(signer.verifier for signer in signers)).signers) == 16


SIGNATURE = "— example.com/log " + build_base64(b"k" * 68) + "\n"


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n" + SIGNATURE,
        "text\n\n" + SIGNATURE[:-1],
        "te\txt\n\n" + SIGNATURE,
        "text\r\n\r\n" + SIGNATURE,
        "text\n\n" + SIGNATURE + "no signature\n",
        "text\n\n- example.com/log AAAAAAAAAA==\n",
        "text\n\n— example.com/log\n",
        "text\n\n— example.com/log AAAA\n",
        "text\n\n— exa+mple AAAAAAAAAA==\n",
        "text\n\n— example.com/log not base64!\n",
        "text\n\n" + SIGNATURE * 101,
        "x" * 300_000 + "\n\n" + SIGNATURE,
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(VerificationError) as caught:
        verify_note(note, parse_vkey(GO_VKEY))
    assert caught.value.codes[0].startswith("note")


@given(st.text(max_size=300))
def test_any_text_is_refused_with_a_typed_error(text):
    with pytest.raises(VerificationError):
        verify_note(text, parse_vkey(GO_VKEY))
    with pytest.raises(VerificationError):
        parse_vkey(text)


@pytest.mark.parametrize(
    "vkey",
    [
        GO_VKEY.replace("c74f", "c74e"),
        GO_VKEY.replace("PeterNeumann", "PeterNewman"),
        GO_VKEY.replace("+ARpc", "+BBpc"),
        GO_VKEY[:-4],
        GO_VKEY.replace("PeterNeumann", "Peter Neumann"),
        "+c74f20a3+ARpc",
        "name",
    ],
)
def test_damaged_verifier_keys_are_refused(vkey):
    with pytest.raises(VerificationError):
        parse_vkey(vkey)


@pytest.mark.parametrize("text", ["", "no end", "tab\t\n", "nul\x00\n"])
def test_what_cannot_be_a_note_is_not_signed(text):
    with pytest.raises(VerificationError, match="ends with a newline"):
        sign_note(text, build_signer("a", Ed25519PrivateKey.generate()))


def test_a_key_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "new" / "ledger.key"
    first = load_signer(path)
    assert first.name.startswith("chopmark.local/ledger/")
    assert load_signer(path).vkey == first.vkey
    assert load_signer(path, origin=first.name).vkey == first.vkey
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert SecretDirectory(path.parent).names() == ("ledger.key",)
    assert "sign=" not in repr(first)
    with pytest.raises(ConfigurationError, match=r"the settings say example\.com"):
        load_signer(path, origin="example.com")


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    program = "import sys, pathlib; from provenance.ledger.note import load_signer as l; print(l(pathlib.Path(sys.argv[1])).vkey)"
    command = [sys.executable, "-c", program, str(tmp_path / "keys" / "k")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1
    assert [process.returncode for process in running] == [0] * 4


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "a\u00a0b", "a\x00"])
def test_names_that_break_the_format_are_refused(tmp_path, name):
    with pytest.raises(ConfigurationError):
        build_signer(name, Ed25519PrivateKey.generate())
    if name:
        with pytest.raises(ConfigurationError):
            load_signer(tmp_path / "key", origin=name)
        assert SecretDirectory(tmp_path).names() == ()


@pytest.mark.parametrize(
    "content",
    ["", "x", GO_VKEY, GO_PRIVATE.replace("c74f", "c74e"), GO_PRIVATE[:-4], GO_PRIVATE.removeprefix("PRIVATE+")],
)
def test_damaged_key_files_are_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="no ledger key"):
        load_signer(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="no ledger key"):
        load_signer(path)


def test_a_key_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "ledger.key"
    load_signer(path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="mode 0644, expected 0600"):
        load_signer(path)


def test_a_key_is_not_made_where_none_may_be(tmp_path):
    with pytest.raises(MissingKeyError, match=r"ledger\.key is missing"):
        load_signer(tmp_path / "keys" / "ledger.key", may_make=False)
    assert not list(tmp_path.iterdir())
