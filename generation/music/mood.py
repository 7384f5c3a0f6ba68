"""How a picture would sound: key, mode, tempo and instruments out of its colours and of words for what it shows.

That a colour has a key is a convention, not a fact: hues go round the circle of fifths from red as C. What is light and
colourful is in a bright mode and quick, what is dark is in a minor one and slow; words move it further.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.asset import Frame

MODES: Final = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
}
"""Semitones of each degree, the brightest mode first."""

LEADS: Final = ("harp", "kalimba", "bells")
NAMES: Final = ("C", "D flat", "D", "E flat", "E", "F", "G flat", "G", "A flat", "A", "B flat", "B")


@dataclass(frozen=True, slots=True)
class Mood:
    """How music is to be.

    Attributes:
        tonic: 0 for C to 11 for B.
        mode: one of `MODES`.
        tempo: beats a minute.
        energy: 0 to 1: how many notes, and whether there is a beat.
        warmth: 0 to 1: how much of a pad, how little of a shimmer.
        lead: one of `LEADS`.
    """

    tonic: int
    mode: str
    tempo: float
    energy: float
    warmth: float
    lead: str

    @property
    def key(self) -> str:
        """Its key, for people."""
        return f"{NAMES[self.tonic]} {self.mode}"


_HAN: Final = re.compile(r"[\u3400-\u9fff]+")
# Words: how much brighter, quicker, fuller; by what people would hum. Unknown words say nothing.
_WORDS: Final = {
    "night moon star space dark cave ghost rain storm winter fog": (-0.35, -0.25, 0.1),
    "sea ocean lake river water boat sail ship fish whale swim": (0.0, -0.15, 0.2),
    "sleep bed quiet calm old temple church candle": (-0.05, -0.35, 0.3),
    "snow ice crystal glass diamond angel": (0.15, -0.15, -0.3),
    "birthday cake balloon party toy gift circus clown dance": (0.35, 0.35, -0.1),
    "cat kitten dog puppy rabbit bird duck bee butterfly fox": (0.2, 0.15, 0.0),
    "sun sunrise beach flower garden meadow poppy spring summer fruit apple": (0.3, 0.1, 0.15),
    "car train bus bicycle motorcycle rocket plane run race robot": (0.05, 0.4, -0.15),
    "mountain castle horse lion dragon king crown sword": (-0.1, 0.05, 0.2),
    "coffee tea cup bread house home book cup wood tree forest": (0.1, -0.1, 0.3),
    "夜 月 星 洞 鬼 雨 雷 暴风 冬 雾": (-0.35, -0.25, 0.1),
    "海 湖 河 江 溪 水 船 帆 鱼 鲸": (0.0, -0.15, 0.2),
    "睡 静 宁 古 庙 寺 教堂 蜡烛": (-0.05, -0.35, 0.3),
    "雪 冰 水晶 玻璃 钻石 天使": (0.15, -0.15, -0.3),
    "生日 蛋糕 气球 派对 玩具 礼物 马戏 跳舞 节日": (0.35, 0.35, -0.1),
    "猫 狗 兔 鸟 鸭 蜜蜂 蝴蝶 狐狸": (0.2, 0.15, 0.0),
    "太阳 阳光 日出 沙滩 花 草地 春 夏 水果 苹果": (0.3, 0.1, 0.15),
    "汽车 火车 公交 自行车 摩托 火箭 飞机 奔跑 赛 机器人": (0.05, 0.4, -0.15),
    "山 城堡 马 狮 龙 王 剑": (-0.1, 0.05, 0.2),
    "咖啡 茶 杯 面包 房 家 书 木 树 森林": (0.1, -0.1, 0.3),
}


def read_mood(picture: Frame, words: Iterable[str] = ()) -> Mood:
    """Return how a picture would sound.

    Args:
        picture: (H, W, 3) of any size.
        words: for what it shows; they are looked up and kept nowhere.
    """
    import cv2

    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.float64)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float64) / 255
    strong = hsv[..., 1] / 255 * hsv[..., 2] / 255
    angle = hsv[..., 0] / 90 * np.pi
    hue = float(np.arctan2((strong * np.sin(angle)).sum(), (strong * np.cos(angle)).sum()) / (2 * np.pi) % 1)
    light, contrast, colour = float(grey.mean()), float(grey.std()), float(strong.mean())
    warm = float((strong * np.cos(angle - np.pi / 6)).sum() / max(1e-6, strong.sum()))  # orange is warmest
    edges = float(np.abs(np.diff(grey, axis=1)).mean())
    brighter, quicker, fuller = _read_words(words)
    bright = np.clip(0.25 + 0.75 * light + 0.25 * colour + brighter - 0.25, 0, 1)
    energy = float(np.clip(0.2 + 0.9 * contrast + 2.2 * edges + 0.3 * colour + quicker, 0, 1))
    modes = list(MODES)
    return Mood(
        tonic=round(hue * 12) * 7 % 12,
        mode=modes[min(len(modes) - 1, int((1 - bright) * len(modes)))],
        tempo=round(62 + 52 * energy),
        energy=energy,
        warmth=float(np.clip(0.5 + 0.4 * warm + fuller, 0, 1)),
        lead="bells" if fuller < -0.2 else "kalimba" if energy > 0.5 else "harp",
    )


def _read_words(texts: Iterable[str]) -> tuple[float, float, float]:
    words = tuple(texts)
    found = {one for text in words for one in re.findall(r"[a-z]+", text.lower())}
    found |= {one.removesuffix("s") for one in found}
    # Chinese puts no blanks between words: each is looked for where it may stand.
    han = " ".join(_HAN.findall(" ".join(words)))
    sums = np.zeros(3)
    for known, change in _WORDS.items():
        listed = known.split()
        if found & set(listed) or any(one in han for one in listed):
            sums += change
    brighter, quicker, fuller = np.clip(sums, -0.5, 0.5)
    return float(brighter), float(quicker), float(fuller)
