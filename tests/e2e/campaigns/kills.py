"""SIGKILL at random moments, a new process on the same state directory."""
import asyncio
import time

from harness.waiting import lasts

from .world import World


class Kills(World):
    settings = {"GATEWAY_DEDUPE_ENTRIES": None, "GATEWAY_EGRESS_HOLD": "60s"}
    most_open = 400         # what short lives can get rid of: a backlog that grows for a minute outlasts the hold
    long_share = 0.0        # lives are short: what is held must get through within them
    patience = 60.0

    def __init__(self, binary, seed):
        super().__init__(binary, seed, "kills")
        self._deaths = self.rng("deaths")
        self.kills = self.cuts = 0

    async def listening(self):
        try:
            await self.gateway.listening(20)
            return await self.attach() is not None
        except AssertionError:
            return False

    async def load(self, until):
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            for _ in range(self._people.randint(1, 4) if len(self.open) < self.most_open else 0):
                self.event()
            if self._deaths.random() < 0.02 and self.link and self.link.over is None:
                self.cuts += 1
                self.link.reset()
            await lasts(self._people.random() * 0.01)      # the load's own pace

    async def kill(self):
        self.gateway.process.kill()
        await self.gateway.exited()
        self.kills += 1
        for agent in self.agents:
            agent.over = agent.over or (1006, "")
        self.agents.clear()
        self.prune()

    async def one(self):
        """One life of the gateway."""
        await self.start()
        loop = asyncio.get_running_loop()
        if self._deaths.random() < 0.15:      # while it starts
            await self.gateway.changes.next(self._deaths.random() * 0.06)
        elif await self.listening():
            await self.load(loop.time() + self._deaths.expovariate(1 / 0.12))
        await self.kill()

    async def settle(self):
        """The faults are over: everything must come to an end."""
        await self.start()
        if not await self.listening():
            self.wrong("the gateway did not come back: " + self.said())
            return
        await self.quiet()
        self.oracle.verdict()
        await self.stop()

    async def run(self, kills):
        begun = time.monotonic()
        await self.begin()
        try:
            for _ in range(kills):
                await self.one()
                if self.violations:
                    break
            await self.settle()
        finally:
            await self.finish()
        return time.monotonic() - begun
