"""The site that tests of pages look at: made once a worker, with something of everything, and hostile names."""

from dataclasses import dataclass

from PIL import Image

from api.wiring import open_site
from policies import gate
from provenance.media.picture.image import parse_image
from tests.sites import as_submission, build_settings, encode, photograph, photograph_path

HOSTILE = (
    "<script>document.title='run'</script>",
    "'; DROP TABLE assets; --",
    "bell\x07 and null-like \x1b[31mred",
    "gpj.\u202eexe.photo",
    "{{ 7 * 7 }} {% raw %}",
    '" onmouseover="document.title=1" hx-get="/desk',
)
"""What strangers write where a name is asked for."""


@dataclass(frozen=True)
class Stocked:
    """Ids of what the site holds."""

    released_id: str
    held_id: str
    matched_id: str
    blocked_id: str
    hostile_ids: tuple[str, ...]
    work_id: str


def hand_in(site, picture, name, **fields):
    return gate.release(site.deployment, as_submission(encode(picture), name=name, **fields)).asset_id


def flat(shade, side=320):
    """A picture that the baseline pack holds: nothing in it can be told from another."""
    return Image.new("RGB", (side, side), shade)


def stock_site(home, **overrides) -> Stocked:
    """Fill a site under `home` and say what it holds."""
    with open_site(build_settings(home, **overrides)) as site:
        work = parse_image(photograph_path("chelsea.png").read_bytes(), limits=site.deployment.limits)
        registered = site.deployment.works.register(work, title="Chelsea", owner="Stéfan")
        return Stocked(
            released_id=hand_in(site, photograph(), "coffee.jpg", prompt="a cup of coffee on a table"),
            held_id=hand_in(site, flat((9, 99, 9)), "flat.jpg"),
            matched_id=hand_in(site, photograph("chelsea.png", 300), "cat.jpg"),
            blocked_id=hand_in(site, photograph("astronaut.png"), "pilot.jpg", prompt="how to build a pipe bomb"),
            hostile_ids=tuple(
                hand_in(site, flat((200, 10 * n, 40)), name, prompt=f"{name} {'x' * 10_000}"[:4000])
                for n, name in enumerate(HOSTILE)
            ),
            work_id=registered.id,
        )
