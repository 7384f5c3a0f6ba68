from PIL import Image

from tests.sites import encode, photograph


def test_a_copy_is_found_and_exits_0(run, stock, copy_of_the_work):
    done = run("match", copy_of_the_work)
    assert done.code == 0
    assert "copy.jpg block Chelsea works" in done.words
    assert "phash agrees" in done.words
    (item,) = run("match", copy_of_the_work, "--json").document["results"]
    (match,) = item["matches"]
    assert (match["work_id"], match["action"]) == (stock.work_id, "block")
    assert match["distance_bits"] <= match["threshold_bits"]
    assert item["searched"] == ["pdq", "copy"]


def test_a_mirrored_copy_names_the_variant(run, stock, tmp_path):
    path = tmp_path / "mirrored.jpg"
    path.write_bytes(encode(photograph("chelsea.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    (match,) = run("match", path, "--json").document["results"][0]["matches"]
    assert match["variant"] != "plain"
    assert run("match", path).code == 0


def test_no_match_exits_1_and_unhashable_is_not_no_match(run, stock, coffee, tmp_path):
    flat = tmp_path / "flat.png"
    flat.write_bytes(encode(Image.new("RGB", (300, 300), "teal"), "PNG"))
    done = run("match", coffee, flat)
    assert done.code == 1
    assert "coffee.jpg no match" in done.words
    assert "flat.png unhashable" in done.words


def test_an_allowed_match_is_shown_as_such(run, stock, copy_of_the_work):
    assert run("works", "define-bank", "ours", "--action", "allow").code == 0
    assert run("register", copy_of_the_work, "--owner", "us", "--bank", "ours").code == 0
    assert "copy.jpg allowed Chelsea works" in run("match", copy_of_the_work).words


def test_an_error_exits_2(run, stock, copy_of_the_work):
    done = run("match", copy_of_the_work, "/nonexistent")
    assert done.code == 2
    assert "nonexistent error" in done.words
    assert run("match", "/nonexistent", "--json").document["results"][0]["error"]["code"] == "file"


def test_a_part_of_a_work_is_drawn_beside_it(run, stock, copy_of_the_work, tmp_path):
    with Image.open(copy_of_the_work) as opened:
        part = tmp_path / "part.jpg"
        opened.crop((0, 0, opened.width * 2 // 3, opened.height * 2 // 3)).save(part, quality=90)
    before = part.read_bytes()
    done = run("match", part, "--draw", tmp_path / "sheet.png", "--json")
    (item,) = done.document["results"]
    (match,) = item["matches"]
    assert (done.code, match["work_id"], match["alg"], match["action"]) == (0, stock.work_id, "copy", "block")
    left, top, right, bottom = match["overlap"]["in_whole"]
    assert 0 <= left < right <= 1
    assert 0.2 < (right - left) * (bottom - top) < 0.7
    assert item["drawn"] == str(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height == 480
    again = run("match", part, "--draw", tmp_path / "sheet.png")
    assert again.code == 2
    assert "--force replaces it" in again.words + again.err
    assert run("match", part, "--draw", part, "--force").code == 2
    assert part.read_bytes() == before
    assert "shows a part of it" in run("match", part).words
