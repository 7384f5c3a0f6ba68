"""Whether a sound is nothing but notes that this gate composed and played itself: then nobody has to listen to it.

No word can be said in it, and nothing of anybody's sound is in it: a piece is computed from a mood and a seed. That is
what the gate knows and not what a submission says: the origin of an asset is set where it is made, a recipe is believed
of such an asset alone, and the answer is fixed with the request at intake. Voices, ambience, a model's music and
whatever began with somebody's sound are listened to as before.
"""

from collections.abc import Mapping
from typing import Any, Final

from generation.music import COMPOSER
from provenance.asset import Origin
from provenance.manifests.components import FIELD

# What takes part in no piece: another file that is heard.
_HEARD: Final = ("audio/", "video/")


def is_composed(origin: Origin, recipe: Mapping[str, Any]) -> bool:
    """Return whether an asset of that origin and recipe (JSON form of `generation.base.Recipe`) is such a piece."""
    if origin is not Origin.GENERATED or not str(recipe.get("backend", "")).startswith(f"{COMPOSER}/"):
        return False
    heard = any(str(one.get("media_type", "")).startswith(_HEARD) for one in recipe.get(FIELD) or ())
    return recipe.get("model_type") == "" and isinstance(recipe.get("parameters", {}).get("music"), int) and not heard
