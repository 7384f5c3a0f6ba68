"""From the words of a prompt to what the painter can paint: scene, time of day, weather and colours.

A table look-up in English and Chinese, nothing more: what it does not know it leaves to chance, seeded by the caller.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Rgb = tuple[float, float, float]
"""Red, green, blue, each 0..1, sRGB."""

_FEATURES: Final[Mapping[str, str]] = {
    "sea": "sea ocean waves wave lake river water bay coast harbour harbor beach shore island 海 湖 河 江 水 浪 岛 滩",
    "mountains": "mountain mountains peak peaks alps summit volcano cliff valley 山 峰 谷",
    "hills": "hill hills countryside landscape farm tuscany 丘 田园 乡村 风景",
    "dunes": "desert dune dunes sand sahara 沙漠 沙丘 沙",
    "forest": "forest wood woods tree trees jungle pine pines grove park 森林 树 林 公园",
    "city": "city town skyline street building buildings skyscraper skyscrapers tower downtown urban village house "
    "houses 城市 都市 楼 街 塔 村 房",
    "flowers": "flower flowers rose roses tulip tulips poppy poppies lavender blossom garden bouquet sunflower "
    "sunflowers 花 玫瑰 郁金香 樱 园",
    "field": "field fields meadow grass grassland prairie wheat lawn 田 草 麦",
    "boat": "boat boats ship sail sailing sailboat yacht 船 帆 舟",
    "birds": "bird birds gull gulls seagull swallow eagle geese 鸟 鸥 雁 燕 鹰",
    "balloon": "balloon balloons 气球",
}
_WEATHER: Final[Mapping[str, str]] = {
    "clouds": "cloud clouds cloudy overcast 云",
    "storm": "storm stormy thunder lightning tempest 风暴 雷 闪电",
    "rain": "rain rainy drizzle 雨",
    "snow": "snow snowy snowing winter ice frozen blizzard 雪 冬 冰",
    "fog": "fog foggy mist misty haze hazy 雾 霾",
    "stars": "star stars starry galaxy cosmos space universe 星 银河 宇宙",
    "moon": "moon moonlight moonlit 月",
    "sun": "sun sunny sunlight 太阳 阳光 日",
    "aurora": "aurora borealis 极光",
    "autumn": "autumn fall maple 秋 枫",
}
_TIMES: Final[Mapping[str, str]] = {
    "night": "night midnight evening dark starry moon moonlight moonlit aurora galaxy 夜 晚 月 星 极光",
    "dusk": "sunset dusk sunrise dawn twilight golden morning 日落 夕阳 黄昏 日出 黎明 晨 晚霞 霞",
    "day": "day noon daylight sunny summer spring 白天 晴 午 夏 春",
}
_ABSTRACT: Final = (
    "abstract pattern swirl swirls fractal geometry geometric shapes circles texture marble spiral kaleidoscope "
    "抽象 图案 纹理 几何 漩涡 螺旋"
)
_COLOURS: Final[Mapping[Rgb, str]] = {
    (0.85, 0.16, 0.14): "red crimson scarlet ruby 红 赤",
    (0.95, 0.50, 0.12): "orange amber 橙 橘",
    (0.97, 0.80, 0.20): "yellow gold golden lemon 黄 金",
    (0.24, 0.62, 0.28): "green emerald jade lime 绿 翠",
    (0.12, 0.66, 0.66): "teal turquoise cyan aqua 青",
    (0.16, 0.38, 0.80): "blue azure sapphire navy 蓝",
    (0.48, 0.26, 0.72): "purple violet lavender indigo 紫",
    (0.94, 0.48, 0.66): "pink rose magenta fuchsia 粉",
    (0.48, 0.31, 0.18): "brown chocolate bronze 棕 褐",
    (0.94, 0.93, 0.90): "white ivory silver 白 银",
    (0.10, 0.10, 0.13): "black ebony 黑",
    (0.52, 0.53, 0.56): "grey gray 灰",
}


@dataclass(frozen=True, slots=True)
class Motif:
    """What the words ask for.

    Attributes:
        features: what stands in the scene, such as ``sea`` or ``city``; empty when the words name nothing known.
        weather: weather, season and what is in the sky.
        time: ``day``, ``dusk``, ``night``, or "" when the words do not say.
        colours: in the order named.
        is_abstract: whether no scene is wanted at all.
    """

    features: frozenset[str]
    weather: frozenset[str]
    time: str
    colours: tuple[Rgb, ...]
    is_abstract: bool


def parse_words(prompt: str) -> Motif:
    """Return what the known words of `prompt` ask for, in any order and case, English or Chinese."""
    plain = unicodedata.normalize("NFKC", prompt).casefold()
    tokens = {token: at for at, token in reversed(list(enumerate(re.findall(r"[a-z]+", plain))))}

    def place(words: str) -> int | None:
        """Return where the first of these words stands, or None."""
        at = [
            tokens[word] if word.isascii() else plain.find(word)
            for word in words.split()
            if word in tokens or not word.isascii()
        ]
        return min((found for found in at if found >= 0), default=None)

    def known(table: Mapping[str, str]) -> frozenset[str]:
        return frozenset(name for name, words in table.items() if place(words) is not None)

    colours = sorted((at, colour) for colour, words in _COLOURS.items() if (at := place(words)) is not None)
    times = [name for name, words in _TIMES.items() if place(words) is not None]
    return Motif(
        features=known(_FEATURES),
        weather=known(_WEATHER),
        time=times[0] if times else "",
        colours=tuple(colour for _, colour in colours),
        is_abstract=place(_ABSTRACT) is not None,
    )
