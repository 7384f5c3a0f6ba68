from PIL import Image

from tests.sites import encode


def test_a_work_is_registered_once(run, home, coffee):
    first = run("register", coffee, "--owner", "Pikolo", "--title", "Espresso", "--json").document["registered"]
    again = run("register", coffee, "--owner", "Pikolo", "--title", "Espresso", "--json").document["registered"]
    assert first == again
    assert first[0] | {"work_id": "", "ledger_index": 0} == {
        "name": str(coffee), "work_id": "", "title": "Espresso", "owner": "Pikolo", "bank": "works",
        "status": "active", "ledger_index": 0,
    }  # fmt: skip
    assert run("match", coffee).code == 0


def test_several_files_and_those_that_cannot_be_registered(run, home, coffee, tmp_path):
    flat = tmp_path / "flat.png"
    flat.write_bytes(encode(Image.new("RGB", (300, 300), "teal"), "PNG"))
    done = run("register", coffee, flat, tmp_path / "absent", "--owner", "Pikolo [i]x[/i]", "--json")
    assert done.code == 2
    made = done.document["registered"]
    assert made[0]["title"] == "coffee"
    assert [item["error"]["code"] for item in made[1:]] == ["works", "file"]
    shown = run("register", coffee, flat, "--owner", "Pikolo [i]x[/i]")
    assert "Pikolo [i]x[/i]" in shown.words
    assert "cannot be found again by pdq" in shown.words


def test_a_title_is_for_one_file_and_a_pipe_has_none(run, home, coffee):
    done = run("register", coffee, coffee, "--owner", "P", "--title", "T", "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "usage")
    piped = run("register", "-", "--owner", "P", "--json", stdin=coffee.read_bytes())
    assert piped.document["registered"][0]["title"] == "untitled"


def test_an_unknown_bank_teaches(run, home, coffee):
    done = run("register", coffee, "--owner", "P", "--bank", "nonesuch")
    assert done.code == 2
    assert "nonesuch" in done.err
