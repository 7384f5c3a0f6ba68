from tests.sites import encode, photograph


def test_a_picture_is_no_clip_to_go_on_from(run, light, tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video")
    picture = tmp_path / "a.jpg"
    picture.write_bytes(encode(photograph(side=256)))
    told = run("extend", picture, "-o", tmp_path / "x.mp4")
    assert told.code == 2
    assert "chopmark animate" in told.out
    assert run("extend", tmp_path / "none.mp4", "-o", tmp_path / "x.mp4").code == 2
