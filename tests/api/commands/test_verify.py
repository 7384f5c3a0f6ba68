import pytest

from tests.hostile import hostile_files
from tests.sites import encode, photograph


@pytest.fixture
def sealed(stock, tmp_path):
    path = tmp_path / "sealed.jpg"
    path.write_bytes(stock.file)
    return path


def test_our_own_file_exits_0_and_names_every_layer(run, stock, sealed):
    done = run("verify", sealed)
    assert done.code == 0
    assert done.out.startswith(f"{sealed} consistent\n")
    assert "This file was released here and has not been changed since" in done.words
    for line in ("signed manifest", "signed by", "hidden mark", "looks", "unsigned label", "our ledger"):
        assert line in done.words


def test_detailed_names_every_layer_and_its_technique(run, stock, sealed):
    done = run("verify", sealed, "--detailed")
    assert done.code == 0
    for layer in (
        "manifest integrity found",
        "watermark found",
        "fingerprint found",
        "implicit label found",
        "ledger found",
    ):
        assert layer in done.words
    for technique in ("c2pa 2.4", "org.chopmark.tile.2", "pdq", "c2sp tlog-proof"):
        assert technique in done.words


def test_json_is_one_document_with_stable_keys(run, stock, sealed):
    (item,) = run("verify", sealed, "--json").document["results"]
    assert list(item) == ["name", "state", "conflict", "summary", "asset_id", "manifest_id", "layers"]
    assert (item["state"], item["conflict"], item["asset_id"]) == ("consistent", False, stock.released_id)
    assert [layer["name"] for layer in item["layers"]] == [
        "manifest_integrity", "manifest_trust", "watermark", "fingerprint", "implicit_label", "ledger",
    ]  # fmt: skip
    assert all(list(layer) == ["name", "technique", "status", "text", "detail"] for layer in item["layers"])


def test_a_stranger_exits_1(run, stock, tmp_path):
    path = tmp_path / "rocket.jpg"
    path.write_bytes(encode(photograph("rocket.jpg")))
    done = run("verify", path)
    assert done.code == 1
    assert "none found" in done.out
    assert "does not tell how the file was made" in done.words


def test_a_tampered_file_exits_3(run, stock, tmp_path):
    from api.commands.demo_edits import tamper

    path = tmp_path / "tampered.jpg"
    path.write_bytes(tamper(stock.file))
    done = run("verify", path, "--json")
    assert done.code == 3
    assert done.document["results"][0]["state"] == "tampered"
    assert done.document["results"][0]["conflict"] is True


def test_a_stripped_file_from_a_pipe_is_recovered(run, stock):
    from api.commands.demo_edits import strip

    done = run("verify", "-", "--json", stdin=strip(stock.file))
    assert done.code == 0
    assert done.document["results"][0]["state"] == "stripped_recovered_by_watermark"
    assert done.document["results"][0]["asset_id"] == stock.released_id


def test_several_files_the_gravest_counts(run, stock, sealed, tmp_path):
    rocket, text = tmp_path / "rocket.jpg", tmp_path / "text.png"
    rocket.write_bytes(encode(photograph("rocket.jpg", 300)))
    text.write_text("no picture")
    assert run("verify", sealed, rocket).code == 1
    done = run("verify", sealed, text, rocket, "--json")
    assert done.code == 2
    assert [item["state"] for item in done.document["results"]] == ["consistent", "error", "none_found"]
    assert done.document["results"][1]["error"]["code"] == "asset.unsupported"
    assert "asset.unsupported" in run("verify", text).out


def test_words_that_verification_never_uses(run, stock, sealed, tmp_path):
    rocket = tmp_path / "rocket.jpg"
    rocket.write_bytes(encode(photograph("rocket.jpg", 300)))
    said = run("verify", sealed, rocket).out.lower()
    assert not {"real", "fake", "authentic"} & set(said.replace(".", " ").split())


def test_hostile_files_end_as_errors_or_answers(run, stock, tmp_path):
    files = [item for item in hostile_files() if len(item.data) < 200_000][::40]
    paths = []
    for number, item in enumerate(files):
        paths.append(tmp_path / f"{number}.bin")
        paths[-1].write_bytes(item.data)
    done = run("verify", *paths, "--json")
    assert done.code in {1, 2, 3}
    assert len(done.document["results"]) == len(files) > 3
    assert all("Traceback" not in str(item) for item in done.document["results"])
