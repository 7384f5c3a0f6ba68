"""What can be said of a file where there is no site."""

from api.visiting import NO_SITE, SITE_LAYERS, open_verifier
from provenance.verify.state import LayerStatus
from tests.sites import build_light_settings, encode, photograph


def test_what_only_a_site_knows_is_not_checked(tmp_path, capsys):
    settings = build_light_settings(tmp_path / "nowhere")
    with open_verifier(settings) as visit:
        found = visit.verifier.verify(encode(photograph()))
    layers = {layer.name: layer for layer in found.layers}
    assert layers.keys() >= SITE_LAYERS
    assert {(layers[name].status, layers[name].text) for name in SITE_LAYERS} == {(LayerStatus.NOT_CHECKED, NO_SITE)}
    assert layers["manifest_integrity"].status is LayerStatus.ABSENT
    assert "there is no site in" in capsys.readouterr().err
    assert not settings.home.exists()
