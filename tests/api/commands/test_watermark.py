"""Marks without the gate: laid, read, located; keys from files; whatever is wrong ends as a typed error."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from api.commands.watermark import measure_psnr_db
from tests.hostile import hostile_files
from tests.sites import encode, photograph

PAYLOAD = "01000000000000a7"


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "mine.key"
    path.write_bytes(bytes(range(32)))
    return path


@pytest.fixture
def marked(run, tmp_path, coffee, key):
    """A photograph that was marked under a key of its own."""
    done = run("watermark", "embed", coffee, "-o", tmp_path / "marked", "--key", key, "--payload", PAYLOAD)
    assert done.code == 0, done.out + done.err
    return tmp_path / "marked" / "coffee.jpg"


def size_of(path):
    with Image.open(path) as opened:
        return opened.size


def test_a_mark_is_laid_and_read_under_a_key_from_a_file(run, marked, coffee, key):
    assert size_of(marked) == size_of(coffee)
    done = run("watermark", "extract", marked, "--key", key)
    assert done.code == 0
    assert f"{PAYLOAD} mine tile" in done.words
    (item,) = run("watermark", "extract", marked, "--key", key, "--json").document["results"]
    assert (item["state"], item["payload"], item["key_id"], item["scheme"]) == ("found", PAYLOAD, "mine", "tile2")
    assert item["score"] > 10
    assert 0 < item["false_positive_bound"] < 1e-8


def test_what_was_laid_is_told(run, tmp_path, coffee, key):
    arguments = ("watermark", "embed", coffee, "-o", tmp_path / "out", "--key", key, "--payload", PAYLOAD.upper())
    shown = run(*arguments)
    assert f"{PAYLOAD} 4" in shown.words
    assert "dB mine" in shown.words
    (item,) = run(*arguments, "--json", "--force").document["results"]
    assert item["state"] == "marked"
    assert item["output"] == str(tmp_path / "out" / "coffee.jpg")
    assert item["payload"] == PAYLOAD
    assert item["psnr_db"] >= 42
    assert (item["key_id"], item["scheme"], item["alg"]) == ("mine", "tile2", "org.chopmark.tile.2")


def test_without_a_payload_each_file_gets_an_id_of_its_own_under_the_sites_key(run, home, tmp_path, coffee):
    other = tmp_path / "sub" / "coffee.png"
    other.parent.mkdir()
    other.write_bytes(encode(photograph("chelsea.png"), "PNG"))
    done = run("watermark", "embed", coffee, other, coffee, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    first, second = done.document["results"]
    assert first["payload"].startswith("01")
    assert second["payload"].startswith("01")
    assert first["payload"] != second["payload"]
    assert (first["output"], second["output"]) == (
        str(tmp_path / "out" / "coffee.jpg"), str(tmp_path / "out" / "coffee.png"),
    )  # fmt: skip
    (key_id,) = run("keys", "list", "--json").document["watermark"]
    read = run("watermark", "extract", first["output"], second["output"], "--json").document["results"]
    assert [(item["payload"], item["key_id"]) for item in read] == [
        (first["payload"], key_id), (second["payload"], key_id),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "suffix", "ships_as"), [
    ("PNG", ".png", ".png"), ("WEBP", ".webp", ".webp"), ("GIF", ".gif", ".png"), ("TIFF", ".tif", ".tif"),
])  # fmt: skip
def test_the_copy_has_the_files_own_format(run, tmp_path, key, kind, suffix, ships_as):
    path = tmp_path / f"photograph{suffix}"
    path.write_bytes(encode(photograph(side=300), kind))
    (item,) = run("watermark", "embed", path, "-o", tmp_path / "out", "--key", key, "--json").document["results"]
    assert item["output"].endswith(f"photograph{ships_as}")
    assert run("watermark", "extract", item["output"], "--key", key).code == 0


def test_transparency_stays(run, tmp_path, key):
    picture = photograph(side=300)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    path = tmp_path / "glass.png"
    path.write_bytes(encode(picture, "PNG"))
    assert run("watermark", "embed", path, "-o", tmp_path / "out", "--key", key).code == 0
    with Image.open(tmp_path / "out" / "glass.png") as opened:
        assert np.array_equal(np.asarray(opened)[..., 3], np.asarray(picture)[..., 3])


def test_a_picture_from_a_pipe(run, tmp_path, coffee, key, marked):
    data = coffee.read_bytes()
    assert run("watermark", "embed", "-", "-o", tmp_path / "piped", "--key", key, stdin=data).code == 0
    assert [path.suffix for path in (tmp_path / "piped").glob("picture-*")] == [".jpg"]
    assert run("watermark", "extract", "-", "--key", key, stdin=marked.read_bytes()).code == 0


def test_nothing_found_exits_1(run, tmp_path, coffee, key, marked):
    done = run("watermark", "extract", coffee, "--key", key)
    assert done.code == 1
    assert "none found" in done.words
    assert run("watermark", "extract", coffee, "--key", key, "--json").document["results"] == [
        {"name": str(coffee), "state": "none_found"}
    ]
    assert run("watermark", "inspect", coffee, "--key", key).code == 1
    assert run("watermark", "extract", coffee, marked, "--key", key).code == 1
    other = tmp_path / "other.key"
    other.write_text("ab" * 32 + "\n")
    assert run("watermark", "extract", marked, "--key", other).code == 1


def test_a_key_as_hexadecimal_digits_is_the_same_key(run, tmp_path, marked):
    path = tmp_path / "hex.key"
    path.write_text(bytes(range(32)).hex() + "\n")
    assert run("watermark", "extract", marked, "--key", path, "--json").document["results"][0]["payload"] == PAYLOAD


@pytest.mark.parametrize(("edit", "search", "turn_deg", "scale", "mirrored"), [
    (lambda picture: picture, "straight", 0, 1, False),
    (lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "straight", 0, 1, True),
    (lambda picture: picture.rotate(-9, Image.Resampling.BICUBIC), "turned", 9, 1, False),
    (lambda picture: picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), "turned", 0, 0.75, False),
], ids=["untouched", "mirrored", "turned", "smaller"])  # fmt: skip
def test_inspection_tells_where_the_mark_lies(run, tmp_path, marked, key, edit, search, turn_deg, scale, mirrored):
    with Image.open(marked) as opened:
        path = tmp_path / "edited.png"
        edit(opened.convert("RGB")).save(path)
    done = run("watermark", "inspect", path, "--key", key, "--json")
    assert done.code == 0
    (item,) = done.document["results"]
    assert (item["payload"], item["key_id"], item["search"]) == (PAYLOAD, "mine", search)
    assert item["pose"]["turn_deg"] == pytest.approx(turn_deg, abs=0.3)
    assert item["pose"]["scale"] == pytest.approx(scale, rel=0.01)
    assert item["pose"]["stretch"] == pytest.approx(1, abs=0.01)
    assert item["pose"]["is_mirrored"] is mirrored
    assert np.array(item["geometry"]).shape == (2, 2)
    assert item["score"] > 8
    assert item["sync"] > 5
    assert item["corrected_bits"] >= 0
    shown = run("watermark", "inspect", path, "--key", key)
    assert f"scale {item['pose']['scale']:.3f}{', mirrored' if mirrored else ''}" in shown.words


def test_another_scheme_embeds_reads_and_says_that_it_does_not_locate(run, tmp_path, coffee, key):
    chosen = ("--key", key, "--scheme", "dwt_dct_svd")
    (item,) = run("watermark", "embed", coffee, "-o", tmp_path / "old", *chosen, "--json").document["results"]
    assert item["scheme"] == "dwt_dct_svd"
    (read,) = run("watermark", "extract", item["output"], "--key", key, "--json").document["results"]
    assert (read["payload"], read["scheme"], read["score"]) == (item["payload"], "dwt_dct_svd", None)
    done = run("watermark", "inspect", item["output"], *chosen)
    assert done.code == 2
    assert "scheme 'dwt_dct_svd' does not tell where its mark lies" in done.err


# what is wrong


@pytest.mark.parametrize(
    "payload", ["1", "01000000000000a", "01000000000000a77", "zz000000000000a7", "0x000000000000a7", "١" * 16]
)
def test_a_payload_that_is_none_is_refused(run, tmp_path, coffee, key, payload):
    done = run("watermark", "embed", coffee, "-o", tmp_path / "out", "--key", key, "--payload", payload)
    assert done.code == 2
    assert "16 hexadecimal digits" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("secret", [b"", b"short", bytes(31), bytes(33), b"g" * 64, b"ab" * 31, b"\xff" * 64])
def test_a_key_of_another_size_is_refused_and_not_shown(run, tmp_path, coffee, secret):
    path = tmp_path / "bad.key"
    path.write_bytes(secret)
    done = run("watermark", "extract", coffee, "--key", path)
    assert done.code == 2
    assert "expected 32 bytes or 64 hexadecimal digits" in done.err
    assert not secret or secret.decode("latin-1") not in done.err.replace("short", "") + done.out


@pytest.mark.parametrize("verb", ["embed", "extract", "inspect"])
def test_what_is_not_there_is_an_error(run, tmp_path, coffee, key, verb):
    out = ("-o", tmp_path / "out") if verb == "embed" else ()
    for arguments, code in (
        ((tmp_path / "nowhere.png", *out, "--key", key), "file"),
        ((coffee, *out, "--key", tmp_path / "nowhere.key"), "file"),
        ((coffee, *out, "--key", key, "--scheme", "nonesuch"), "plugin.unknown"),
    ):
        done = run("watermark", verb, *arguments, "--json")
        assert done.code == 2
        document = done.document
        assert (document.get("error") or document["results"][0]["error"])["code"] == code


def test_a_huge_key_file_is_not_read(run, tmp_path, coffee):
    path = tmp_path / "huge.key"
    path.write_bytes(bytes(100_000))
    done = run("watermark", "extract", coffee, "--key", path)
    assert done.code == 2
    assert "expected at most 66 bytes" in done.err


def test_a_picture_that_cannot_be_marked_stops_no_other(run, tmp_path, coffee, key):
    small = tmp_path / "small.png"
    small.write_bytes(encode(photograph(side=120), "PNG"))
    done = run("watermark", "embed", small, coffee, "-o", tmp_path / "out", "--key", key, "--json")
    assert done.code == 2
    first, second = done.document["results"]
    assert first["error"]["code"] == "watermark.unmarkable"
    assert second["state"] == "marked"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["coffee.jpg"]
    shown = run("watermark", "embed", small, coffee, "-o", tmp_path / "out", "--key", key)
    assert "expected sides of at least 128 pixels" in shown.words


def test_an_original_is_not_overwritten(run, coffee, key):
    before = coffee.read_bytes()
    done = run("watermark", "embed", coffee, "-o", coffee.parent, "--key", key)
    assert done.code == 2
    assert "it is never replaced" in done.err
    assert coffee.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_an_error(run, tmp_path, coffee, key):
    (tmp_path / "taken").write_text("a file")
    done = run("watermark", "embed", coffee, "-o", tmp_path / "taken", "--key", key)
    assert done.code == 2
    assert "no folder" in done.err


def test_truncated_and_hostile_files_end_as_errors_or_answers(run, tmp_path, key, marked):
    data = marked.read_bytes()
    items = [data[:200], data[: len(data) // 2], data[:-2], b""]
    items += [item.data for item in hostile_files() if len(item.data) < 200_000][::40]
    paths = []
    for number, item in enumerate(items):
        paths.append(tmp_path / f"{number}.bin")
        paths[-1].write_bytes(item)
    for verb in ("extract", "inspect"):
        done = run("watermark", verb, *paths, "--key", key, "--json")
        assert done.code == 2
        assert len(done.document["results"]) == len(items)
        assert "Traceback" not in json.dumps(done.document)
    done = run("watermark", "embed", *paths, "-o", tmp_path / "out", "--key", key, "--json")
    assert done.code == 2
    assert all(item["state"] in {"marked", "error"} for item in done.document["results"])


def test_names_from_strangers_are_shown_as_text(run, tmp_path, key):
    path = tmp_path / "[red]\x1b[2J.png"
    buffer = io.BytesIO()
    photograph(side=240).save(buffer, "PNG")
    path.write_bytes(buffer.getvalue())
    done = run("watermark", "extract", path, "--key", key)
    assert "\x1b" not in done.out
    assert "[red]" in done.out


@given(st.integers(1, 60), st.integers(0, 255))
def test_psnr_of_an_even_difference(difference, level):
    one = np.full((4, 5, 3), min(level, 255 - difference), np.uint8)
    other = one + np.uint8(difference)
    assert measure_psnr_db(one, other) == pytest.approx(20 * np.log10(255 / difference))
    assert measure_psnr_db(one, one) == np.inf
