"""Does the oracle see what it is there for? Each world makes one mistake on purpose, on this side of the gateway, where
the oracle cannot tell it from the gateway's own; that one must be reported."""
import asyncio
import dataclasses
import shutil

from .conduct import conduct
from .world import World

ROUNDS = SHORT = 4
AT = 25                 # the event or action that it happens to
EXPECTED = {}           # world -> parts of what must be reported, any of them


def seen_as(*parts):
    def note(kind):
        EXPECTED[kind] = parts
        return kind
    return note


class Mistaken(World):
    patience, closing = 4.0, 0.5
    done = False        # the mistake

    def _say(self, what):
        pass

    def evidence(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def now(self):
        """Once, and only then."""
        due = not self.done and self.count >= AT and len(self.oracle.applied) > 3
        self.done = self.done or due
        return due

    async def one(self, number):
        link = self.link
        await self.random_point(self.rng("moments"))
        link.reset()
        await self.relinked(link)
        await self.answered(self.event())


@seen_as("1 never delivered", f"overtook t{AT:06}")
class EventLost(Mistaken):
    def hand_over(self, frame):
        if self.count != AT:
            super().hand_over(frame)


@seen_as("as new twice")
class GivenTwice(Mistaken):
    def delivered(self, agent, frame):
        super().delivered(agent, frame)
        if self.now():
            super().delivered(agent, frame)


@seen_as("overtook")
class OutOfOrder(Mistaken):
    def hand_over(self, frame):
        if self.now():
            self.event(self.oracle.chat_of[frame["event"]["text"].split()[0]])     # the next one goes first
        super().hand_over(frame)


@seen_as("1 not acked")
class AckLost(Mistaken):
    def hear(self, frame):
        if frame.get("type") == "inbound_ack" and (self.now() or frame["bufferId"] == getattr(self, "deaf", None)):
            self.deaf = frame["bufferId"]
            return
        super().hear(frame)


@seen_as("was carried out 2 times")
class DoneTwice(Mistaken):
    def carry_out(self, text, frame):
        for _ in range(1 + self.now()):
            super().carry_out(text, frame)


@seen_as("told done and never carried out")
class DoneInWordsOnly(Mistaken):
    def carry_out(self, text, frame):
        if self.count < AT:             # a single one may happen to lose its answer
            super().carry_out(text, frame)


@seen_as("although the link always came back")
class Failed(Mistaken):
    def answer(self, result):
        return {"success": False, "error": "no"} if self.count >= AT else super().answer(result)


@seen_as("was carried out, told ['definite']")
class DoneAndDenied(Failed):
    definite = True


@seen_as("1 without an outcome")
class NoOutcome(Mistaken):
    def take(self, agent, frame):
        if frame.get("type") == "result" and (self.now() or frame["request_id"] == getattr(self, "deaf", None)):
            self.deaf = frame["request_id"]
            return
        super().take(agent, frame)


@seen_as("after {'done'}")
class ToldOtherwise(Mistaken):
    definite = True

    def take(self, agent, frame):
        super().take(agent, frame)
        if frame.get("type") == "result" and frame["result"].get("success") and self.now():
            super().take(agent, {**frame, "result": {"success": False}})


@seen_as("went out as")
class WrongUser(Mistaken):
    def carry_out(self, text, frame):
        if self.now():
            frame["action"]["metadata"]["user_id"] = "somebody else"
        super().carry_out(text, frame)


@seen_as("a new link")
class NotServed(Mistaken):
    async def one(self, number):
        self.connector.gate = lambda dial: 503
        await super().one(number)


@seen_as("ended by itself")
class Dies(Mistaken):
    async def one(self, number):
        if number == 2:
            self.gateway.process.kill()
            await self.gateway.exited()
        else:
            await super().one(number)


@seen_as("ended an agent's link")
class AgentLost(Mistaken):
    async def one(self, number):
        agent = self.agents[0]
        agent.socket.close(1000)
        await self.changes.until(lambda: agent.over, "", 5)
        await self.staffed()


class Sampled(Mistaken):
    """The process is as it is; what was measured of it is not."""

    def measured(self, number, sample):
        return {}

    def flat(self):
        self.samples = [dataclasses.replace(x, **self.measured(n, x)) for n, x in enumerate(self.samples)]
        super().flat()


@seen_as("memory grew")
class Memory(Sampled):
    def measured(self, number, sample):
        return {"rss": sample.rss + (number << 21)}


@seen_as("dead children")
class DeadChild(Sampled):
    def measured(self, number, sample):
        return {"zombies": 1}


@seen_as("files grew")
class Files(Mistaken):
    async def sample(self):
        await super().sample()
        self.agents_wanted += 1         # an agent more that nobody counts


async def run(binary, rounds, seed):
    worlds = [kind(binary, seed, f"mistake {kind.__name__}") for kind in EXPECTED]
    lives = await asyncio.gather(*(conduct(world, rounds, world.one) for world in worlds))
    for world, (kind, parts) in zip(worlds, EXPECTED.items()):
        found = [x for x in world.violations if any(part in x for part in parts)]
        report = (found or world.violations or ["nothing"])[0]
        print(f"{'seen' if found else 'MISSED':6} {kind.__name__}: {report[:150]!r}", flush=True)
        world.oracle.violations = [] if found else [f"{kind.__name__} was not seen"]
        world.samples.clear()       # not of interest here
    return lives
