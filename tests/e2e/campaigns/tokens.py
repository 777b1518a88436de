"""Credentials in trouble: tokens that expire, are refused, are revoked and replaced by a reload; provisioning and policy
that are answered with 5xx, nonsense or not at all while platforms come and go."""
import asyncio
import json
import os

from harness.connector import SECRET
from harness.gateway import HUP, now
from harness.http import Answer
from harness.scenario import GATEWAY_ID, PROVISIONED
from harness.tokens import genuine
from harness.waiting import lasts

from .conduct import conduct
from .world import World

ROUNDS = 300
SHORT = 18
STABLE = 0.2
KINDS = {"expired": 4, "refused": 2, "rotated": 3, "revoked": 3}
CHANGES = {"platform comes or goes": 4, "policy": 4, "cut": 1}
BAD = [lambda: Answer(500, {"error": "later"}), lambda: Answer(502, b"<html>"), lambda: Answer(503, {}), lambda: Answer(429, {}),
       lambda: Answer(404, {}), lambda: Answer(302, b"", {"Location": "http://127.0.0.1:1/"}), lambda: None]
NOT_PROVISIONED = BAD + [lambda: Answer(200, b"[]"), lambda: Answer(200, b"{"), lambda: Answer(200, b"")]


class Checked(World):
    """Every upgrade has to bring a good token."""
    settings = {"GATEWAY_STABLE_AFTER": f"{int(STABLE * 1000)}ms"}
    secrets = []            # those that count now
    refused = 0             # upgrades

    async def begin(self):
        await super().begin()
        self.connector.gate = self.gate

    def gate(self, dial):
        if any(genuine(dial.token, x, dial.request.unix) for x in self.secrets) and dial.claims.gateway_id == GATEWAY_ID:
            return None
        self.refused += 1
        self.changes.notify()
        return 401

    def configure(self, what):
        os.makedirs(os.path.join(self.home, "hermes"), exist_ok=True)
        with open(os.path.join(self.home, "hermes", "config.yaml"), "w") as file:
            json.dump(what, file)

    async def state_is(self, name):
        async def probe():
            return (await self.gateway.status()).get("state") == name
        return await self.within(self.patience, probe, f"state {name}")


class Pinned(Checked):
    async def begin(self):
        self.settings = {**Checked.settings, "GATEWAY_RELAY_SECRET": None}
        await super().begin()
        self.number = 0
        self.secrets = [self.new_secret()]

    def new_secret(self):
        """The next one, in the gateway's file; it is read at the next reload."""
        self.number += 1
        secret = f"secret-{self.number}-of-{self.seed}"
        self.configure({"gateway": {"relay_secret": secret}})
        return secret


class Refusals:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("refusals")

    async def one(self, number):
        world = self.world
        kind = self.rng.choices(list(KINDS), KINDS.values())[0]
        if kind in ("refused", "revoked"):
            await world.aged(STABLE)        # or it would not be the first refusal
        await world.random_point(self.rng)
        world.did(kind)
        before = world.refused
        await getattr(self, "do_" + kind)(world.link)
        if kind != "revoked" and world.refused > before:
            world.wrong(f"{world.refused - before} upgrades with a bad token though nothing was revoked: {kind}")
        await world.answered(world.event())

    async def do_expired(self, link):
        for _ in range(self.rng.randint(1, 4)):
            link = self.world.link
            link.close(4401, "expired")
            await self.world.relinked(link)

    async def do_refused(self, link):
        begun = now()
        link.close(4401, "refused")
        if await self.world.relinked(link) and self.world.link.dial.at - begun > 2:
            self.world.wrong(f"the dial with a fresh token came {self.world.link.dial.at - begun:.1f} s after the refusal")

    async def do_rotated(self, link):
        """Both count for a while; the gateway is told by a reload."""
        world = self.world
        world.secrets = [*world.secrets, world.new_secret()]
        world.gateway.signal(HUP)
        await world.relinked(link)
        new = world.secrets[-1]
        token = world.link.dial.request
        if not genuine(token.bearer, new, token.unix):
            world.wrong("the first dial after a reload does not have the new secret")
        world.secrets = [new]

    async def do_revoked(self, link):
        """The fresh token is refused, too: no more dials, until a reload brings another secret."""
        world = self.world
        world.secrets = []
        link.close(4401, "revoked")
        if not await world.state_is("disabled"):
            return
        dials = len(world.connector.dials)
        await lasts(0.3)            # nothing can be awaited: it is what must not come
        if len(world.connector.dials) > dials:
            world.wrong("a dial although the credentials are revoked")
        world.secrets = [world.new_secret()]
        world.gateway.signal(HUP)
        await world.relinked(link)


class Provisioned(Checked):
    """Credentials come from the connector, platforms and policy from a file that is reloaded."""
    secrets = [SECRET]

    async def begin(self):
        self.settings = {**Checked.settings, **PROVISIONED, "GATEWAY_RELAY_SECRET": None, "GATEWAY_RELAY_PLATFORMS": None,
                         "GATEWAY_BACKOFF_MIN": "20ms"}
        await super().begin()
        self.slack, self.mention = False, False
        self.bad_left, self.bad = {}, {}                # path -> how often it is answered badly, and how
        self.declared = {}                              # platform -> the policy that was accepted last
        self.good = dict(self.connector.answers)
        self.connector.answers = {path: self.answer_to for path in self.good}
        self.write()

    def write(self):
        platforms = ["discord", "telegram"] + (["slack"] if self.slack else [])
        self.configure({"gateway": {"relay_platforms": platforms}, "require_mention": self.mention})

    def trouble(self, path, times, kind):
        self.bad_left[path], self.bad[path] = times, kind

    def answer_to(self, request):
        if self.bad_left.get(request.path, 0) > 0:
            self.bad_left[request.path] -= 1
            self.did(f"{request.path} answered badly")
            self.changes.notify()
            return self.bad[request.path]()
        if request.path == "/relay/policy":
            if not genuine(request.bearer, SECRET, request.unix):
                self.wrong("a policy with a bad token")
            self.declared[request.json()["platform"]] = request.json()["requireAddress"]
            self.changes.notify()
        return self.good[request.path](request)


class Reloads:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("reloads")

    async def one(self, number):
        world, rng = self.world, self.rng
        kind = rng.choices(list(CHANGES), CHANGES.values())[0]
        bad, times = rng.choice(BAD), rng.choice([0, 1, 2, 4])
        unprovisioned = rng.choice(NOT_PROVISIONED)
        await world.random_point(rng)
        world.did(kind)
        link = world.link
        if kind == "cut":
            link.reset()
            await world.relinked(link)
        elif kind == "policy":
            world.mention = not world.mention
            world.trouble("/relay/policy", times, bad)
            self.reload()
            await self.declared()
        else:
            world.slack = not world.slack
            world.trouble("/relay/provision", times, unprovisioned)
            self.reload()
            if world.slack:
                said = lambda: any(x["platform"] == "slack" for x in world.link.hellos)
                await world.within(world.patience, said, "the hello of a new platform")
            else:
                await world.relinked(link)
        await world.answered(world.event())

    def reload(self):
        self.world.write()
        self.world.gateway.signal(HUP)

    async def declared(self):
        """What the connector accepted last is what is configured, and no call is left that could change it."""
        world = self.world
        right = lambda: all(world.declared.get(x, False) == world.mention for x in ("discord", "telegram"))
        await world.within(world.patience, right, f"the policy {world.mention} ({world.declared})")


async def run(binary, rounds, seed):
    pinned, provisioned = Pinned(binary, seed, "tokens, pinned"), Provisioned(binary, seed, "tokens, provisioned")
    provisioned_rounds = rounds // 2
    return await asyncio.gather(conduct(pinned, rounds - provisioned_rounds, Refusals(pinned).one),
                                conduct(provisioned, provisioned_rounds, Reloads(provisioned).one))
