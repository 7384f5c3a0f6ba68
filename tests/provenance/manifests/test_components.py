"""What went into an asset, from its recipe to a chain that reads back."""

import numpy as np
import pytest

from generation.sounding import encode_wav
from provenance.asset import MediaType
from provenance.errors import DamagedRecordError, SigningError
from provenance.manifests.claim import build_definition
from provenance.manifests.components import Component, describe_components, read_components
from provenance.manifests.redaction import IncomingRule
from provenance.manifests.signing import sign_manifest
from provenance.storage.blob import Blob
from tests.provenance.manifests.samples import CREATED_AT, MARKS, RECIPE, asset_of, define, grant_for, photograph

WAV = MediaType.add("audio/wav", extension=".wav")
MUSIC = Component(encode_wav(np.zeros((2, 99), np.float32)), WAV, "componentOf", "algorithmicMedia")


def made_of(*components):
    asset = asset_of(photograph(MediaType.JPEG), MediaType.JPEG)
    return build_definition(
        asset, grant_for(asset), marks=MARKS, media_type=MediaType.JPEG, created_at=CREATED_AT, recipe=RECIPE,
        components=components,
    )  # fmt: skip


def released(identity, definition=None, **options):
    signed = sign_manifest(photograph(MediaType.JPEG), "image/jpeg", definition or define(), identity, **options)
    return signed, Component(signed.file, MediaType.JPEG, "inputTo")


def test_a_recipe_keeps_digests_and_gives_the_files_back():
    recipe = {"ingredients": describe_components([MUSIC])}
    assert read_components(recipe, [MUSIC.file]) == (MUSIC,)
    assert read_components({}, []) == ()
    for files in ([], [Blob.from_bytes(b"another")]):
        with pytest.raises(DamagedRecordError, match="not those"):
            read_components(recipe, files)


def test_a_relationship_that_c2pa_does_not_know_is_refused():
    with pytest.raises(SigningError, match="parentOf"):
        Component(MUSIC.file, WAV, "cousinOf")


def test_a_chain_of_three_reads_back_with_every_relationship(identity):
    _, picture = released(identity)
    signed, _ = released(identity, made_of(picture, MUSIC))
    parent = Component(signed.file, MediaType.JPEG, "parentOf")
    longer, _ = released(identity, made_of(parent, MUSIC))
    found = [(one.depth, one.relationship, one.has_manifest) for one in longer.report.ingredients]
    assert sorted(found) == [
        (1, "componentOf", False), (1, "parentOf", True), (2, "componentOf", False), (2, "inputTo", True),
    ]  # fmt: skip
    assert not any(one.failure_codes for one in longer.report.ingredients)
    steps = [one for one in longer.report.actions if one != "c2pa.redacted"]
    assert steps[:3] == ["c2pa.opened", "c2pa.edited", "c2pa.placed"]
    assert [one for one in signed.report.actions if one != "c2pa.redacted"][:2] == ["c2pa.created", "c2pa.placed"]


def test_where_nothing_may_be_repeated_the_chain_is_named_only(identity):
    _, picture = released(identity)
    signed, _ = released(identity, made_of(picture), rule=IncomingRule(mode="reference"))
    (one,) = signed.report.ingredients
    assert (one.relationship, one.has_manifest) == ("inputTo", False)
