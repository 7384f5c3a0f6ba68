"""`chopmark adopt` from the command line."""

import shutil


def test_a_person_says_that_what_is_left_belongs_together(run, home):
    shutil.rmtree(home / "public")
    done = run("review", "list")
    assert (done.code, "has no marker" in done.err) == (2, True)
    done = run("adopt")
    assert (done.code, "--yes" in done.err) == (2, True)
    assert run("adopt", "--yes", "--json").document["site"]
    assert run("review", "list").code == 0


def test_a_ledger_that_was_set_back_is_not_adopted(run, home):
    assert run("works", "define-bank", "press", "--action", "hold").code == 0
    for path in home.glob("chopmark.db*"):
        path.unlink()
    done = run("adopt", "--yes", "--json")
    assert done.code == 2
    assert done.document["error"]["code"] == "ledger.inconsistent"
