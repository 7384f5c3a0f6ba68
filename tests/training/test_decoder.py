import json

import torch

from generation._chop_draw_net import PictureDecoder
from training.clock import Clock, Curve
from training.decoder import fit, loss_of
from training.pipeline import write_decoder


def test_fitting_lowers_the_loss(tmp_path):
    torch.manual_seed(0)
    latents = torch.randn(24, 4, 4, 4)
    shown = torch.nn.functional.interpolate(latents[:, :3].tanh(), scale_factor=8)
    decoder = PictureDecoder(latent_channels=4, width=16)
    before = loss_of(decoder.small(latents), shown).item()
    fit(decoder, latents, shown, Clock(1.5), Curve(tmp_path / "decoder.csv"), 5e-3)
    assert loss_of(decoder.small(latents), shown).item() < 0.8 * before


def test_a_pipeline_gets_the_decoder(tmp_path):
    (tmp_path / "vae").mkdir()
    (tmp_path / "model_index.json").write_text(json.dumps({"vae": ["diffusers", "AutoencoderKL"]}))
    write_decoder(tmp_path, PictureDecoder(width=8))
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["vae"] == ["generation._chop_draw_net", "PictureDecoder"]
    assert (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").is_file()
