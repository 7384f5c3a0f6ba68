def test_a_copy_is_written_once_and_found_again(run, stock, tmp_path):
    target = tmp_path / "copies"
    done = run("fetch", stock.released_id, "-o", target, "--json")
    assert done.code == 0
    (item,) = done.document["fetched"]
    assert item["written"] == str(target / "coffee.jpg")
    assert (target / "coffee.jpg").read_bytes() == stock.file
    assert run("fetch", stock.released_id, "-o", target).code == 0


def test_several_and_those_that_cannot_be_fetched(run, stock, tmp_path):
    done = run("fetch", stock.released_id, stock.held_id, "nonesuch", "-o", tmp_path / "copies")
    assert done.code == 2
    assert "at stage held" in done.words
    assert "unknown id" in done.words
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["coffee.jpg"]


def test_one_way_to_name_an_asset(run, stock, tmp_path):
    assert "got neither" in run("fetch", "-o", tmp_path).err
    assert "got both" in run("fetch", stock.released_id, "--last").err
    assert "--json answers" in run("fetch", "--last", "-o", "-", "--json").out
