import torch

from generation._chop_draw_net import CodeDenoiser
from tests.training.records import pixels, records
from training.basis import SIDE, Sayings, find_codes, make_codes, shrink, step

ROWS = torch.arange(len(records()))


def test_codes_bring_pictures_back():
    torch.manual_seed(0)
    flat = shrink(torch.from_numpy(pixels(32)))
    assert flat.shape == (len(records()), 4 * SIDE * SIDE)
    codes = find_codes(flat, torch.ones(len(flat)), 5)
    again = codes.mean + (codes.codes * codes.spread) @ codes.basis
    assert (again - flat).abs().max() < 0.02


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    flat = shrink(torch.from_numpy(pixels(32)))
    codes = find_codes(flat, torch.ones(len(flat)), 5)
    sayings = Sayings(torch.randn(len(flat), 4, 128), ROWS, torch.full_like(ROWS, -1))
    denoiser = CodeDenoiser(in_channels=8, width=64, depth=2)
    denoiser.spread.requires_grad_(requires_grad=False)
    optimiser = torch.optim.AdamW([value for value in denoiser.parameters() if value.requires_grad], lr=3e-3)
    clean = make_codes(codes, sayings, ROWS)
    losses = [step(denoiser, optimiser, clean, sayings.words).item() for _ in range(60)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
