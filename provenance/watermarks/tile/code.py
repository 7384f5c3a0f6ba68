"""From a 64-bit payload to the signs of 1024 lines and back: a salt, a keyed check, and a polar code.

Every number big-endian, most significant bit first:

    message   112 bits   salt (8) | payload (64: 8-bit version, 56-bit id) | check (40)
    check                HMAC-SHA256(check key, salt and payload as 9 bytes), its first 40 bits
    code      1024 bits  u = 0 except at the 112 indices i of largest weight, which hold the message in order of i;
                         code = u F, F the tenth Kronecker power of [[1, 0], [1, 1]]
    weight               of index i: the sum of 2^(j / 4) over the bits j that are set in i ("polarization weight",
                         Huawei 2016, 3GPP R1-1611254; arXiv:1704.05709), larger i first among equals

The salt is free: whoever embeds takes the one whose code agrees best with what the picture holds already. So a mark is
stronger at no cost in quality, and two pictures with one payload carry different tiles.

Why a keyed check and not a CRC: code and CRC are linear and public, so whoever knows one payload and estimates its tile
could write any other. With an HMAC a new payload is guessed once in 2^40. And it makes false positives arithmetic: an
unmarked picture does not depend on the check key, so each message tried passes with probability 2^-40 (HKDF and HMAC
taken as random functions), whatever the picture.
"""

import hmac
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.base import TICKET_BITS
from provenance.watermarks.tile.layout import DATA_LINES, Layout

SALT_BITS: Final = 8
PAYLOAD_BITS: Final = 64
CHECK_BITS: Final = 40
MESSAGE_BITS: Final = SALT_BITS + PAYLOAD_BITS + CHECK_BITS
_VERSION_BITS: Final = 8
# Of a message whose payload is a ticket: version, and the first bits of its id.
_KNOWN: Final = np.zeros(MESSAGE_BITS, np.bool_)
_KNOWN[SALT_BITS : SALT_BITS + PAYLOAD_BITS - TICKET_BITS] = True
_HEAD_BYTES: Final = (SALT_BITS + PAYLOAD_BITS) // 8
CHANCE_PER_TEST: Final = 2.0**-CHECK_BITS

Bits = NDArray[np.uint8]


def build_messages(layout: Layout, payload: int, salts: range) -> Bits:
    """Return (S, 112): the message bits of a payload under each salt.

    Raises:
        PayloadTooLargeError: the payload is negative or longer than 64 bits.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise PayloadTooLargeError(f"expected a payload of {PAYLOAD_BITS} bits, got one of {payload.bit_length()}")
    tail = payload.to_bytes(PAYLOAD_BITS // 8, "big")
    heads = [bytes((salt,)) + tail for salt in salts]
    whole = b"".join(head + _check(layout, head) for head in heads)
    return np.unpackbits(np.frombuffer(whole, np.uint8)).reshape(len(heads), MESSAGE_BITS)


def encode(messages: Bits) -> Bits:
    """Return the (S, 1024) code bits of (S, 112) messages."""
    from provenance.watermarks.tile._polar_kernel import transform

    columns = np.zeros((DATA_LINES, len(messages)), np.uint8)
    columns[~is_frozen()] = messages.T
    transform(columns)
    return np.ascontiguousarray(columns.T)


def encode_salted(layout: Layout, payload: int) -> Bits:
    """Return (256, 1024): the code of a payload under each salt."""
    return encode(build_messages(layout, payload, range(1 << SALT_BITS)))


def decode(
    layout: Layout, ratios: NDArray[np.float32], *, paths: int, as_ticket: bool = False
) -> tuple[int, Bits] | None:
    """Return payload and code of the likeliest message whose check holds, out of `paths`, or None.

    Args:
        layout: of the key.
        ratios: (1024,) log-likelihood ratios of the code bits, positive for 0; 0 is an erasure.
        paths: how many messages are tried.
        as_ticket: take it for known that the payload is a ticket, so that less has to be read.
    """
    from provenance.watermarks.tile._polar_kernel import decode_list

    frozen, known = (_freeze_ticket() if as_ticket else is_frozen()), _ticket_message()
    # What is known to be 1 turns the code bits that it is part of.
    ratios = ratios * (1 - 2.0 * encode(known[None])[0]) if as_ticket else ratios
    found = np.zeros((paths, DATA_LINES - np.count_nonzero(frozen)), np.uint8)
    count = decode_list(np.ascontiguousarray(ratios, np.float32), frozen, found)
    messages = found
    if as_ticket:
        messages = np.tile(known, (paths, 1))
        messages[:, ~_KNOWN] = found
    for message in messages[:count]:
        payload = _parse(layout, message)
        if payload is not None:
            return payload, encode(message[None])[0]
    return None


def decode_likeliest(
    layout: Layout, ratios: NDArray[np.float32], *, kept: int, paths: int, tests: int
) -> tuple[int, int, Bits] | None:
    """Return column, payload and code of the likeliest message of several columns whose check holds, or None.

    What a message contradicts can be compared between columns, which are one mark's ratios under several suppositions.
    So few messages need be tried: one passes by chance no more often than where it is known which column is right.

    Args:
        layout: of the key.
        ratios: (1024, R) log-likelihood ratios of the code bits, positive for 0.
        kept: columns that are decoded with a list: those in which a single path contradicts least.
        paths: messages in that list.
        tests: how many messages are tried, of all columns together.
    """
    from provenance.watermarks.tile._polar_kernel import decode_list, measure_costs

    costs = np.empty(ratios.shape[1], np.float32)
    measure_costs(np.ascontiguousarray(ratios), is_frozen(), costs)
    # Half of what there is, less what is contradicted, is half of what agrees.
    columns = np.argsort(costs - np.abs(ratios).sum(axis=0) / 2)[:kept]
    likely = np.ascontiguousarray(ratios[:, columns].T, np.float32)
    messages = np.zeros((len(columns), paths, MESSAGE_BITS), np.uint8)
    for received, found in zip(likely, messages, strict=True):
        decode_list(received, is_frozen(), found)
    codes = encode(messages.reshape(-1, MESSAGE_BITS))
    disagreement = np.matmul(codes.reshape(len(columns), paths, DATA_LINES).astype(np.float32), likely[..., None])
    agreement = likely.sum(axis=1)[:, None] - 2 * disagreement[..., 0]
    for at in np.argsort(-agreement, axis=None)[:tests]:
        row, path = divmod(int(at), paths)
        payload = _parse(layout, messages[row, path])
        if payload is not None:
            return int(columns[row]), payload, codes[at]
    return None


def _parse(layout: Layout, message: Bits) -> int | None:
    """Return the payload of a message (112,) whose check holds, or None."""
    whole = np.packbits(message).tobytes()
    head, check = whole[:_HEAD_BYTES], whole[_HEAD_BYTES:]
    return int.from_bytes(head[SALT_BITS // 8 :], "big") if hmac.compare_digest(_check(layout, head), check) else None


@cache
def is_frozen() -> NDArray[np.bool_]:
    """Return (1024,): which places of u are always 0."""
    indices = np.arange(DATA_LINES)
    weights = np.round(sum((indices >> j & 1) * 2 ** (j / 4) for j in range(10)), 9)
    order = sorted(indices, key=lambda i: (weights[i], i), reverse=True)
    frozen = np.ones(DATA_LINES, np.bool_)
    frozen[order[:MESSAGE_BITS]] = False
    return frozen


@cache
def _freeze_ticket() -> NDArray[np.bool_]:
    """Return (1024,): which places of u are known where the payload is a ticket."""
    frozen = is_frozen().copy()
    frozen[np.flatnonzero(~frozen)[_KNOWN]] = True
    return frozen


@cache
def _ticket_message() -> Bits:
    """Return (112,): the bits of a message that every ticket has, 0 elsewhere."""
    message = np.zeros(MESSAGE_BITS, np.uint8)
    message[SALT_BITS + _VERSION_BITS - 1] = 1
    return message


def _check(layout: Layout, head: bytes) -> bytes:
    return hmac.digest(layout.check_key, head, "sha256")[: CHECK_BITS // 8]
