"""A firm's own fingerprint and label: a wheel is built, installed into a folder, and used by real processes."""

import io
import json
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from PIL import Image

from tests.sites import DETECTORS, LIGHT_PACKS, encode, photograph

SOURCE = """
import numpy as np

from provenance.errors import LabelError
from provenance.fingerprints.base import Fingerprint, Unhashable


class Average:
    alg, bits, confident_distance_bits = "acme_average", 64, 6

    def compute(self, picture):
        frame = picture.flattened().frame.mean(axis=2)
        rows = np.array_split(frame, 8)
        cells = np.array([[part.mean() for part in np.array_split(row, 8, axis=1)] for row in rows])
        if cells.std() < 1:
            return Unhashable(self.alg, 0, "an even surface")
        return Fingerprint(self.alg, np.packbits(cells.ravel() > np.median(cells)).tobytes(), 100)

    def compute_variants(self, picture):
        return ()


class Comment:
    name = "acme_note"

    def write(self, file, media_type, facts):
        if media_type != "image/jpeg":
            raise LabelError(f"acme_note writes into JPEG, got {media_type}")
        note = f"ACME:{facts.provider}:{facts.asset_id}".encode()
        at = 4 + int.from_bytes(file[4:6], "big")  # behind the first segment, which is JFIF's own
        return b"".join((file[:at], bytes((255, 254)), (len(note) + 2).to_bytes(2, "big"), note, file[at:]))

    def read(self, file, media_type):
        at = file.find(b"ACME:")
        if media_type != "image/jpeg" or at < 0:
            return ""
        size = int.from_bytes(file[at - 2 : at], "big") - 2
        return file[at : at + size].decode("utf-8", "replace")


class Broken:
    def __init__(self):
        raise RuntimeError("the licence has run out")
"""
POINTS = """[chopmark.fingerprints]
acme_average = acme_plugins:Average

[chopmark.labels]
acme_note = acme_plugins:Comment
acme_broken = acme_plugins:Broken
"""
METADATA = "Metadata-Version: 2.1\nName: acme-plugins\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(folder):
    """Write a wheel, which is a zip file with a record of what is in it (PyPA, binary distribution format)."""
    info = "acme_plugins-1.0.dist-info"
    files = {"acme_plugins.py": SOURCE, f"{info}/METADATA": METADATA, f"{info}/WHEEL": WHEEL}
    files[f"{info}/entry_points.txt"] = POINTS
    rows = []
    path = folder / "acme_plugins-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            digest = urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(text.encode())}")
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,", ""]))
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the wheel was installed into, beside our own environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-warn-script-location"]
    subprocess.run([*pip, "--target", str(folder / "there"), str(build_wheel(folder))], check=True)
    return folder / "there"


@pytest.fixture
def run(installed, tmp_path):
    def call(*arguments, **more):
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(installed),
            "CHOPMARK_HOME": str(tmp_path / "home"),
            "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
            "CHOPMARK_PACKS": "light",
            "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
            "CHOPMARK_SCREEN_DEADLINE_S": "120",
            **more,
        }
        command = [sys.executable, "-m", "chopmark", *arguments, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)

    return call


def squeeze(data):
    """The same picture in another file, a little coarser: metadata and manifest are gone."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    return encode(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), quality=60)


def test_a_fingerprint_of_another_firm_registers_matches_and_verifies(run, tmp_path):
    enabled = {"CHOPMARK_FINGERPRINTS": "pdq,phash,acme_average"}
    (tmp_path / "cup.jpg").write_bytes(encode(photograph("coffee.png", 320)))
    (tmp_path / "copy.jpg").write_bytes(squeeze((tmp_path / "cup.jpg").read_bytes()))
    (tmp_path / "cat.jpg").write_bytes(encode(photograph("chelsea.png", 320)))
    assert run("register", str(tmp_path / "cup.jpg"), "--owner", "Acme", **enabled)[0] == 0
    code, answer = run("match", str(tmp_path / "copy.jpg"), **enabled)
    (result,) = answer["results"]
    assert code == 0
    assert "acme_average" in result["searched"]
    assert "acme_average" in {match["alg"] for match in result["matches"]}
    code, answer = run("release", str(tmp_path / "cat.jpg"), "-o", str(tmp_path / "out.jpg"), **enabled)
    assert code == 0, answer
    (tmp_path / "bare.jpg").write_bytes(squeeze((tmp_path / "out.jpg").read_bytes()))
    code, answer = run("verify", str(tmp_path / "bare.jpg"), **enabled)
    assert "acme_average" in json.dumps(answer)


def test_a_label_of_another_firm_is_written_signed_and_read(run, tmp_path):
    enabled = {"CHOPMARK_LABELS": "acme_note"}
    for name, kind in (("cat.jpg", "JPEG"), ("cat.png", "PNG")):
        (tmp_path / name).write_bytes(encode(photograph("chelsea.png", 320), kind))
    code, answer = run("release", str(tmp_path / "cat.jpg"), "-o", str(tmp_path / "out.jpg"), **enabled)
    assert code == 0, answer
    assert b"ACME:Chopmark development deployment:" in (tmp_path / "out.jpg").read_bytes()
    code, answer = run("verify", str(tmp_path / "out.jpg"), **enabled)
    assert code == 0
    assert "ACME:Chopmark development deployment:" in json.dumps(answer)
    code, answer = run("release", str(tmp_path / "cat.png"), **enabled)
    assert code == 3, "what cannot carry an enabled label is held"


@pytest.mark.parametrize(("name", "code"), [("acme_broken", "plugin.broken"), ("nobodys", "plugin.unknown")])
def test_a_broken_or_missing_plugin_is_told_by_its_name(run, name, code):
    exit_code, answer = run("works", "define-bank", "b", "--action", "hold", CHOPMARK_LABELS=name)
    assert exit_code == 2
    assert answer["error"]["code"] == code
    assert name in answer["error"]["message"]
