"""How well the detector `speech` hears: word error, listed words found when they are said, and held when none was.

    python -m bench.speech [FOLDER OF SPEECH MODEL]

Sentences of everyday life and sentences with listed words, none of which any limit was chosen by, are spoken by
`hibari-tts` (a neural voice, Apache-2.0), and by `flite` and `espeak-ng` where these programs are installed (Debian);
each is mixed with nothing, with noise at 20 dB, and with composed music 12 dB softer. A folder of recordings with a
text beside each (NAME.wav or .ogg, NAME.words.txt) is read where `CHOPMARK_BENCH_SPEECH` names one. Last, composed
music without a word. Shares have Wilson's 95 % intervals.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.watermark.measure import wilson
from detectors.base import Subject, Toolbox
from detectors.speech import SpeechDetector, cut_sound
from provenance.asset import Asset, MediaType, new_asset_id, sha256_hex
from provenance.media.limits import IntakeLimits
from provenance.media.sound.sound import Sound, parse_sound
from provenance.media.view import SOUND, View
from provenance.storage.blob import Blob

PLAIN: Final = """\
The library opens at nine and closes early on Fridays during the summer months.
She poured the tea slowly and waited for the rain to stop.
Our train leaves from platform four, so please bring your tickets and a warm coat.
A small dog ran across the field and jumped over the old stone wall.
The committee will meet again next week to discuss the new budget.
He painted the kitchen blue, but his sister wanted it to be yellow.
Scientists measured the temperature of the water every hour for three days.
My grandmother keeps a garden full of roses, tomatoes and herbs.
Turn left at the church and walk until you reach the river.
The children built a castle of sand before the tide came in.
We had bread, cheese and apples for lunch on top of the hill.
The orchestra played a quiet song while the guests were arriving.
If you press the red button, the machine will stop at once.
Many people visit the museum to see the famous paintings.
The weather report says it will be cloudy with some wind tomorrow.
I forgot my umbrella at the office and came home completely wet.
They repaired the bridge in less than two months.
Please write your name and address at the top of the page.
The baker starts work long before the sun comes up.
A good teacher listens more than she speaks.""".splitlines()
LISTED: Final = """\
I will kill you and everyone in your family.
Buy cocaine here, the best heroin in town.
You should hang yourself tonight.
We sell child porn and nude pictures of teenagers.
How to build a pipe bomb in your kitchen.
All Jews must be gassed.
She was naked and they had sex on the table.
Shoot the president in the head.
Cut your wrists and bleed to death.
Order fake passports and counterfeit money from us.
Behead the prisoners and film it.
Place your bets at our online casino.
He raped the girl and stabbed her.
Cook crystal meth at home with these ingredients.
Kill all of the immigrants.""".splitlines()
MIXES: Final = ("alone", "noise at 20 dB", "music 12 dB softer")
FLITE: Final = ("slt", "rms", "awb")


def spell(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def count_errors(said: list[str], heard: list[str]) -> int:
    """Return the fewest words put in, left out or changed."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        before, row[0] = row[0], at
        for index, other in enumerate(heard, 1):
            before, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, before + (word != other))
    return row[-1]


def pack(samples: np.ndarray, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return file.getvalue()


def unpack(data: bytes) -> tuple[np.ndarray, int]:
    with wave.open(io.BytesIO(data)) as given:
        samples = np.frombuffer(given.readframes(given.getnframes()), "<i2").astype(np.float32) / 32_768
        return samples, given.getframerate()


def voices() -> Iterator[tuple[str, Any]]:
    """Yield names of voices and what speaks with them."""
    from hibari import Hibari

    engine = Hibari()
    yield "hibari heart", lambda text: (engine(text, seed=len(text)), engine.sample_rate)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "said.wav"
        if shutil.which("flite"):
            for voice in FLITE:
                yield (
                    f"flite {voice}",
                    lambda text, voice=voice: speak(["flite", "-voice", voice, "-t", text, "-o", str(place)], place),
                )
        if shutil.which("espeak-ng"):
            yield (
                "espeak-ng en-us",
                lambda text: speak(["espeak-ng", "-v", "en-us", "-s", "150", "-w", str(place), text], place),
            )


def speak(command: list[str], place: Path) -> tuple[np.ndarray, int]:
    subprocess.run(command, check=True, capture_output=True)
    return unpack(place.read_bytes())


def mix(samples: np.ndarray, rate: int, how: str) -> np.ndarray:
    power = float(np.sqrt(np.mean(np.square(samples))))
    if how == MIXES[1]:
        return samples + np.random.default_rng(1).normal(0, power / 10, len(samples)).astype(np.float32)
    if how == MIXES[2]:
        music = compose(len(samples) / rate + 1, len(samples) % 7)
        at = np.arange(len(samples)) * 48_000 / rate
        part = np.interp(at, np.arange(len(music)), music).astype(np.float32)
        return samples + part * (power / 4 / max(float(np.sqrt(np.mean(np.square(part)))), 1e-6))
    return samples


def compose(seconds: float, seed: int) -> np.ndarray:
    from generation.music.mix import make_music
    from generation.music.mood import read_mood

    colours = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return make_music(read_mood(colours, ()), max(2.0, seconds), seed).mean(axis=0)


def take(data: bytes) -> Sound:
    return parse_sound(Blob.from_bytes(data), IntakeLimits())


def ask(detector: SpeechDetector, sound: Sound) -> tuple[list[str], bool]:
    """Return the words that are heard, and whether any listed term scores as much as the baseline pack holds from."""
    heard = [word.text for utterance in cut_sound(sound) for word in detector._recogniser.listen(utterance)]  # noqa: SLF001
    asset = Asset(new_asset_id(), sha256_hex(b""), MediaType.PNG, 0, {})
    signal = detector.detect(Subject(asset, View(SOUND, sound), sound.file))
    limits = dict.fromkeys(("weapons", "gambling", "tobacco", "political"), 0.9)
    return heard, any(
        score >= limits.get(name.partition(".")[2], 0.5)
        for name, score in signal.scores.items()
        if name
        not in {
            "spoken.unheard",
            "spoken.alcohol",
            "spoken.characters",
            "spoken.logos",
            "spoken.documents",
            "spoken.real_person",
        }
    )


def share(hits: int, of: int) -> str:
    low, high = wilson(hits, of)
    return f"{hits}/{of} ({low:.0%}-{high:.0%})"


def main() -> None:
    options = {"model": sys.argv[1]} if len(sys.argv) > 1 else {}
    detector = SpeechDetector(Toolbox(works=None, models_dir=Path(), options=options))  # type: ignore[arg-type]  # no works
    detector.warm()
    print(
        "| voice | mixed with | words wrong | listed words held | plain sentences held | CPU s a second |\n|---|---|---|---|---|---|"
    )
    for name, voice in voices():
        for how in MIXES if name.startswith(("hibari", "flite slt")) else MIXES[:1]:
            wrong = words = found = false = 0
            spent = seconds = 0.0
            for listed, lines in ((False, PLAIN), (True, LISTED)):
                for line in lines:
                    samples, rate = voice(line)
                    sound = take(pack(mix(samples, rate, how), rate))
                    began = time.process_time()
                    heard, held = ask(detector, sound)
                    spent, seconds = spent + (time.process_time() - began) / 2, seconds + sound.duration_s
                    wrong, words = wrong + count_errors(spell(line), heard), words + len(spell(line))
                    found, false = found + (held and listed), false + (held and not listed)
            print(
                f"| {name} | {how} | {share(wrong, words)} | {share(found, len(LISTED))} | {share(false, len(PLAIN))} | {spent / seconds:.2f} |",
                flush=True,
            )
    held = words = 0
    for seed in range(10):
        heard, is_held = ask(detector, take(pack(compose(20, seed), 48_000)))
        held, words = held + is_held, words + len(heard)
    print(
        f"\nOf 10 pieces of music of 20 s without a word {share(held, 10)} are held; {words} words were heard in them."
    )
    folder = os.environ.get("CHOPMARK_BENCH_SPEECH", "")
    for text in sorted(Path(folder).glob("*.words.txt")) if folder else ():
        file = next(
            path
            for path in text.parent.glob(text.name.removesuffix(".words.txt") + ".*")
            if path != text and path.suffix in {".wav", ".ogg"}
        )
        heard, _ = ask(detector, take(file.read_bytes()))
        said = spell(text.read_text())
        print(f"{file.stem}: {share(count_errors(said, heard), len(said))} words wrong")


if __name__ == "__main__":
    main()
