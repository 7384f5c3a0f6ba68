"""The second witness: flat pictures that share a layout are no copies, and real copies still are."""

import itertools

import numpy as np
import pytest
from PIL import Image, ImageOps

from provenance.fingerprints.pdq import Pdq
from provenance.media.picture.image import Picture
from provenance.media.picture.kind import measure_kind
from provenance.works.matching import distance_bits
from provenance.works.record import PLAIN, Action, Match
from provenance.works.witness import compare_flat, weigh_flat
from tests.detectors.subjects import photo
from tests.provenance.works.flat import FAMILIES, card, copies, picture
from tests.sites import photograph


def match(action=Action.BLOCK, variant=PLAIN):
    return Match("w", "Title", "Owner", "works", action, "pdq", variant, 4, 31, "00")


def weighed(seen, reference, **fields):
    return weigh_flat(seen, [match(**fields)], lambda _: reference)


@pytest.mark.parametrize("family", FAMILIES)
def test_members_of_a_family_are_not_each_other(family):
    for one, other in itertools.permutations(map(picture, FAMILIES[family]), 2):
        assert not compare_flat(one, other).agrees
        (lowered,) = weighed(one, other)
        assert lowered.action is Action.HOLD
        assert lowered.witness.other_structure > lowered.witness.structure_limit or (
            lowered.witness.other_colour > lowered.witness.colour_limit
        )


@pytest.mark.parametrize("family", FAMILIES)
def test_copies_are_what_they_are(family):
    for image in FAMILIES[family]:
        for edit, copy in copies(image):
            (kept,) = weighed(picture(copy), picture(image))
            assert (kept.action, kept.witness.agrees) == (Action.BLOCK, True), edit


def test_the_families_do_collide():
    colliding = 0
    for images in FAMILIES.values():
        for one, other in itertools.combinations(images, 2):
            codes = [Pdq().compute(picture(image)).value for image in (one, other)]
            colliding += distance_bits(*codes) <= Pdq.confident_distance_bits
    assert colliding >= 4


def test_a_turned_copy_is_held_against_the_turned_work():
    image = FAMILIES["logos"][0]
    turned = Picture.from_frame(np.ascontiguousarray(picture(image).frame[:, ::-1]))
    (kept,) = weighed(turned, picture(image), variant="flip_h")
    assert kept.action is Action.BLOCK


def test_without_a_reference_a_flat_picture_is_held():
    (lowered,) = weighed(picture(FAMILIES["flags"][0]), None)
    assert (lowered.action, lowered.witness.agrees) == (Action.HOLD, False)


def test_an_allow_listed_picture_that_is_another_takes_nothing_back():
    one, other, _ = map(picture, FAMILIES["flags"])
    assert weighed(one, other, action=Action.ALLOW) == ()
    assert weighed(one, one, action=Action.ALLOW)


def test_photographs_are_asked_for_their_lettering_alone():
    (kept,) = weighed(photo("coffee.png"), photo("coffee.png"))
    assert (kept.action, kept.witness.agrees, kept.witness.other_structure) == (Action.BLOCK, True, None)
    assert weigh_flat(photo("coffee.png"), [], lambda _: None) == ()


@pytest.mark.parametrize(("share", "colour"), [(0.05, "white"), (0.15, "black"), (0.3, "white")])
def test_a_frame_makes_no_photograph_flat(sqlite_works, share, colour):
    """An even frame has few colours and no middling steps: the picture in it has both."""
    image = photograph("coffee.png")
    sqlite_works.register(picture(image), title="Coffee", owner="somebody")
    (found,) = sqlite_works.match(picture(ImageOps.expand(image, round(share * image.width), colour))).matches
    assert (found.action, found.alg) == (Action.BLOCK, "copy")


@pytest.mark.parametrize("box", [(0, 0, 0.75, 0.8), (0.3, 0.2, 1, 1)])
def test_a_part_of_a_flat_work_is_its_copy_and_no_copy_of_its_template(sqlite_works, box):
    ours, *others = FAMILIES["cards"]
    sqlite_works.register(picture(ours), title="Card", owner="somebody")
    copy, *strangers = (
        [one.action for one in sqlite_works.match(picture(cut(each, box))).matches] for each in FAMILIES["cards"]
    )
    assert copy == [Action.BLOCK]
    assert strangers == [[Action.HOLD]] * len(others)


def test_an_even_photograph_of_a_thing_is_found_turned(sqlite_works):
    """A thing on an even ground counts as drawn; the details say where it lies, and there it is compared."""
    thing = Image.new("RGB", (600, 500), "white")
    thing.paste(photograph("coffee.png").resize((240, 160)), (180, 170))
    assert measure_kind(picture(thing)).is_drawn
    sqlite_works.register(picture(thing), title="Cup", owner="somebody")
    turned = thing.rotate(10, Image.Resampling.BICUBIC, fillcolor="white")
    (found,) = sqlite_works.match(picture(turned)).matches
    assert (found.action, found.alg) == (Action.BLOCK, "copy")
    assert found.witness.agrees


def cut(image, box):
    size = image.width, image.height, image.width, image.height
    return image.crop([round(share * side) for share, side in zip(box, size, strict=True)])


def test_a_flat_work_in_a_frame_is_blocked_and_another_of_its_template_is_not(sqlite_works):
    ours, other = card("Anna Berg", 3, (40, 90, 160)), card("Tom Lund", 11, (40, 90, 160))
    sqlite_works.register(picture(ours), title="Card", owner="somebody")
    copy, stranger = (
        sqlite_works.match(picture(ImageOps.expand(one, round(0.1 * one.width), "black"))).matches
        for one in (ours, other)
    )
    assert [one.action for one in copy] == [Action.BLOCK]
    assert Action.BLOCK not in [one.action for one in stranger]


def draw_hand(skin, size=256):
    """A hand on a card with a sleeve: flat surfaces, one of which has a colour of its own."""
    frame = np.full((size, size, 3), 255, np.uint8)
    frame[40:200, 60:120] = (40, 90, 200)
    frame[60:180, 120:190] = skin
    frame[90:150, 190:215] = (30, 30, 30)
    frame[200:230, 30:230] = (250, 200, 40)
    return Picture.from_frame(frame)


def test_another_tone_of_skin_is_another_drawing_and_another_tone_of_all_is_not():
    light, next_to_it = (247, 222, 206), (243, 210, 162)
    assert compare_flat(draw_hand(light), draw_hand(light)).agrees
    assert not compare_flat(draw_hand(light), draw_hand(next_to_it)).agrees
    darker = Picture.from_frame((draw_hand(light).frame * 0.88).astype(np.uint8))
    assert compare_flat(darker, draw_hand(light)).agrees
