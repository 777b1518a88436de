"""TLS, cut, stalled, garbled and dripped at any byte: in the handshake, in the upgrade, in the middle of records. And
a connector that for a while shows a certificate that is not to be trusted."""
import asyncio
import os

from harness import certificates
from harness.connector import Connector

from .fault_proxy import FaultProxy, Fault
from .conduct import conduct
from .world import World

ROUNDS = 400
SHORT = 16
SILENCE = 0.6       # that ends a link
WHERE = {"in the handshake": 5, "in the hellos": 3, "in the records": 8}
KINDS = {"reset": 5, "drop": 4, "garble": 4, "stall": 3, "drip": 2}


def impossible():
    return None if certificates.available else "it needs the openssl command"


class Tls(World):
    settings = {"GATEWAY_PING_INTERVAL": "200ms", "GATEWAY_PING_TIMEOUT": f"{int(SILENCE * 1000)}ms",
                "GATEWAY_HANDSHAKE_TIMEOUT": "1s"}

    async def make_connector(self):
        folders = [os.path.join(self.home, x) for x in ("trusted", "foreign")]
        for folder in folders:
            os.mkdir(folder)
        trusted, foreign = (certificates.Authority(x) for x in folders)
        self.good, self.bad = trusted.server("IP:127.0.0.1"), foreign.server("IP:127.0.0.1")
        self.misnamed = trusted.server("DNS:other.example")
        self.settings = {**Tls.settings, "GATEWAY_TLS_CA_FILE": trusted.file}
        self.connector = await Connector().start(tls=self.good)
        self.fault_proxy = await FaultProxy(("127.0.0.1", self.connector.port)).start()
        self.fault_proxy.changes = self.changes

    @property
    def relay_url(self):
        return f"https://127.0.0.1:{self.fault_proxy.port}"

    async def finish(self):
        await super().finish()
        await self.fault_proxy.stop()


class Cuts:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("cuts")

    async def one(self, number):
        world, rng = self.world, self.rng
        if rng.random() < 0.08:
            return await self.disguise(rng.choice(["bad", "misnamed"]))
        where = rng.choices(list(WHERE), WHERE.values())[0]
        kind = rng.choices(list(KINDS), KINDS.values())[0]
        from_gateway = rng.random() < 0.5
        lasts = SILENCE * (0.3 if rng.random() < 0.4 else 2)       # within the patience of both, or not
        await world.random_point(rng)
        world.did(f"{kind} {where}")
        link, struck = world.link, world.fault_proxy.struck
        if where == "in the records":
            world.fault_proxy.strike(Fault(kind, rng.randint(0, 3000), from_gateway, lasts))
        else:
            after = rng.randint(0, 600 if from_gateway else 1200) if where == "in the handshake" else rng.randint(600, 2000)
            world.fault_proxy.next_fault = Fault(kind, after, from_gateway, lasts)
            link.reset()
        await world.within(world.patience, lambda: world.fault_proxy.struck > struck, f"{kind} {where}")
        if kind in ("stall", "drip") and where == "in the records":     # the link may live on
            await world.within(world.patience, lambda: world.link.over is None, "a link")
        else:
            await world.relinked(link)
        await world.answered(world.event())

    async def disguise(self, what):
        """Nothing may be said over a connection that is not to be trusted."""
        world, connector = self.world, self.world.connector
        world.did(f"certificate {what}")
        link, port = world.link, connector.port
        await connector.stop()
        dials = len(connector.dials) + len(connector.requests)
        await connector.start(port, tls=getattr(world, what))
        refusals = lambda: sum("certificate" in x.lower() for x in world.gateway.output)
        seen = refusals()
        await world.within(world.patience, lambda: refusals() > seen, f"a refused certificate: {what}")
        if len(connector.dials) + len(connector.requests) > dials:
            world.wrong(f"the gateway spoke over a connection whose certificate is {what}")
        await connector.stop()
        await connector.start(port, tls=world.good)
        await world.relinked(link)


async def run(binary, rounds, seed):
    async def life(name, share):
        world = Tls(binary, seed, name)
        return await conduct(world, share, Cuts(world).one)
    return await asyncio.gather(life("tls, one", rounds - rounds // 2), life("tls, two", rounds // 2))
