import threading

import numpy as np
import pytest

from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError
from provenance.media.cache import ContentCache
from provenance.media.picture.raster import Picture

SIZE = 10 * 10 * 3


def picture(value):
    return Picture.from_frame(np.full((10, 10, 3), value, np.uint8))


def test_finds_what_it_keeps():
    cache, kept = ContentCache(SIZE), picture(1)
    assert cache.find(sha256_hex(b"1")) is None
    cache.keep(sha256_hex(b"1"), kept)
    assert cache.find(sha256_hex(b"1")) is kept


def test_lets_go_of_the_picture_used_longest_ago():
    cache = ContentCache(2 * SIZE)
    for value in (1, 2):
        cache.keep(sha256_hex(bytes([value])), picture(value))
    cache.find(sha256_hex(b"\1"))
    cache.keep(sha256_hex(b"\3"), picture(3))
    assert cache.find(sha256_hex(b"\2")) is None
    assert cache.find(sha256_hex(b"\1")) is not None
    assert len(cache) == 2


def test_one_that_is_too_large_displaces_nothing():
    cache = ContentCache(SIZE)
    cache.keep(sha256_hex(b"1"), picture(1))
    cache.keep(sha256_hex(b"2"), Picture.from_frame(np.zeros((20, 20, 3), np.uint8)))
    assert cache.find(sha256_hex(b"1")) is not None
    assert len(cache) == 1


def test_smaller_copies_count():
    cache = ContentCache(2 * SIZE)
    first = picture(1)
    cache.keep(sha256_hex(b"1"), first)
    first.reduced(9)
    cache.keep(sha256_hex(b"2"), picture(2))
    assert cache.find(sha256_hex(b"1")) is None
    assert len(cache) == 1


def test_builds_once_and_not_at_all_when_held():
    cache, calls = ContentCache(10 * SIZE), []

    def build():
        calls.append(1)
        return picture(5)

    first = cache.find_or_build(sha256_hex(b"5"), build)
    assert cache.find_or_build(sha256_hex(b"5"), build) is first
    assert calls == [1]


def test_nothing_is_kept_within_no_bytes():
    cache = ContentCache(0)
    cache.keep(sha256_hex(b"1"), picture(1))
    assert len(cache) == 0
    with pytest.raises(ConfigurationError, match="at least 0"):
        ContentCache(-1)


def test_threads_may_share_it():
    cache, failures = ContentCache(3 * SIZE), []

    def work(seed):
        for step in range(200):
            value = (seed + step) % 7
            found = cache.find_or_build(sha256_hex(bytes([value])), lambda value=value: picture(value))
            if found.frame[0, 0, 0] != value:
                failures.append(value)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(cache) <= 3
