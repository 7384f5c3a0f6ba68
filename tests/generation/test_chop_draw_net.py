import json

import torch

from generation._chop_draw_net import PictureDecoder


def test_a_latent_is_32_pixels():
    decoder = PictureDecoder(latent_channels=4, width=8)
    with torch.no_grad():
        (made,) = decoder.decode(torch.randn(2, 4, 3, 2) * 100, return_dict=False)
    assert made.shape == (2, 3, 96, 64)
    assert made.abs().max() <= 1


def test_stable_diffusion_reads_the_same_factor():
    assert 2 ** (len(PictureDecoder(width=8).config.block_out_channels) - 1) == 32


def test_it_comes_back_from_a_folder(tmp_path):
    decoder = PictureDecoder(latent_channels=4, width=8)
    decoder.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["width"] == 8
    again = PictureDecoder.from_pretrained(tmp_path)
    z = torch.randn(1, 4, 2, 2)
    assert torch.equal(again.decode(z)[0], decoder.decode(z)[0])
