import torch

from tests.training.records import pixels
from training.compose import (
    Layout,
    backgrounds,
    named_colours,
    over,
    pair_layouts,
    place,
    single_layout,
    standardised,
    tint,
    weather,
)

CPU = torch.device("cpu")
SHAPES = torch.from_numpy(pixels(32))


def centre_of(layer):
    """Return the mean place of what covers, (x, y), -1 to 1."""
    cover = layer[:, 3]
    line = torch.linspace(-1, 1, cover.shape[-1])
    whole = cover.sum((1, 2))
    return (cover.sum(1) * line).sum(1) / whole, (cover.sum(2) * line).sum(1) / whole


def still(x, y, size):
    one = torch.ones(1)
    return Layout(x * one, y * one, size * one, 0 * one, torch.zeros(1, dtype=torch.bool))


def test_a_picture_lies_where_it_is_put():
    layer = place(SHAPES[:1], still(0.3, -0.2, 0.5), 64)
    x, y = centre_of(layer)
    assert abs(x - 0.3) < 0.03
    assert abs(y + 0.2) < 0.03
    # The shape fills a quarter of its square, and the square a quarter of the canvas.
    assert abs(layer[:, 3].mean() - 1 / 16) < 0.01


def test_pairs_lie_as_the_relation_says():
    torch.manual_seed(0)
    relation = torch.arange(4).repeat(8)
    first, second = pair_layouts(relation, (0.4, 0.5), 0.0)
    assert (first.x < second.x)[relation == 0].all()
    assert (first.x > second.x)[relation == 1].all()
    assert (first.y < second.y)[relation == 2].all()
    assert (first.y > second.y)[relation == 3].all()


def test_a_tint_keeps_the_shape():
    layer = place(SHAPES[:2], single_layout(2, (0.9, 0.9), 0.0, CPU), 32)
    made = tint(layer, torch.tensor([[0.0, 1.0, 0.0]] * 2), torch.tensor([True, False]))
    assert torch.equal(made[1], layer[1])
    assert torch.equal(made[0, 1], layer[0, 3])
    assert made[0, 0].max() == 0


def test_backgrounds_show_where_nothing_covers():
    torch.manual_seed(0)
    below = backgrounds(named_colours(torch.tensor([0, 4]), 0.0), torch.tensor([True, False]), 32)
    assert below[0].std((1, 2)).max() < 1e-6
    assert below[1].std() > 0
    empty = torch.zeros(2, 4, 32, 32)
    assert torch.equal(over(empty, below), below)


def test_weather_keeps_the_range():
    torch.manual_seed(0)
    canvas = weather(torch.rand(24, 3, 32, 32))
    assert canvas.shape == (24, 3, 32, 32)
    assert canvas.min() >= 0
    assert canvas.max() <= 1
    assert standardised(torch.zeros(1, 3, 2, 2)).max() < 0
