"""A real gateway between a connector and agents that the oracle listens to: what every campaign stands in.

All events are buffered ones, so the connector replays after each handshake what was not acked. Each stream of choices
draws from rng of its own: which faults come, and in which order, depends on the seed alone.
"""
import asyncio
import contextlib
import os
import random
import shutil
import socket
import tempfile

from harness.agent import Agent, Refused
from harness.connector import Connector
from harness.events import inbound
from harness.gateway import Gateway, now
from harness.scenario import PINNED, TWO
from harness.waiting import Changes, ended, lasts

from . import residue
from .oracle import CHATS, Oracle, scope_of, user_of

SETTINGS = {**PINNED, **TWO, "GATEWAY_BACKOFF_MIN": "20ms", "GATEWAY_BACKOFF_MAX": "80ms", "GATEWAY_EGRESS_HOLD": "120s",
            "GATEWAY_AGENT_ACK_TIMEOUT": "60s", "GATEWAY_DEDUPE_WINDOW": "2h", "GATEWAY_AGENT_MAX_DELIVERIES": "100000",
            "GATEWAY_CHAT_IN_MEMORY": "4", "GATEWAY_DEDUPE_ENTRIES": str(residue.ENTRIES)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    settings = {}               # of this campaign, over SETTINGS
    agents_wanted = 1
    definite = False            # whether an action may fail for good
    long_share = 0.1            # of the events, those with up to 8 KB
    most_open = 120             # events that may be under way; the load's own bound
    patience = 30.0             # seconds within which all must have settled once a fault is over
    closing = 6.0               # seconds that connections get that the gateway is just closing

    def __init__(self, binary, seed, name="world"):
        self.binary, self.seed, self.name = binary, seed, name
        self.oracle = Oracle(self._say, self.definite)
        self.changes = Changes()
        self.buffer = {}                        # buffer id -> frame, in order: not acked yet
        self.open, self.holder = {}, {}         # text -> frame of the action without an outcome; who asked last
        self.agents, self.agent_faults = [], 0
        self.link, self.links = None, 0         # the newest link that is served; how many there were
        self.heard = 0                          # frames of the gateway
        self.fresh, self.samples, self.counts = None, [], {}
        self.count, self.talking = 0, True
        self.gateway, self._traffic = None, None

    def rng(self, purpose):
        return random.Random(f"{self.seed} {self.name} {purpose}")

    def _say(self, what):
        print(f"VIOLATION {self.name}, seed {self.seed}: {what}", flush=True)

    def wrong(self, what):
        self.oracle.wrong(what)

    @property
    def violations(self):
        return self.oracle.violations

    def did(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    # -- the connector ------------------------------------------------------------------------------------------------

    def hear(self, frame):
        self.heard += 1
        kind = frame.get("type")
        if kind == "inbound_ack":
            gone = self.buffer.pop(frame["bufferId"], None)
            if gone:
                self.oracle.acknowledged(gone["event"]["text"].split()[0])
        elif kind == "hello" and frame["platform"] == "telegram":       # the last of them: replay, in order
            asyncio.get_running_loop().call_soon(self.replay, frame.link)   # behind the descriptor
        self.changes.notify()

    def replay(self, link):
        if link.over is None:
            link.send(*self.buffer.values())
        self.link = link                                                # what is new comes behind the backlog
        self.links += 1
        self.changes.notify()

    def apply(self, frame):
        """An action comes: carried out, then answered."""
        text = frame["action"]["content"].removeprefix("re:")
        self.carry_out(text, frame)
        self.changes.notify()
        return self.answer({"success": True, "message_id": f"m-{text}"})

    def carry_out(self, text, frame):
        action = frame["action"]
        metadata = action.get("metadata") or {}
        self.oracle.carried_out(text, frame.get("platform"), frame.get("botId"), action["chat_id"], metadata.get("user_id"),
                                metadata.get("scope_id"))

    def answer(self, result):
        return result if self._platform.random() < 0.5 else self._later(result)

    async def _later(self, result):
        await lasts(self._platform.random() * 0.05)    # the platform takes its time; nothing waits for this
        return result

    def event(self, chat=None, long=None):
        """Somebody says something, of `long` characters more than its name; that name."""
        self.count += 1
        text, chat = f"t{self.count:06}", chat or self._people.choice(CHATS)
        self.oracle.made(text, chat)
        if long is None:
            long = self._people.randint(0, 8000) if self._people.random() < self.long_share else 0
        frame = inbound(text + (" " + "x" * long if long else ""), buffer_id=f"b-{self.seed}-{self.count}",
                        message_id=f"m{self.count}", platform=chat[0], chat_id=chat[1], user_id=user_of(chat),
                        scope_id=scope_of(chat))
        self.hand_over(frame)
        return text

    def hand_over(self, frame):
        """The connector keeps it until it is acked, and sends it when there is a link."""
        self.buffer[frame["bufferId"]] = frame
        if self.link and self.link.over is None:
            self.link.send(frame)

    async def _talk(self):
        while True:
            if self.talking and len(self.buffer) < self.most_open and len(self.open) < self.most_open:
                for _ in range(self._people.randint(1, 4)):
                    self.event()
            await lasts(self._people.random() * 0.02)      # the load's own pace

    @contextlib.asynccontextmanager
    async def traffic(self):
        task = asyncio.ensure_future(self._talk())
        try:
            yield
        finally:
            await ended(task)
            if task.done() and not task.cancelled() and task.exception():
                self.wrong(f"the traffic broke: {task.exception()!r}")

    # -- the agents ---------------------------------------------------------------------------------------------------

    def take(self, agent, frame):
        """A frame of the gateway to that agent."""
        kind = frame.get("type")
        if kind == "inbound":
            self.delivered(agent, frame)
        elif kind == "result":
            text = frame["request_id"].removeprefix("a-")
            self.oracle.told(text, frame["result"])
            self.open.pop(text, None)
            self.holder.pop(text, None)
        elif kind == "error":
            self.wrong(f"error frame to an agent: {frame}")
        self.changes.notify()

    def delivered(self, agent, frame):
        text = frame["event"]["text"].split()[0]
        self.oracle.delivered(text, frame["redelivered"])
        if text not in self.oracle.outcomes:
            self.oracle.asked(text)
            self.open[text] = {"type": "action", "request_id": "a-" + text, "delivery_id": frame["delivery_id"],
                               "action": {"op": "send", "chat_id": self.oracle.chat_of[text][1], "content": "re:" + text}}
            self.ask(agent, text)
        if self._behaviour.random() < 0.7:
            self.ack(agent, frame)
        else:
            asyncio.get_running_loop().call_later(self._behaviour.random() * 0.03, self.ack, agent, frame)

    def ack(self, agent, frame):
        if agent.over is None:
            agent.ack(frame)

    def ask(self, agent, text):
        self.holder[text] = agent
        agent.send(self.open[text])

    def adopt(self, agent):
        """Asks again, with the same ids, for what agents that are gone had asked for."""
        for text in list(self.open):
            if self.holder[text].over is not None:
                self.ask(agent, text)

    async def attach(self):
        """One more agent on the link; None when the gateway does not take it."""
        agent = Agent()
        agent.acks = False

        def hear(frame):
            if agent.over is None:
                self.take(agent, frame)
        agent._take = hear
        try:
            await asyncio.wait_for(agent.attach(f"http://127.0.0.1:{self.port}"), self.patience)
        except (Refused, OSError, asyncio.TimeoutError):
            return None
        self.agents = [x for x in self.agents if x.over is None] + [agent]
        self.adopt(agent)
        return agent

    def forget(self, agent):
        """Nothing of that agent is heard any more."""
        agent.over = (1006, "killed")
        self.agents.remove(agent)

    def detach(self, agent, politely=False):
        """An agent that dies: its connection ends, by RST or in order."""
        self.forget(agent)
        agent.socket.drop() if politely else agent.socket.reset()

    async def staffed(self):
        """As many agents as the campaign wants; one that the gateway has let go is told of."""
        for agent in [x for x in self.agents if x.over is not None]:
            self.agents.remove(agent)
            self.wrong(f"the gateway ended an agent's link: {agent.over}")
        while len(self.agents) < self.agents_wanted:
            if await self.attach() is None:
                self.wrong("an agent was not taken")
                return
        for agent in self.agents[:1]:
            self.adopt(agent)

    # -- life ---------------------------------------------------------------------------------------------------------

    async def make_connector(self):
        self.connector = await Connector().start()

    @property
    def relay_url(self):
        return self.connector.url

    @property
    def program(self):
        return self.binary

    async def begin(self):
        self.home = tempfile.mkdtemp(prefix="relay-campaign-")
        self._people, self._platform, self._behaviour = (self.rng(x) for x in ("people", "platform", "habits"))
        await self.make_connector()
        self.connector.on_frame = lambda frame: self.hear(frame)
        self.connector.result_of = lambda frame: self.apply(frame)
        self.port = free_port()

    async def start(self):
        """A new process."""
        self.gateway = Gateway(self.program, self.home, {
            **SETTINGS, "GATEWAY_STATE_DIR": os.path.join(self.home, "state"), **self.settings,
            "GATEWAY_RELAY_URL": self.relay_url, "GATEWAY_LISTEN": f"127.0.0.1:{self.port}"})
        await self.gateway.start()

    async def up(self):
        """A new process that listens, with its agents."""
        await self.start()
        await self.gateway.listening(20)
        await self.staffed()

    async def stop(self):
        """An ordered end, which has to be clean."""
        self.gateway.signal(15)
        try:
            code = await self.gateway.exited(40)
        except AssertionError as late:
            code = str(late)
        if code != 0:
            self.wrong(f"the last drain ended with {code}: {self.said()}")

    async def finish(self):
        if self.gateway:
            await self.gateway.finish()
        await self.connector.stop()
        if self.violations:
            self.evidence()
        else:
            shutil.rmtree(self.home, ignore_errors=True)

    def evidence(self):
        print(f"the gateway's last lines:\n{self.said(15)}\nits directory is kept: {self.home}", flush=True)

    def said(self, lines=4):
        return "\n".join(x[:400] for x in self.gateway.output[-lines:])

    def prune(self):
        """This side must not grow either."""
        self.connector.outbound.clear()
        self.connector.dials.clear()
        self.connector.requests.clear()
        for link in self.connector.links:
            link.frames.clear()
            for fault in link.faults:
                self.wrong(f"the gateway broke the framing: {fault}")
        del self.connector.links[:-3]
        for lines in (self.gateway.output, self.gateway.stdout, self.gateway.stderr):
            del lines[:-200]

    # -- waiting ------------------------------------------------------------------------------------------------------

    async def within(self, limit, probe, what, pace=0.01):
        """Waits for the probe; a violation when it does not come true. Whether it did."""
        try:
            await self.changes.poll(probe, what, limit, pace)
            return True
        except AssertionError as late:
            self.wrong(f"{late}; state: {await self.state()}")
            return False

    async def state(self):
        try:
            found = await self.gateway.status()
            return {k: found.get(k) for k in ("state", "since", "reason", "agents", "pending", "store_ok")}
        except Exception as gone:      # evidence only
            return f"{gone!r}"

    async def random_point(self, rng):
        """Some moment in the life of a link, by what was seen so far; the load goes on meanwhile."""
        of = rng.choice([lambda: self.heard, lambda: len(self.oracle.seen), lambda: sum(self.oracle.applied.values())])
        goal = of() + rng.choice([0, 1, 2, 3, 5, 8, 13, 30])
        with contextlib.suppress(AssertionError):      # then nothing moves, which is a moment, too
            await self.changes.until(lambda: of() >= goal, "", 2.0)

    async def aged(self, stable):
        """The link has served for longer than `stable`: a refusal now is the first one. Only time makes it so."""
        old = lambda: self.link.over is None and now() > self.link.dial.at + stable + 0.4
        return await self.within(self.patience, old, f"a link that has lasted for {stable} s")

    async def answered(self, text):
        """That event is through: delivered, and its reply has its outcome."""
        over = lambda: text in self.oracle.seen and text not in self.open
        return await self.within(self.patience, over, f"the outcome of {text}")

    async def relinked(self, link):
        """A link newer than that one is served."""
        return await self.within(self.patience, lambda: self.link is not link and self.link.over is None, "a new link")

    async def quiet(self):
        """No fault, no load: everything comes to an end, and the process has kept nothing."""
        await self.staffed()
        limit, oracle = self.patience, self.oracle
        over = lambda: not self.buffer and not self.open and not oracle.missing and not oracle.awaited
        try:
            await self.changes.poll(over, "", limit)
        except AssertionError:
            oracle.not_converged(len(self.buffer))
            return False
        try:
            await self.gateway.ready(limit)
        except (AssertionError, OSError):
            self.wrong(f"not ready: {await self.state()}")
            return False
        return True

    async def sample(self):
        """What the process holds now; connections that it is just closing get their time."""
        found = []
        least = self.fresh.files if self.fresh else -1      # before any fault: whoever asked for readiness may still be leaving
        with contextlib.suppress(AssertionError):
            await self.changes.poll(lambda: self._measure(found) <= least, "", self.closing if self.fresh else 0.3)
        if self.fresh:
            self.samples.append(found[-1])
        else:
            self.fresh = min(found, key=lambda x: x.files)

    def _measure(self, found):
        found.append(residue.take(self.gateway, self.count))
        return found[-1].files

    def flat(self):
        for what in residue.judge(self.fresh, self.samples):
            self.wrong(what)
