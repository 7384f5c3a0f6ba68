from api.desk.answer import build_answer
from api.desk.chain import ROW, build_chain
from api.desk.language import load_words
from provenance.verify.state import JointState, Layer, LayerStatus
from tests.api.desk.test_answer import PROVED, verification

EN = load_words("en")


def branch(title, state="intact", *ingredients):
    return {"title": title, "state": state, "ingredients": list(ingredients)}


def chain_of(found):
    return build_chain(EN, found, build_answer(EN, found))


def with_branches(*branches, **layers):
    integrity = Layer(
        "manifest_integrity", "c2pa", LayerStatus.FOUND, "", {"ingredients": branches, "is_embedded": True}
    )
    return verification(JointState.CONSISTENT, manifest_integrity=integrity, **layers)


def test_a_file_of_which_nothing_is_known_is_one_row():
    chain = chain_of(verification())
    (link,) = chain.links
    assert (link.title, link.note, link.path, link.is_this) == ("This file", "no signed manifest", "", True)
    assert (chain.height, chain.more) == (ROW, 0)


def test_rows_go_from_the_ledger_to_the_oldest_ingredient():
    tree = branch("a.jpg", "broken", branch("", "unsigned")), branch("b.jpg", "elsewhere")
    chain = chain_of(with_branches(*tree, ledger=PROVED))
    assert [(link.depth, link.title, link.tone) for link in chain.links] == [
        (0, "Entry 3 of our ledger", "good"), (1, "Released here", "good"), (2, "This file", "good"),
        (3, "a.jpg", "bad"), (4, "A file without a title", ""), (3, "b.jpg", "warn"),
    ]  # fmt: skip
    assert all(link.path.startswith("M") for link in chain.links[1:])
    this, last = chain.links[2], chain.links[5]
    assert last.path.startswith(f"M{this.x} {this.y}V")


def test_a_manifest_that_names_hundreds_stays_a_picture():
    chain = chain_of(with_branches(*(branch(str(number)) for number in range(100))))
    assert (len(chain.links), chain.more) == (24, 77)
    deep = branch("x")
    for _ in range(30):
        deep = branch("x", "intact", deep)
    assert max(link.depth for link in chain_of(with_branches(deep)).links) == 5
