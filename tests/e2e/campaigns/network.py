"""A bad network between two namespaces: loss, delay, jitter, packets twice, out of order and garbled, one direction or
both gone for longer than the silence that ends a link, an interface that goes down, an address that changes."""
import asyncio

from harness.connector import Connector
from harness.waiting import lasts

from . import wire
from .conduct import conduct
from .wire import Conditions, Wire
from .world import World

ROUNDS = 200
SHORT = 6
SILENCE = 1.0
KINDS = {"loss": 4, "one-way loss": 3, "delay": 3, "disorder": 3, "garbled": 3, "blink": 2, "half-open": 3, "deaf": 2, "mute": 2,
         "down": 2, "moved": 2}
GONE = Conditions(loss=1.0)


def impossible():
    return None if wire.possible() else "it needs a network namespace and a TUN device (root, iproute2)"


class Network(World):
    settings = {"GATEWAY_PING_INTERVAL": "300ms", "GATEWAY_PING_TIMEOUT": f"{int(SILENCE * 1000)}ms",
                "GATEWAY_HANDSHAKE_TIMEOUT": "2s"}
    patience = 40.0         # a TCP connection that was cut off for seconds tries again after as many

    def __init__(self, binary, seed, name, number):
        super().__init__(binary, seed, name)
        self.number = number

    async def make_connector(self):
        self.wire = Wire(self.number, self.rng("packets"))
        self.wire.start()
        self.connector = await Connector().start(bound=self.wire.listener())

    async def finish(self):
        await super().finish()
        self.wire.stop()
        self.counts["packets carried"] = self.wire.out.carried + self.wire.back.carried
        self.counts["packets lost"] = self.wire.out.lost + self.wire.back.lost
        self.counts["packets garbled"] = self.wire.out.garbled + self.wire.back.garbled


class Storms:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("storms")

    async def one(self, number):
        world = self.world
        kind = self.rng.choices(list(KINDS), KINDS.values())[0]
        await world.random_point(self.rng)
        world.did(kind)
        try:
            await getattr(self, "do_" + kind.replace(" ", "_").replace("-", "_"))()
        finally:
            world.wire.be()
        await world.within(world.patience, lambda: world.link.over is None, "a link")
        await world.answered(world.event())

    async def noticed(self, limit=SILENCE + 2.0):
        """The gateway sees that it is cut off."""
        async def cut_off():
            return (await self.world.gateway.get("/readyz")).status == 503
        await self.world.within(limit, cut_off, "that the link is dead")

    async def bad(self, both=True, **conditions):
        there, back = Conditions(**conditions), Conditions(**conditions)
        if not both:
            there, back = self.rng.choice([(there, None), (None, back)])
        self.world.wire.be(there, back)
        await lasts(self.rng.uniform(0.3, 1.5))

    async def do_loss(self):
        await self.bad(loss=self.rng.uniform(0.02, 0.3))

    async def do_one_way_loss(self):
        await self.bad(both=False, loss=self.rng.uniform(0.1, 0.6))

    async def do_delay(self):
        await self.bad(delay=self.rng.uniform(0.01, 0.2), jitter=self.rng.uniform(0, 0.1))

    async def do_disorder(self):
        await self.bad(delay=0.005, jitter=0.03, reorder=self.rng.uniform(0.1, 0.5), twice=self.rng.uniform(0, 0.3))

    async def do_garbled(self):
        await self.bad(both=self.rng.random() < 0.5, corrupt=self.rng.uniform(0.05, 0.4))

    async def do_blink(self):
        self.world.wire.be(GONE, GONE)
        await lasts(self.rng.uniform(0.05, SILENCE * 0.6))

    async def do_half_open(self):
        self.world.wire.be(GONE, GONE)
        await self.noticed()
        await lasts(self.rng.random())

    async def do_deaf(self):
        self.world.wire.be(None, GONE)
        await self.noticed()

    async def do_mute(self):
        self.world.wire.be(GONE, None)
        await self.noticed(SILENCE + 6.0)       # what the connector may still send ahead comes in first

    async def do_down(self):
        wire.ip(f"link set {self.world.wire.device} down")
        await lasts(self.rng.uniform(0.1, SILENCE * 2))
        wire.ip(f"link set {self.world.wire.device} up")

    async def do_moved(self):
        """The gateway's address is another one from now on: what stood cannot go on."""
        world, link = self.world, self.world.link
        was = world.wire.near
        world.wire.near = f"10.77.{world.number}.{self.rng.choice([x for x in range(3, 250) if not was.endswith(f'.{x}')])}"
        wire.ip(f"addr del {was}/24 dev {world.wire.device}")
        wire.ip(f"addr add {world.wire.near}/24 dev {world.wire.device}")
        await world.relinked(link)


async def run(binary, rounds, seed):
    wire.enter_new_namespace()      # this process has no other network any more
    worlds = [Network(binary, seed, f"network {x}", n) for n, x in enumerate(("one", "two"))]
    shares = (rounds - rounds // 2, rounds // 2)
    return await asyncio.gather(*(conduct(world, share, Storms(world).one) for world, share in zip(worlds, shares)))
