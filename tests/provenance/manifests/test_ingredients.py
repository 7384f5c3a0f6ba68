"""The tree of ingredients, from c2pa's JSON alone; tests/outside/test_07_ingredients.py has real files."""

from provenance.manifests.ingredients import MAX_DEPTH, build_tree, mapping, mappings
from provenance.manifests.report import MAX_ITEMS


def uri(label, name):
    return f"self#jumbf=/c2pa/{label}/c2pa.assertions/{name}"


def failed(*codes):
    return {"failure": [{"code": code} for code in codes]}


def delta(label, name, *codes):
    return {"ingredientAssertionURI": uri(label, name), "validationDeltas": failed(*codes)}


def item(name, manifest=None, **fields):
    return {"label": name, "title": name, **({"active_manifest": manifest} if manifest else {}), **fields}


def manifests(**ingredients):
    return {label: {"label": label, "ingredients": items} for label, items in ingredients.items()}


def test_each_ingredient_is_followed_by_its_own():
    known = manifests(a=[item("one", "b"), item("two")], b=[item("three")])
    tree = build_tree(known["a"], known, {})
    assert [(one.title, one.depth, str(one.state)) for one in tree.items] == [
        ("one", 1, "intact"), ("three", 2, "unsigned"), ("two", 1, "unsigned"),
    ]  # fmt: skip
    assert tree.codes == tree.signer_codes == ()


def test_a_fault_counts_from_either_side():
    known = manifests(a=[
        item("now", "b"), item("then", "c", validation_status=[{"code": "assertion.missing"}]),
        item("recorded", "d", validation_results={"activeManifest": failed("assertion.dataHash.mismatch")}),
    ])  # fmt: skip
    tree = build_tree(known["a"], known, {"ingredientDeltas": [delta("a", "now", "claimSignature.mismatch")]})
    assert [one.failure_codes for one in tree.items] == [
        ("claimSignature.mismatch",), ("assertion.missing",), ("assertion.dataHash.mismatch",),
    ]  # fmt: skip
    assert {str(one.state) for one in tree.items} == {"broken"}


def test_a_fault_of_no_ingredient_in_the_tree_is_not_lost():
    deltas = {"ingredientDeltas": [delta("elsewhere", "x", "ingredient.manifest.mismatch")]}
    assert build_tree({}, {}, deltas).codes == ("ingredient.manifest.mismatch",)


def test_trust_is_no_fault_and_an_unfit_signer_is_said():
    known = manifests(a=[item("one", "b")])
    deltas = {"ingredientDeltas": [delta("a", "one", "signingCredential.untrusted", "signingCredential.expired")]}
    tree = build_tree(known["a"], known, deltas)
    assert tree.codes == ()
    assert tree.items[0].trust_codes == ("signingCredential.untrusted", "signingCredential.expired")
    assert tree.signer_codes == ("signingCredential.expired",)


def test_what_old_claims_record_beside_failures_is_none():
    codes = ("ingredient.unknownProvenance", "timeStamp.untrusted", "claimSignature.validated", "algorithm.deprecated")
    known = manifests(a=[item("one", "b", validation_status=[{"code": code} for code in codes])])
    assert build_tree(known["a"], known, {}).codes == ()


def test_trees_are_bounded():
    ring = manifests(a=[item("x", "b")], b=[item("y", "a")])
    assert len(build_tree(ring["a"], ring, {}).items) <= 4
    wide = manifests(a=[item(str(number)) for number in range(1000)])
    assert len(build_tree(wide["a"], wide, {}).items) == MAX_ITEMS
    deep = manifests(**{f"m{number}": [item("next", f"m{number + 1}")] for number in range(100)})
    assert max(one.depth for one in build_tree(deep["m0"], deep, {}).items) == MAX_DEPTH


def test_other_shapes_are_empty():
    assert mapping([1]) == {}
    assert mappings({"a": 1}) == mappings("x") == []
    assert mappings([1, {"a": 1}]) == [{"a": 1}]
