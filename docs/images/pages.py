"""Make the pictures of the desk and of the public pages again: a site with photographs, a real browser, each page once.

Usage, from the repository's root, with Debian's Chromium: `.venv/bin/python docs/images/pages.py [PICTURE ...]`. It
works in a folder of its own, which goes with it. Look at each before you commit it.
"""  # noqa: INP001 - a script beside the pictures that it makes, no package

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402 - as above
from PIL import Image  # noqa: E402 - as above
from playwright.sync_api import Page, sync_playwright  # noqa: E402 - as above

from api.access.link import make_admin_link  # noqa: E402 - as above
from api.wiring import open_site  # noqa: E402 - as above
from policies.review.appeal import file_appeal, offer_appeal  # noqa: E402 - as above
from policies.review.claim import claim  # noqa: E402 - as above
from policies.review.job import Reviewer  # noqa: E402 - as above
from policies.review.judgement import decide, review  # noqa: E402 - as above
from policies.review.quality_answer import answer_deal  # noqa: E402 - as above
from policies.review.quality_deal import list_deals  # noqa: E402 - as above
from policies.review.quality_golden import make_from_asset  # noqa: E402 - as above
from policies.review.quality_rules import Rules, keep_rules  # noqa: E402 - as above
from policies.review.verdicts import HUMAN_REVIEW, Verdict  # noqa: E402 - as above
from policies.rules.decision import Outcome  # noqa: E402 - as above
from provenance.media.picture.image import parse_image  # noqa: E402 - as above
from tests.api.desk.server import WHO, serving  # noqa: E402 - as above
from tests.api.desk.stock import hand_in  # noqa: E402 - as above
from tests.browser import CHROMIUM  # noqa: E402 - as above
from tests.sites import build_settings, photograph, photograph_path  # noqa: E402 - as above

IMAGES: Final = Path(__file__).resolve().parent
HELD: Final = (
    ("rocket.jpg", "a casino roulette table"),
    ("coffee.png", "people at a roulette table in a casino"),
    ("astronaut.png", "an astronaut who points a loaded pistol"),
    ("motorcycle_left.png", "a loaded pistol on a kitchen table"),
)
YES: Final = Verdict(Outcome.RELEASE, HUMAN_REVIEW, "a board game")
NO: Final = Verdict(Outcome.BLOCK, HUMAN_REVIEW, "roulette for money")
JUDGED: Final = (("chip.jpg", NO, NO), ("table.jpg", NO, YES), ("wheel.jpg", YES, YES))
"""What a second moderator looked at, and what each of the two said."""


def stock(home: Path) -> dict[str, str]:
    """Fill a site with what the pictures show, and name it."""
    mia = Reviewer("person-Mia", "Mia Chen", sees_sensitive=True)
    with open_site(build_settings(home), quiet=True) as site:
        here = site.deployment
        work = parse_image(photograph_path("chelsea.png").read_bytes(), limits=here.limits)
        registered = here.works.register(work, title="Chelsea the cat", owner="Stéfan van der Walt")
        released = hand_in(
            site, photograph(), "coffee.jpg", prompt="a cup of coffee on a table", submitter="person-Mia Chen"
        )
        matched = hand_in(site, photograph("chelsea.png", 300), "cat.jpg")
        names = [(name, prompt) for name, prompt in HELD if photograph_path(name).exists()]
        held = [hand_in(site, photograph(name, 480), f"{Path(name).stem}.jpg", prompt=prompt) for name, prompt in names]
        refused = hand_in(site, photograph("rocket.jpg", 400), "evening.jpg", prompt="a slot machine in a casino")
        review(
            here, refused, outcome=Outcome.BLOCK, reviewer="Noa", reason="we show no gambling", clause="human review"
        )
        token = offer_appeal(here, refused)
        file_appeal(here, token, "It is a still from a documentary about addiction.")
        judge_twice(site)
        claim(here, held[1], mia)
        link = make_admin_link(here)
        sealed = home.parent / "released.jpg"
        sealed.write_bytes(here.blobs.public.get(f"{released}/media.jpg"))
    return {
        "work": registered.id, "released": released, "matched": matched, "held": held[-1], "refused": refused,
        "token": token, "file": str(sealed), "link": link,
    }  # fmt: skip


def judge_twice(site: Any) -> None:  # noqa: ANN401 - an open site
    """Have two moderators judge some files, one of them blind, and make a case whose answer is known."""
    here, sam, noa = site.deployment, Reviewer("person-Sam", "Sam Oduya"), Reviewer("person-Noa", "Noa Lindqvist")
    lead = Reviewer("person-Mia", "Mia Chen", sees_sensitive=True)
    keep_rules(here, lead, Rules(double_share=1.0))
    for number, (name, first, second) in enumerate(JUDGED):
        asset_id = hand_in(site, photograph("rocket.jpg", 320 + 16 * number), name, prompt="a roulette table")
        decide(here, asset_id, sam, first)
        with here.database.read() as connection:
            deals = [one for one in list_deals(connection, here, noa) if one.case.asset_id == asset_id]
        for deal in deals:
            answer_deal(here, deal, noa, second)
    keep_rules(here, lead, Rules(golden_share=0.05, double_share=0.05, gives_feedback=True))
    known = hand_in(site, photograph("rocket.jpg", 420), "chips.jpg", prompt="a slot machine in a casino")
    make_from_asset(here, known, lead, NO)
    review(here, known, outcome=Outcome.BLOCK, reviewer="Noa", reason="no gambling", clause=HUMAN_REVIEW)


def try_pack(page: Page, _: dict[str, str]) -> None:
    """Ask what a stricter pack would have done to past files."""
    page.fill("#document", page.input_value("#document").replace("nsfw: {hold: 0.5", "nsfw: {hold: 0.0"))
    page.get_by_role("button", name="Try", exact=True).click()
    page.wait_for_selector("#trial")


def verify(page: Page, known: dict[str, str]) -> None:
    """Hand the released file in."""
    page.set_input_files("input[type=file]", known["file"])
    if page.locator("form button[type=submit]").count():
        page.locator("form button[type=submit]").first.click()
    page.wait_for_selector("[data-state], .state, main h1")
    page.wait_for_load_state("networkidle")


def show_match(page: Page, _: dict[str, str]) -> None:
    """Show the pictures, and lay them side by side."""
    page.keyboard.press("v")
    page.locator("text=Aligned").first.click()
    page.wait_for_timeout(1500)


def order(page: Page, _: dict[str, str]) -> None:
    """Order everything, and wait until it is made."""
    page.get_by_role("button", name="Order").click()
    page.get_by_role("link", name="Download").first.wait_for()


def choose_two(page: Page, _: dict[str, str]) -> None:
    """Choose the first two jobs."""
    boxes = page.locator("main input[type=checkbox]")
    for at in range(min(2, boxes.count())):
        boxes.nth(at).check()


Then = Callable[[Page, dict[str, str]], Any] | None
PICTURES: Final[dict[str, tuple[str, str, int, int, Then]]] = {
    # name: who, path, width, height (0: as long as the page), what is done first
    "desk-overview": ("admin", "/desk", 1280, 0, None),
    "desk-queue": ("admin", "/desk/queue", 1280, 720, None),
    "desk-batch": ("admin", "/desk/queue", 1280, 640, choose_two),
    "desk-narrow": ("admin", "/desk/queue", 390, 844, None),
    "desk-job": ("admin", "/desk/jobs/{held}", 1280, 1000, None),
    "desk-match": ("admin", "/desk/jobs/{matched}", 1280, 0, show_match),
    "desk-policy-trial": ("policy_manager", "/desk/policies/edit?name=baseline", 1100, 0, try_pack),
    "desk-quality": ("admin", "/desk/quality", 1280, 860, None),
    "desk-create": ("admin", "/desk/create?way=portrait", 1280, 0, None),
    "desk-released": ("admin", "/desk/jobs/{released}", 1280, 640, None),
    "desk-exports": ("admin", "/desk/exports", 1280, 860, order),
    "sign-in-link": ("", "/sign-in/link/{link}", 900, 520, None),
    "appeal": ("", "/appeals/{token}", 900, 0, None),
    "verify-page": ("", "/verify", 1000, 0, verify),
    "verify-page-narrow": ("", "/verify", 360, 1100, verify),
}

CHINESE: Final = frozenset({"desk-narrow"})


def take(browser: Any, url: str, name: str, known: dict[str, str]) -> None:  # noqa: ANN401 - playwright's
    """Take one picture, and keep it small."""
    who, path, width, height, then = PICTURES[name]
    context = browser.new_context(
        locale="zh-CN" if name in CHINESE else "en-GB",
        viewport={"width": width, "height": height or 800},
        reduced_motion="reduce",
    )
    if who:
        context.add_cookies([{"name": WHO, "value": f"{who}:Mia Chen", "url": url}])
    page = context.new_page()
    page.goto(url + path.format(**known))
    if then is not None:
        then(page, known)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(500)
    file = IMAGES / f"{name}.png"
    page.screenshot(path=str(file), full_page=not height)
    context.close()
    Image.open(file).convert("RGB").quantize(192, kmeans=1, dither=Image.Dither.NONE).save(file, optimize=True)


def main(wanted: list[str]) -> None:
    """Make every picture, or those that are named."""
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        sync_playwright() as playwright,
    ):
        home = Path(folder) / "home"
        known = stock(home)
        patch.setenv("CHOPMARK_MEDIA", "picture,video")
        with serving(home, patch) as server:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for name in wanted or PICTURES:
                take(browser, server.url, name, known)
                print(name, os.path.getsize(IMAGES / f"{name}.png"))  # noqa: PTH202, T201 - for who watches
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
