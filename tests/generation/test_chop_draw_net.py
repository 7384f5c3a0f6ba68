import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generation._chop_draw_net import (
    GRID,
    GROUND,
    SIDE,
    Denoiser,
    PictureDecoder,
    cells_of,
    ground_channels,
    joined,
    unground,
)

WIDTHS = (16, 8)


def small_decoder():
    decoder = PictureDecoder(components=6, widths=WIDTHS)
    decoder.basis.copy_(torch.linalg.qr(torch.randn(1024, 6))[0].T)
    return decoder


def plain_decoder():
    """Return one whose convolutions add nothing."""
    decoder = small_decoder()
    for last in (decoder.leave[1], decoder.enlarge.edges[4]):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    return decoder


def small_denoiser():
    return Denoiser(in_channels=5, cross_attention_dim=16, width=32, depth=2, context_width=8, queries=2)


def test_cells_go_back_to_where_they_were():
    small = torch.randn(2, 4, 64, 64)
    cells = cells_of(small)
    assert cells.shape == (2, GRID, GRID, 1024)
    assert torch.equal(cells[1, 2, 3], small[1, :, 32:48, 48:64].flatten())
    assert torch.equal(joined(cells), small)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_the_ground_comes_back(colour):
    wanted = torch.tensor([colour])
    assert torch.allclose(unground(ground_channels(wanted)), wanted, atol=1e-5)


def test_pictures_are_512_pixels_between_black_and_white():
    decoder = small_decoder()
    with torch.no_grad():
        (made,) = decoder.decode(torch.randn(2, 6 + GROUND, GRID, GRID) * 10, return_dict=False)
    assert made.shape == (2, 3, 512, 512)
    assert made.abs().max() <= 1


def test_where_nothing_is_drawn_the_ground_shows():
    decoder = plain_decoder()
    colour = torch.tensor([[0.2, 0.5, 0.9]])
    empty = torch.cat([torch.zeros(1, 6, GRID, GRID), ground_channels(colour)], 1)
    (made,) = decoder.decode(empty)
    assert torch.allclose(made[0, :, 100, 200], colour[0] * 2 - 1, atol=1e-4)


def test_what_the_components_span_is_kept():
    decoder = plain_decoder()
    wanted = torch.randn(1, 6, GRID, GRID)
    made = decoder.decode_layers(wanted)
    assert made.shape == (1, 4, SIDE, SIDE)
    spanned = joined(wanted.permute(0, 2, 3, 1) @ decoder.basis)
    assert torch.allclose(torch.nn.functional.interpolate(spanned, size=(SIDE, SIDE), mode="bilinear"), made, atol=1e-5)
    # Encoding is the inverse on pictures that are constant over the pixels of the small copy.
    large = spanned.repeat_interleave(SIDE // 64, -1).repeat_interleave(SIDE // 64, -2)
    assert torch.allclose(decoder.encode_layers(large), wanted, atol=1e-4)


def test_stable_diffusion_reads_the_same_factor():
    assert 2 ** (len(small_decoder().config.block_out_channels) - 1) == 512 // GRID


def test_the_velocity_leads_from_the_sample_to_the_predicted_picture():
    denoiser = small_denoiser()
    sample, hidden = torch.randn(2, 5, GRID, GRID), torch.randn(2, 7, 16)
    with torch.no_grad():
        (velocity,) = denoiser(sample, torch.tensor(250.0), hidden, return_dict=False, cross_attention_kwargs=None)
        picture = denoiser.predict(sample, torch.full((2,), 0.25), hidden)
    assert torch.allclose(sample - 0.25 * velocity, picture, atol=1e-5)


def test_half_precision_sees_the_same_level():
    denoiser = small_denoiser()
    sample, hidden, step = torch.randn(2, 5, GRID, GRID), torch.randn(2, 7, 16), torch.tensor(777.0)
    with torch.no_grad():
        (exact,) = denoiser(sample, step, hidden)
        (rounded,) = denoiser.to(torch.bfloat16)(sample.bfloat16(), step, hidden.bfloat16())
    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(rounded.float(), exact, atol=0.1)


def test_what_is_asked_for_changes_what_is_predicted():
    denoiser = small_denoiser()
    sample, level = torch.randn(1, 5, GRID, GRID), torch.tensor([0.5])
    first, second = (denoiser.predict(sample, level, torch.randn(1, 7, 16)) for _ in range(2))
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("shape", [(4, 8), (2, 2), (3, 4)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match="512 x 512 pictures only"):
        small_decoder().decode(torch.zeros(1, 6 + GROUND, *shape))
    with pytest.raises(ValueError, match="512 x 512 pictures only"):
        small_denoiser()(torch.zeros(1, 5, *shape), torch.tensor(500.0), torch.zeros(1, 7, 16))


@pytest.mark.parametrize("build", [small_decoder, small_denoiser])
def test_parts_come_back_from_a_folder(build, tmp_path):
    part = build()
    part.save_pretrained(tmp_path)
    again = type(part).from_pretrained(tmp_path)
    state = part.state_dict()
    assert again.state_dict().keys() == state.keys()
    assert all(torch.equal(value, state[name]) for name, value in again.state_dict().items())
