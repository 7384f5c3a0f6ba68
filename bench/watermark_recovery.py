"""How often a watermark's whole payload comes back, per edit: the tables of docs/watermarks.md.

python -m bench.watermark_recovery                        dwt_dct_svd, photographs at their own size
python -m bench.watermark_recovery --side 1024            the same, stretched to 1024x1024
python -m bench.watermark_recovery --scheme riva_gan --every 3
python -m bench.watermark_recovery --scheme library       invisible-watermark itself, 64 bits, no check
"""

import argparse
import time
from statistics import mean, median

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from bench.edits import ALL, at_size, load_photographs
from provenance.asset import Frame
from provenance.errors import UnmarkableError
from provenance.watermarks.base import WATERMARKS, WatermarkKey

KEY = WatermarkKey("bench", bytes(range(32)))


class Library:
    """invisible-watermark the way its README uses it, told what to look for: the best it can do."""

    def embed(self, frame: Frame, payload: int) -> Frame:
        """Hide 64 bits."""
        from imwatermark import WatermarkEncoder

        encoder = WatermarkEncoder()
        encoder.set_by_bytes(payload.to_bytes(8, "big"))
        return np.ascontiguousarray(encoder.encode(np.ascontiguousarray(frame[..., ::-1]), "dwtDctSvd")[..., ::-1])

    def extract(self, frame: Frame) -> int | None:
        """Return the 64 bits found, whatever they are."""
        from imwatermark import WatermarkDecoder

        if frame.shape[0] * frame.shape[1] < 256 * 256:
            return None
        found = WatermarkDecoder("bytes", 64).decode(np.ascontiguousarray(frame[..., ::-1]), "dwtDctSvd")
        return int.from_bytes(found, "big")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheme", default="dwt_dct_svd", choices=("library", *WATERMARKS.names()))
    parser.add_argument("--side", type=int, help="stretch every photograph to a square of this side")
    parser.add_argument("--every", type=int, default=1, help="take every n-th photograph")
    parser.add_argument("--edits", help="only edits whose name contains one of these, comma-separated")
    options = parser.parse_args()

    scheme = Library() if options.scheme == "library" else WATERMARKS.load(options.scheme)((KEY,))
    wanted = options.edits.split(",") if options.edits else [""]
    edits = {name: edit for name, edit in ALL.items() if any(part in name for part in wanted)}
    photographs = list(load_photographs().values())[:: options.every]
    psnr_db, ssim, embed_s, extract_s = [], [], [], []
    recovered, wrong, unmarkable, false = dict.fromkeys(edits, 0), 0, 0, 0
    for number, photograph in enumerate(photographs):
        frame = at_size(photograph, options.side) if options.side else photograph
        payload = 0x01 << 56 | (number + 1) * 0x9E37_79B9_7F4A
        started = time.perf_counter()
        try:
            marked = scheme.embed(frame, payload)
        except UnmarkableError:
            unmarkable += 1
            continue
        embed_s.append(time.perf_counter() - started)
        psnr_db.append(peak_signal_noise_ratio(frame, marked))
        ssim.append(structural_similarity(frame, marked, channel_axis=2))
        for name, edit in edits.items():
            edited = edit(marked)
            started = time.perf_counter()
            found = scheme.extract(edited)
            extract_s.append(time.perf_counter() - started)
            value = found if found is None or isinstance(found, int) else found.payload
            recovered[name] += value == payload
            wrong += value is not None and value != payload
        false += scheme.extract(frame) is not None
    print(f"{options.scheme}, side {options.side or 'own'}: {len(photographs)} photographs, {unmarkable} unmarkable")
    print(f"PSNR {mean(psnr_db):.1f} dB, least {min(psnr_db):.1f}; SSIM {mean(ssim):.4f}, least {min(ssim):.4f}")
    print(f"embed {1e3 * median(embed_s):.0f} ms, extract {1e3 * median(extract_s):.0f} ms (medians)")
    print(f"wrong payloads {wrong} of {len(edits) * len(psnr_db)}; unmarked read as marked {false}")
    for name, count in recovered.items():
        print(f"| {name} | {count}/{len(psnr_db)} |")


if __name__ == "__main__":
    main()
