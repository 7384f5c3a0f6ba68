import pytest

from api.collecting import build_made, parse_claim, register_list, register_one
from api.form import Form, FormError, FormFile
from api.wiring import open_site
from provenance.errors import WorkClaimedError
from tests.sites import build_light_settings, encode, photograph


@pytest.fixture
def site(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as opened:
        yield opened


def sent(folder, field, name, data):
    path = folder / f"{len(list(folder.iterdir())):05d}{name[-4:]}"
    path.write_bytes(data)
    return FormFile(field, name, path, len(data))


def test_one_picture_is_registered_under_its_name(site, tmp_path):
    file = sent(tmp_path, "file", "C:\\photos\\my_rocket.jpg", encode(photograph("rocket.jpg")))
    made = register_one(site, site.deployment, Form({"owner": "A", "claim": "all rights"}, (file,)))
    assert (made.work.title, made.work.claim, made.path) == ("my_rocket", {"text": "all rights"}, file.name)
    assert build_made(made)["work"]["status"] == "active"
    with pytest.raises(WorkClaimedError, match="registered for A already"):
        register_one(site, site.deployment, Form({"owner": "B"}, (file,)))
    assert register_one(site, site.deployment, Form({"owner": "B", "second_owner": "on"}, (file,))).work.owner == "B"


def test_a_list_takes_files_by_what_the_sender_calls_them(site, tmp_path):
    table = sent(tmp_path, "list", "list.csv", b"file;title\nsub\\a.jpg;One\nb.jpg;Two\na.jpg;One of two\n")
    files = [sent(tmp_path, "file", name, encode(photograph(source))) for name, source in
             (("./sub/a.jpg", "rocket.jpg"), ("x/b.jpg", "coffee.png"), ("other/a.jpg", "chelsea.png"))]  # fmt: skip
    made, notes = register_list(site, site.deployment, Form({"owner": "A"}, (table, *files)))
    assert [build_made(one).get("error", {}).get("code") for one in made] == [None, None, "works"]
    assert "'a.jpg', which was not sent" in str(made[2].work)
    assert notes == ("1 files were sent that the list does not name",)


@pytest.mark.parametrize(("text", "claim"), [("", {}), ("mine", {"text": "mine"}), ('{"a": 1}', {"a": 1})])
def test_a_claim_is_an_object_or_a_text(text, claim):
    assert parse_claim(Form({"claim": text})) == claim


def test_a_claim_that_begins_as_json_is_json():
    with pytest.raises(FormError, match="JSON"):
        parse_claim(Form({"claim": "{'a': 1}"}))
