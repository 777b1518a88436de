"""SIGSTOP for an instant and for long, and whatever may happen while the process cannot do anything: cut links, refused
and expired tokens, restarts of the connector, floods, agents that die. After SIGCONT it serves as before."""
import asyncio
import signal

from harness.gateway import now
from harness.waiting import lasts

from .conduct import conduct
from .world import World

ROUNDS = 120
SHORT = 8
STABLE, SILENCE = 0.2, 1.0
MEANWHILE = {"nothing": 4, "cut": 3, "closed": 2, "refused": 2, "expired": 2, "restart": 2, "flood": 2, "agent dies": 3}


class Freeze(World):
    settings = {"GATEWAY_STABLE_AFTER": f"{int(STABLE * 1000)}ms", "GATEWAY_PING_INTERVAL": "300ms",
                "GATEWAY_PING_TIMEOUT": f"{int(SILENCE * 1000)}ms"}
    agents_wanted = 2


class Frosts:
    def __init__(self, world, longest):
        self.world, self.rng, self.longest = world, world.rng("frosts"), longest

    def length(self, number):
        """Mostly less than the silence that ends a link, often more; now and then so long that all time-outs pass."""
        if number % 40 == 20:
            return self.longest
        return self.rng.random() * 0.3 if self.rng.random() < 0.6 else SILENCE * (1.1 + self.rng.random())

    async def one(self, number):
        world = self.world
        meanwhile = self.rng.choices(list(MEANWHILE), MEANWHILE.values())[0]
        if meanwhile == "refused":
            await world.aged(STABLE)        # the first refusal since the link was good
        await world.random_point(self.rng)
        link, length = world.link, self.length(number)
        world.did(meanwhile)
        world.gateway.signal(signal.SIGSTOP)
        begun = now()
        try:
            await getattr(self, "do_" + meanwhile.replace(" ", "_"))(link)
            await lasts(max(0.0, begun + length - now()))       # the length is the fault
        finally:
            world.gateway.signal(signal.SIGCONT)
        await world.staffed()
        if meanwhile not in ("nothing", "flood", "agent dies"):
            await world.relinked(link)
        await world.answered(world.event())

    async def do_nothing(self, link):
        pass

    async def do_cut(self, link):
        link.reset()

    async def do_closed(self, link):
        link.close(self.rng.choice([1000, 1001, 1011]))

    async def do_refused(self, link):
        link.close(4401, "refused")

    async def do_expired(self, link):
        link.close(4401, "expired")

    async def do_restart(self, link):
        port = self.world.connector.port
        await self.world.connector.stop()
        await self.world.connector.start(port)

    async def do_flood(self, link):
        for _ in range(300):
            self.world.event()

    async def do_agent_dies(self, link):
        self.world.detach(self.rng.choice(self.world.agents))


async def run(binary, rounds, seed):
    async def life(name, share):
        world = Freeze(binary, seed, name)
        return await conduct(world, share, Frosts(world, 40.0).one)
    return await asyncio.gather(life("freeze, one", rounds - rounds // 2), life("freeze, two", rounds // 2))
