import asyncio

import pytest

from api import bounds
from api.bounds import Budget, BusyError, StalledUploadError, receive
from provenance.errors import AssetTooLargeError


def held(budget, amount, until, order, name):
    async def hold():
        async with budget.hold(amount):
            order.append(name)
            await until.wait()

    return asyncio.ensure_future(hold())


def test_who_comes_first_is_served_first_and_a_large_wish_is_not_passed_by():
    async def go():
        budget, order, end = Budget("room", 4, wait_s=5), [], [asyncio.Event() for _ in range(4)]
        tasks = [held(budget, amount, end[n], order, n) for n, amount in enumerate((3, 3, 1, 1))]
        await asyncio.sleep(0.01)
        assert order == [0]
        end[0].set()
        await asyncio.sleep(0.01)
        assert (order, budget.held) == ([0, 1, 2], 4)
        for event in end:
            event.set()
        await asyncio.gather(*tasks)
        assert (order, budget.held) == ([0, 1, 2, 3], 0)

    asyncio.run(go())


def test_more_than_there_is_comes_alone():
    async def go():
        budget = Budget("pixels", 4, wait_s=0.05)
        async with budget.hold(1000):
            assert budget.held == 4
            with pytest.raises(BusyError, match="expected pixels to be free within 0.05 s"):
                async with budget.hold(0), budget.hold():
                    pass
        assert budget.held == 0
        async with budget.hold():
            pass

    asyncio.run(go())


def test_who_gives_up_waiting_leaves_no_trace():
    async def go():
        budget = Budget("room", 1, wait_s=5)
        async with budget.hold():
            gone = asyncio.ensure_future(budget._take(1))
            late = asyncio.ensure_future(budget._take(1))
            await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.sleep(0.01)
        await late
        assert budget.held == 1
        budget.held = 0
        # Cancelled in the very moment in which its turn came.
        async with budget.hold():
            gone = asyncio.ensure_future(budget._take(1))
            await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        assert (budget.held, len(budget._waiting)) == (0, 0)

    asyncio.run(go())


async def parts_of(*parts):
    for part in parts:
        if isinstance(part, float):
            await asyncio.sleep(part)
        else:
            yield part


def received(*parts, **settings):
    async def go():
        async with receive(
            parts_of(*parts), **{"most_bytes": 10_000_000, "idle_s": 5, "total_s": 5, **settings}
        ) as file:
            return file.read(), not file.is_small

    return asyncio.run(go())


def test_a_body_comes_whole_and_a_long_one_outside_of_memory():
    assert received(b"ab", b"", b"c") == (b"abc", False)
    assert received() == (b"", False)
    half = bounds.IN_MEMORY_BYTES // 2
    assert received(bytes(half), bytes(half)) == (bytes(2 * half), False)
    data, is_outside = received(bytes(half), bytes(half), b"x")
    assert (len(data), is_outside) == (2 * half + 1, True)
    assert 32 * bounds.IN_MEMORY_BYTES < 128 << 20  # as many as come at once, see `http.uploads`


def test_a_long_body_is_refused_while_it_comes():
    with pytest.raises(AssetTooLargeError, match="at most 5 bytes"):
        received(b"123", b"456", 60.0, most_bytes=5)


@pytest.mark.parametrize("parts", [(60.0, b"x"), (b"x", 60.0), (b"", 60.0), [0.02, b"x"] * 50])
def test_a_body_that_stalls_or_drips_is_ended(parts):
    with pytest.raises(StalledUploadError, match=r"a part of it every 0\.3 s, got \d+ bytes"):
        received(*parts, idle_s=0.3, total_s=0.5)


def test_what_is_raised_while_the_file_is_used_is_not_the_uploads_fault():
    async def go():
        async with receive(parts_of(b"x"), most_bytes=5, idle_s=1, total_s=1):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(go())
