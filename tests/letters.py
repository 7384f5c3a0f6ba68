"""Texts for tests: sentences put together out of plain words, the same for the same seed."""

import random

WHO = [
    "the harbour master",
    "an old sailor",
    "our neighbour",
    "the baker",
    "a young teacher",
    "the lighthouse keeper",
    "her cousin",
]
DID = [
    "wrote to",
    "waited for",
    "laughed with",
    "remembered",
    "walked behind",
    "argued with",
    "sang to",
    "cooked for",
    "painted",
]
WHOM = [
    "the choir",
    "every fisherman",
    "a stranger",
    "the whole village",
    "two carpenters",
    "the gardener",
    "his sister",
]
WHEN = ["before sunrise", "in late autumn", "after the storm", "on a quiet Sunday", "while it rained", "at low tide"]
WHY = ["because the boats were late", "so that nobody felt alone", "although the road was long", "as they had promised"]

HAN = "海边的小镇在清晨很安静渔民们划着船出去孩子在沙滩上跑来跑去老人坐在灯塔下面讲故事风从北方吹过来云慢慢地走"


def sentences(count, seed=1):
    """Return so many sentences."""
    rng = random.Random(seed)
    parts = (WHO, DID, WHOM, WHEN, WHY)
    return [f"{' '.join(rng.choice(part) for part in parts)}.".capitalize() for _ in range(count)]


def letter(seed=1, number=7):
    """Return a Markdown letter of some 200 words, as bytes."""
    lines = sentences(14, seed)
    paragraphs = [" ".join(lines[at : at + 5]) for at in range(0, len(lines), 5)]
    return f"# Letter {seed}\n\nDear reader {number},\n\n".encode() + "\n\n".join(paragraphs).encode() + b"\n"


def chinese(count, seed=1):
    """Return so many sentences of twenty Chinese characters."""
    rng = random.Random(seed)
    return ["".join(rng.choice(HAN) for _ in range(20)) + "\u3002" for _ in range(count)]
