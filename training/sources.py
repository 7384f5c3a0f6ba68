"""Which pictures the models learn from, under which licence, and who may learn from which.

Every source is a package of a public registry, fetched by `training.fetch`. Twemoji is held out: nothing is trained or
tuned on it. chop-draw learns only from sources that ask for no more than attribution, so that what it draws carries no
share-alike claim; the others teach chop-clip, which only looks.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["emoji", "iconify", "webp", "clipart", "stamps"]
Style = Literal["flat", "shaded", "outline", "silhouette", "clipart", "photo"]


@dataclass(frozen=True, slots=True)
class Source:
    """One set of pictures.

    Attributes:
        family: its name here.
        package: npm package, or Debian package for `kind` clipart and stamps.
        version: the one that was used.
        licence: SPDX identifier of the pictures.
        kind: how names are found: ``emoji`` and ``iconify`` read Iconify's JSON.
        style: what a caption may call it.
        role: ``train`` for both; ``clip`` trains chop-clip alone; ``test`` is held out of everything.
    """

    family: str
    package: str
    version: str
    licence: str
    kind: Kind
    style: Style
    role: Literal["train", "clip", "test"]


_ICONIFY: Final = "@iconify-json/"
SOURCES: Final = (
    Source("noto", _ICONIFY + "noto", "1.2.9", "Apache-2.0", "emoji", "shaded", "train"),
    Source("noto-v1", _ICONIFY + "noto-v1", "1.2.5", "Apache-2.0", "emoji", "flat", "train"),
    Source("fluent-flat", _ICONIFY + "fluent-emoji-flat", "1.2.6", "MIT", "emoji", "flat", "train"),
    Source("fluent-3d", "@lobehub/fluent-emoji-3d", "1.1.0", "MIT", "webp", "shaded", "train"),
    Source("emojione", _ICONIFY + "emojione", "1.2.3", "CC-BY-4.0", "emoji", "flat", "clip"),
    Source("streamline", _ICONIFY + "streamline-emojis", "1.2.4", "CC-BY-4.0", "emoji", "flat", "clip"),
    Source("flat-color", _ICONIFY + "flat-color-icons", "1.2.3", "MIT", "iconify", "flat", "clip"),
    Source("marketeq", _ICONIFY + "marketeq", "1.2.2", "MIT", "iconify", "outline", "clip"),
    Source("openmoji", _ICONIFY + "openmoji", "1.2.29", "CC-BY-SA-4.0", "emoji", "outline", "clip"),
    Source("emojione-v1", _ICONIFY + "emojione-v1", "1.2.3", "CC-BY-SA-4.0", "emoji", "shaded", "clip"),
    Source("fxemoji", _ICONIFY + "fxemoji", "1.2.2", "Apache-2.0", "emoji", "flat", "clip"),
    Source("circle-flags", _ICONIFY + "circle-flags", "1.2.11", "MIT", "iconify", "flat", "clip"),
    Source("meteocons", _ICONIFY + "meteocons", "1.2.4", "MIT", "iconify", "flat", "clip"),
    Source("game-icons", _ICONIFY + "game-icons", "1.2.4", "CC-BY-3.0", "iconify", "silhouette", "clip"),
    Source("openclipart", "openclipart-svg", "0.18", "CC-PDDC", "clipart", "clipart", "clip"),
    Source("stamps", "tuxpaint-stamps-default", "2022.06.04", "GPL-2.0-only", "stamps", "photo", "clip"),
    Source("twemoji", _ICONIFY + "twemoji", "1.2.5", "CC-BY-4.0", "emoji", "flat", "test"),
)
