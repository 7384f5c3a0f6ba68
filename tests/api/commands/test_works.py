import pytest


def test_list_shows_works_and_narrows_to_a_bank(run, stock):
    done = run("works", "list")
    assert done.code == 0
    assert f"{stock.work_id} Chelsea works active" in done.words
    assert "Stéfan" in done.out
    (work,) = run("works", "list", "--json").document["works"]
    assert (work["id"], work["title"], work["status"]) == (stock.work_id, "Chelsea", "active")
    assert run("works", "list", "--bank", "other", "--json").document == {"works": []}


def test_an_empty_registry_says_how_to_begin(run, home):
    assert "chopmark register FILE --owner NAME" in run("works", "list").out
    assert "no bank yet" in run("works", "banks").out


def test_a_bank_is_defined_and_changed(run, home):
    done = run("works", "define-bank", "press", "--action", "attribute", "--pdq", 20, "--description", "agencies")
    assert done.words == "bank press: a match within 20 bits of pdq means attribute"
    assert run("works", "define-bank", "press", "--action", "hold", "--json").document["bank"]["action"] == "hold"
    assert "press hold" in run("works", "banks").words
    assert run("works", "banks", "--json").document["banks"][0]["name"] == "press"


@pytest.mark.parametrize("action", ["destroy", ""])
def test_an_unknown_action_teaches(run, home, action):
    done = run("works", "define-bank", "press", "--action", action, "--json")
    assert done.code == 2
    assert "attribute" in done.document["error"]["message"]


def test_a_withdrawn_work_matches_no_more(run, stock, copy_of_the_work):
    assert run("match", copy_of_the_work).code == 0
    done = run("works", "withdraw", stock.work_id, "--reason", "sold")
    assert (done.code, done.words) == (0, "withdrawn: Chelsea")
    assert (
        run("works", "withdraw", stock.work_id, "--reason", "sold", "--json").document["work"]["status"] == "withdrawn"
    )
    assert run("match", copy_of_the_work).code == 1
    assert run("works", "withdraw", "work-none", "--reason", "x", "--json").code == 2
