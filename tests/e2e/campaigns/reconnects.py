"""The link ends in every way there is: close codes, TCP resets, half frames, nonsense, restarts of the connector,
upgrades that are refused, redirected or not answered, SIGUSR1. Each time a new link is served, and nothing is kept."""
import asyncio
import signal

from harness import websocket
from harness.waiting import lasts

from .conduct import conduct
from .world import World

ROUNDS = 1000
SHORT = 40
KINDS = {"close": 6, "reset": 5, "drop": 3, "half a frame": 3, "nonsense": 2, "restart": 4, "refused": 4, "upgrade": 4,
         "expired": 2, "4401": 1, "fleet": 1, "usr1": 2, "in the handshake": 4}
VERDICTS = [401, 403, 404, 426, 429, 500, 502, 503, 302, "hang up", b"nonsense\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]
STABLE = 0.2


class Reconnects(World):
    settings = {"GATEWAY_STABLE_AFTER": f"{int(STABLE * 1000)}ms"}

    async def outage(self, seconds):
        """Nobody listens for so long: the length is the fault."""
        port = self.connector.port
        await self.connector.stop()
        await lasts(seconds)
        await self.connector.start(port)


class Impatient(Reconnects):
    """Without a state directory, and actions wait for a short while only."""
    settings = {**Reconnects.settings, "GATEWAY_STATE_DIR": "none", "GATEWAY_EGRESS_HOLD": "40ms"}
    definite = True


class Cuts:
    """4401, and 401 to an upgrade, are a refusal: the first is answered with a fresh token, a second one before a link
    has lasted would revoke. So a link has to last in between."""

    def __init__(self, world):
        self.world, self.rng = world, world.rng("cuts")

    async def one(self, number):
        world, rng = self.world, self.rng
        kind = rng.choices(list(KINDS), KINDS.values())[0]
        verdict = rng.choice(VERDICTS)
        if kind == "4401" or (kind == "upgrade" and verdict == 401):
            await world.aged(STABLE)
        await world.random_point(rng)
        link = world.link
        world.did(kind)
        if kind == "upgrade":
            await self.refuse(link, verdict, rng.randint(1, 1 if verdict == 401 else 4))
        else:
            await getattr(self, "do_" + kind.replace(" ", "_"))(link)
        await world.relinked(link)

    async def do_close(self, link):
        link.close(self.rng.choice([1000, 1001, 1002, 1003, 1008, 1009, 1011, 1014, 3000, 4000, 4400, 4999]), "by the campaign")

    async def do_reset(self, link):
        link.reset()

    async def do_drop(self, link):
        link.drop()

    async def do_half_a_frame(self, link):
        whole = websocket.encode(websocket.TEXT, b'{"type":"inbound","event":{"text":"' + b"y" * 300)
        link.socket.writer.write(whole[:self.rng.randint(1, len(whole) - 1)])
        await link.socket.flushed()
        self.rng.choice([link.reset, link.drop])()

    async def do_nonsense(self, link):
        link.socket.writer.write(self.rng.choice([b"\xff" * 40, b"HTTP/1.1 200 OK\r\n\r\n", b"\x81\xfe" + b"\0" * 30,
                                                   b"\x83\x01a", b"\x89\x7e\x01\x00" + b"p" * 256, b"\xc1\x02{}"]))

    async def do_restart(self, link):
        await self.world.outage(0)

    async def do_refused(self, link):
        await self.world.outage(self.rng.random() * 0.3)

    async def refuse(self, link, verdict, times):
        """The next dials are refused, in one way or another."""
        connector, left = self.world.connector, [times]

        def gate(dial):
            left[0] -= 1
            if left[0] <= 0:
                connector.gate = lambda dial: None
            return verdict
        connector.gate = gate
        link.reset()
        await self.world.within(self.world.patience, lambda: left[0] <= 0, f"{times} dials into {verdict!r}")

    async def do_expired(self, link):
        link.close(4401, "expired")

    async def do_4401(self, link):
        link.close(4401, "refused")

    async def do_fleet(self, link):
        """1012 and 1013 spread a fleet over 15 s; SIGUSR1 dials at once."""
        before = self.world.links
        link.close(self.rng.choice([1012, 1013]), "restarting")
        await self.world.within(5, lambda: link.over or self.world.links > before, "the end of the link")
        self.world.gateway.signal(signal.SIGUSR1)

    async def do_usr1(self, link):
        """While it still dials there is nothing to do anew, so it has to have seen this link served."""
        async def served():
            return link.over or (await self.world.gateway.get("/readyz")).status == 200
        await self.world.within(self.world.patience, served, "readiness")
        self.world.gateway.signal(signal.SIGUSR1)

    async def do_in_the_handshake(self, link):
        """The next link ends between two frames of its handshake."""
        world, number, known = self.world, self.rng.randint(0, 2), self.world.connector.descriptor_of
        done = []

        def descriptor_of(platform):
            found = known(platform)
            if not done and world.connector.links[-1] is not link:
                if number == 0 or (number == 1 and platform == "telegram"):
                    done.append(platform)
                    world.connector.links[-1].reset()
                    return None
                if number == 2 and platform == "telegram":
                    done.append(platform)
                    newest = world.connector.links[-1]
                    newest.send({"type": "descriptor", "descriptor": found})
                    newest.close(1011, "in the handshake")
                    return None
            return found
        world.connector.descriptor_of = descriptor_of
        link.reset()
        await world.within(world.patience, lambda: done, "a handshake to cut")
        world.connector.descriptor_of = known


async def run(binary, rounds, seed):
    async def life(kind, name, share):
        world = kind(binary, seed, name)
        return await conduct(world, share, Cuts(world).one)
    return await asyncio.gather(life(Reconnects, "reconnects, on disk", rounds - rounds // 2),
                                life(Impatient, "reconnects, in memory", rounds // 2))
