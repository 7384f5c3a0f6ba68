"""A decoder for tests: does to its process whatever the picture's colour profile says."""

import os
import time

import numpy as np

from provenance.media.picture import decoders
from provenance.media.picture.decode import decode

DIRTY = []
LEAKED = []
FULL = 400 << 20


def misbehave(layout, limits):
    match layout.icc:
        case b"segfault":
            os.kill(os.getpid(), 11)
        case b"hang":
            time.sleep(60)
        case b"loop":
            while True:
                pass
        case b"exit":
            os._exit(7)
        case b"memory":
            np.ones(3 << 30, np.uint8)
        case b"file":
            with open("/tmp/chopmark-decoder-wrote-this", "wb") as file:
                file.write(bytes(1 << 20))
        case b"defect":
            raise KeyError("secret")
        case b"spoil":
            DIRTY.append(1)
        case b"leak":
            LEAKED.append(bytearray(FULL))
        case b"":
            if DIRTY:
                os.kill(os.getpid(), 6)
        case b"large":
            bytearray(FULL)
    return decode(layout, limits)


if __name__ == "__main__":
    decoders.decode = misbehave
    decoders.serve()
