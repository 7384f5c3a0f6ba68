import torch

from generation._chop_draw_net import CodeDenoiser, PictureDecoder

SIDE = 64


def test_a_picture_is_its_mean_its_basis_and_a_colour_behind():
    decoder = PictureDecoder(code_size=2, side=SIDE)
    disc = torch.zeros(4, SIDE, SIDE)
    disc[0, 16:48, 16:48] = disc[3, 16:48, 16:48] = 1  # red, and covering
    decoder.basis.data[0] = disc.flatten()
    code = torch.tensor([[1.0, 0.0, -1.0, -1.0, 1.0], [0.0, 0.0, 1.0, 1.0, 1.0]])
    with torch.no_grad():
        pictures = decoder.decode(code[:, :, None, None], return_dict=False)[0]
    assert pictures.shape == (2, 3, 512, 512)
    assert pictures[0, :, 256, 256].tolist() == [1, -1, -1]
    assert pictures[0, :, 5, 5].tolist() == [-1, -1, 1]
    assert pictures[1].min() == 1


def test_the_denoiser_answers_as_diffusers_asks():
    denoiser = CodeDenoiser(in_channels=8, width=32, depth=1).eval()
    sample, words = torch.randn(2, 8, 1, 1), torch.randn(2, 4, 128)
    made = denoiser(sample, torch.tensor(500.0), encoder_hidden_states=words, return_dict=False)[0]
    assert made.shape == sample.shape
    assert torch.allclose(made[:, :, 0, 0], denoiser.velocity(sample[:, :, 0, 0], torch.full((2,), 0.5), words))
