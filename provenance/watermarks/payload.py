"""From a 64-bit payload to channel bits and back: a keyed check, an error-correcting code, and a key's own mask.

Layout (`PayloadCode`, 416 channel bits), every number big-endian, most significant bit first:

    message   104 bits   payload (64: 8-bit version, 56-bit id) | check (40)
    check                HMAC-SHA256(check key, payload as 8 bytes), its first 40 bits
    coded     416 bits   tail-biting convolutional code, K = 11, rate 1/4: before step t the register holds the ten
                         message bits before t (wrapping round), then takes bit t; coded[4 t + g] is the parity of
                         register & generator g
    channel   416 bits   channel[257 i mod 416] = coded[i], then XOR the mask
    keys                 HKDF-SHA256(secret, no salt, info = "chopmark watermark " + alg): 32 bytes check key, then
                         52 bytes mask

Why a keyed check and not a CRC: code, mask and CRC are linear, so one marked picture whose payload is public (it is:
the manifest names it) would let anybody write any other payload. With an HMAC a new payload is guessed once in 2^40.
Reading is another matter: the mask is the same for all pictures under a key, so a known payload gives others away.

False positives, by arithmetic: a picture that was not marked under a key does not depend on its check key, so whatever
message the decoder makes of it, the HMAC equals the 40 bits found there with probability 2^-40 (HKDF and HMAC taken as
random functions). That holds for other people's pictures, for pictures marked under another key, and for every attempt
at reading; a scheme multiplies it by its attempts and keys.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.base import WatermarkKey

PAYLOAD_BITS: Final = 64
CHECK_BITS: Final = 40
MESSAGE_BITS: Final = PAYLOAD_BITS + CHECK_BITS
CHANNEL_BITS: Final = 4 * MESSAGE_BITS
CHANCE_PER_ATTEMPT: Final = 2.0**-CHECK_BITS

# Larsen 1973, "Short convolutional codes with maximal free distance for rates 1/2, 1/3 and 1/4": K = 11, d_free = 29.
GENERATORS: Final = (0o2327, 0o2353, 0o2671, 0o3175)
_MEMORY: Final = 10
_STATES: Final = 1 << _MEMORY
# Nearest integer to 416 over the golden ratio; coprime to 416, so neighbours in code lie far apart in the picture.
_STRIDE: Final = 257
# Four times K: longer overlaps decode no more messages (measured at half the correctable noise).
_WRAP: Final = 4 * (_MEMORY + 1)

# Rows decoded together: enough to spread numpy's overhead, few enough to stay in 15 MB.
_BATCH: Final = 16

Bits = NDArray[np.uint8]
Soft = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A payload whose check held.

    Attributes:
        payload: 64-bit value.
        key_id: the key under which it held.
        corrected_bits: channel bits whose sign disagreed with the codeword.
    """

    payload: int
    key_id: str
    corrected_bits: int


class PayloadCode:
    """Channel bits for one key and one scheme."""

    __slots__ = ("_check_key", "_mask", "key_id")

    def __init__(self, key: WatermarkKey, alg: str) -> None:
        self.key_id = key.key_id
        self._check_key, mask = derive_keys(key, alg, mask_bits=CHANNEL_BITS)
        self._mask = mask

    def encode(self, payload: int) -> Bits:
        """Return the (416,) channel bits, 0 or 1, of a payload.

        Raises:
            PayloadTooLargeError: the payload is negative or longer than 64 bits.
        """
        if not 0 <= payload < 1 << PAYLOAD_BITS:
            raise PayloadTooLargeError(f"expected a payload of {PAYLOAD_BITS} bits, got one of {payload.bit_length()}")
        message = _bits_of(payload, PAYLOAD_BITS), _bits_of(self._check(payload), CHECK_BITS)
        return _interleave(_convolve(np.concatenate(message))) ^ self._mask

    def unmask(self, soft: Soft) -> Soft:
        """Return (A, 416) soft values in the order of the code: positive speaks for 1."""
        signed = np.where(self._mask == 1, -soft, soft).astype(np.float32)
        return signed[:, _positions()]

    def verify_message(self, message: Bits) -> int | None:
        """Return the payload of a (104,) message if its check holds, else None."""
        value = int.from_bytes(np.packbits(message).tobytes(), "big")
        payload = value >> CHECK_BITS
        return payload if self._check(payload) == value & ((1 << CHECK_BITS) - 1) else None

    def _check(self, payload: int) -> int:
        digest = hmac.digest(self._check_key, payload.to_bytes(PAYLOAD_BITS // 8, "big"), "sha256")
        return int.from_bytes(digest[: CHECK_BITS // 8], "big")


def decode_soft(codes: Sequence[PayloadCode], attempts: Soft) -> Decoded | None:
    """Try several vectors of channel values under several keys at once; return the first payload whose check holds.

    Args:
        codes: the keys' codes, in order of preference.
        attempts: (A, 416) float, in order of preference; positive speaks for 1, size is confidence, 0 is an erasure.
    """
    received = np.concatenate([code.unmask(attempts) for code in codes])
    tried = [code for code in codes for _ in attempts]
    for start in range(0, len(received), _BATCH):
        rows = received[start : start + _BATCH]
        messages = _viterbi(rows)
        for code, row, message in zip(tried[start:], rows, messages, strict=False):
            payload = code.verify_message(message)
            if payload is not None:
                disagrees = (row > 0) != (_convolve(message) == 1)
                return Decoded(payload, code.key_id, int(np.count_nonzero(disagrees)))
    return None


def derive_keys(key: WatermarkKey, alg: str, *, mask_bits: int) -> tuple[bytes, Bits]:
    """Return (check key of 32 bytes, mask of `mask_bits` bits) of a key for one scheme."""
    mask_bytes = -(-mask_bits // 8)
    info = b"chopmark watermark " + alg.encode("ascii")
    stream = HKDF(algorithm=SHA256(), length=32 + mask_bytes, salt=None, info=info).derive(key.secret)
    return stream[:32], np.unpackbits(np.frombuffer(stream[32:], np.uint8))[:mask_bits]


def _bits_of(value: int, count: int) -> Bits:
    return np.unpackbits(np.frombuffer(value.to_bytes(count // 8, "big"), np.uint8))


@cache
def _positions() -> NDArray[np.intp]:
    return np.arange(CHANNEL_BITS) * _STRIDE % CHANNEL_BITS


def _interleave(coded: Bits) -> Bits:
    channel = np.empty_like(coded)
    channel[_positions()] = coded
    return channel


def _convolve(message: Bits) -> Bits:
    taps = np.array([[generator >> age & 1 for age in range(_MEMORY + 1)] for generator in GENERATORS], np.uint8)
    window = np.stack([np.roll(message, age) for age in range(_MEMORY + 1)])
    return (taps @ window & 1).T.ravel().astype(np.uint8)


@cache
def _branch_signs() -> NDArray[np.float32]:
    """Return (4, 1024): +1 where a step into that state, out of one whose oldest bit is 0, sends a 1, else -1."""
    states = np.arange(_STATES) << 1
    reversed_taps = [int(f"{generator:011b}"[::-1], 2) for generator in GENERATORS]
    parities = [np.bitwise_count(states & taps) & 1 for taps in reversed_taps]
    return (2.0 * np.stack(parities) - 1.0).astype(np.float32)


def _viterbi(received: Soft) -> Bits:
    """Return the (B, 104) most likely messages of (B, 416) soft values in code order.

    The ring is run with its end in front and its start behind, which settles the unknown state. A state keeps its
    newest bit on top. Every generator taps the oldest bit, so the two branches into a state carry opposite bits and one
    gain serves both.
    """
    batch, half = len(received), _STATES // 2
    steps = received.reshape(batch, MESSAGE_BITS, len(GENERATORS)).transpose(1, 0, 2)
    ring = np.concatenate([steps[-_WRAP:], steps, steps[:_WRAP]])
    gains = (ring @ _branch_signs()).reshape(len(ring), batch, 2, half)
    came_from = np.empty(gains.shape, np.bool_)
    low, high = np.empty_like(gains[0]), np.empty_like(gains[0])
    metric = np.zeros((batch, _STATES), np.float32)
    for step, gain in enumerate(gains):
        pairs = metric.reshape(batch, 1, half, 2)
        np.add(pairs[..., 0], gain, out=low)
        np.subtract(pairs[..., 1], gain, out=high)
        np.greater(high, low, out=came_from[step])
        np.maximum(low, high, out=metric.reshape(batch, 2, half))
    return _trace_back(metric.argmax(axis=1), came_from.reshape(len(ring), batch, _STATES))


def _trace_back(state: NDArray[np.intp], came_from: NDArray[np.bool_]) -> Bits:
    rows = np.arange(len(state))
    path = np.empty((len(came_from), len(state)), np.uint8)
    for step in range(len(came_from) - 1, -1, -1):
        path[step] = state >> (_MEMORY - 1)
        state = (state << 1 & _STATES - 1) | came_from[step, rows, state]
    return np.ascontiguousarray(path[_WRAP : _WRAP + MESSAGE_BITS].T)
