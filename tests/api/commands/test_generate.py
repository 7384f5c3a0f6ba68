from PIL import Image

from tests.sites import encode, photograph


def test_pictures_are_drawn_from_seeds_upward_and_released(run, home, tmp_path):
    prompt = "three birches by Zambonia lake"
    done = run("generate", prompt, "-n", 2, "--width", 320, "--height", 256, "-o", tmp_path / "out", "--json")
    assert done.code == 0
    assert [item["outcome"] for item in done.document["results"]] == ["released", "released"]
    files = sorted((tmp_path / "out").iterdir())
    assert len(files) == 2
    assert "Zambonia" not in done.out + "".join(map(str, files))
    with Image.open(files[0]) as picture:
        assert picture.size == (320, 256)
    assert files[0].read_bytes() != files[1].read_bytes()


def test_a_picture_can_start_from_another(run, home, tmp_path):
    start = tmp_path / "start.jpg"
    start.write_bytes(encode(photograph(side=256)))
    done = run("generate", "a warmer light", "--source", start, "--strength", 0.3, "-o", tmp_path / "x.png")
    assert done.code == 0, done
    assert (tmp_path / "x.png").exists()
    assert "released no rule objects" in done.words


def test_what_cannot_be_drawn_teaches(run, home, tmp_path):
    assert "sketch" in run("generate", "x", "--backend", "nonesuch").err
    assert run("generate", "x", "--source", "/nonexistent", "--json").document["error"]["code"] == "file"
    assert run("generate", "x", "--pack", "nonesuch").code == 2
    assert run("generate", "-", stdin=b"\xff\xfe").code == 2
