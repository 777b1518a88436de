"""Waiting on what happens, with a deadline, never on the clock alone."""
import asyncio
import contextlib
import inspect



async def lasts(seconds):
    """How long a fault, a silence or a pause goes on, when that length is itself what is played. There is no event for it:
    nothing happens at its end until whoever plays it goes on. Not for waiting until something has happened."""
    await asyncio.sleep(seconds)


class Changes:
    """Wakes whoever waits whenever somebody says that something changed."""

    def __init__(self):
        self._waiters = set()

    def notify(self):
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def next(self, limit):
        """Until the next change, or for `limit` seconds at most; whether one came."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, max(limit, 0))
            return True
        except asyncio.TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)

    async def until(self, probe, what, limit=10.0):
        """The first true value of `probe`, looked at again after every change."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit
        while True:
            value = probe()
            if value:
                return value
            if clock() >= deadline:
                raise AssertionError(f"not within {limit:g} s: {what}")
            await self.next(deadline - clock())

    async def never(self, probe, what, within):
        """Passes when `probe` stays false for `within` seconds."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + within
        while clock() < deadline:
            value = probe()
            if value:
                raise AssertionError(f"came although it must not: {what}: {value!r}")
            await self.next(deadline - clock())

    async def poll(self, probe, what, limit=10.0, pace=0.05):
        """For what announces nothing (an HTTP answer, a figure of /proc): asks again at each change and every `pace`."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit
        while True:
            value = probe()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            if clock() >= deadline:
                raise AssertionError(f"not within {limit:g} s: {what}")
            await self.next(pace)


async def ended(task):
    """Cancels a task and waits for its end, whatever that is."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
