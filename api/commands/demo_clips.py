"""What the demo does with clips, where PyAV is installed: a drawn picture animated with music, and the clip extended.

Small and short, for it shows the chain and not the picture: `chopmark animate` makes 720 lines.
"""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

from api.animating import animate_picture, extend_clip, name_clip, release_drawn
from api.output import Output
from api.releasing import Ended, end_one
from api.settings import Settings
from api.wiring import Site
from policies.line.deployment import Submission
from policies.line.released import find_released, load_released
from provenance.errors import GateError
from provenance.media.containers.movie import MP4
from provenance.storage.blob import Blob

BEGINS_WITH: Final = "drawn-cat.png"
CLIP: Final = name_clip(BEGINS_WITH)
LONGER: Final = name_clip(CLIP, is_longer=True)
SKIPPED: Final = "no clip was made, as PyAV is not installed: pip install 'chopmark[video]'"

_CHAIN: Final = (("componentOf", False), ("parentOf", True), ("componentOf", False), ("inputTo", True))
_SECONDS: Final = 2.0
_SIDE: Final = 360
_RATE: Final = 24


def makes_clips() -> bool:
    """Return whether clips can be made and taken here."""
    return find_spec("av") is not None


def take_clips(settings: Settings) -> Settings:
    """Return settings of a site that takes clips as well."""
    return settings.model_copy(update={"media": ("picture", "video")})


def make_clips(site: Site, submissions: Sequence[Submission], ended: Sequence[Ended], target: Output) -> list[Ended]:
    """Animate the drawn cat, release the clip, go on from what was released, and release that.

    Raises:
        GateError: what it begins with was not released, or nothing could be made.
    """
    from generation.clip import Wish

    drawn = next(one for one in submissions if one.name == BEGINS_WITH)
    wish = Wish(_SECONDS, _SIDE, _RATE, seed=drawn.recipe["seed"], has_music=True, words=(drawn.prompt or "",))
    begun = release_drawn(drawn, *_load(site, next(one for one in ended if one.name == BEGINS_WITH)))
    clip = end_one(site, animate_picture(site.deployment, begun, wish, name=CLIP), target.choose(CLIP, MP4))
    longer = extend_clip(site.deployment, _load(site, clip)[0], wish, name=LONGER)
    return [clip, end_one(site, longer, target.choose(LONGER, MP4))]


def tell_chain(ingredients: Sequence[Mapping[str, Any]]) -> str:
    """Say what an extended clip was made from, or "" where its chain is not whole.

    Args:
        ingredients: of the layer `manifest_integrity`, as verification tells them.
    """
    found = [*_walk(ingredients)]
    if sorted(one[:2] for one in found) != sorted(_CHAIN) or any(one[2] == "broken" for one in found):
        return ""
    return "made from music and a clip, and that from music and a drawn picture; every signature on the way holds"


def _walk(branches: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool, str]]:
    found = []
    for one in branches:
        found.append((str(one["relationship"]), one["state"] != "unsigned", str(one["state"])))
        found += _walk(one["ingredients"])
    return found


def _load(site: Site, ended: Ended) -> tuple[Blob, Any]:
    if ended.result is None or not ended.written:
        raise GateError(f"the demo expected {ended.name} to be released: {ended.error or 'see what withheld it'}")
    with site.deployment.database.read() as connection:
        released = find_released(connection, ended.result.asset_id, tenant=site.deployment.tenant)
    return load_released(site.deployment.blobs.public, released), released.media_type
