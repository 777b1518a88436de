"""Agents that die in the middle of a turn, fall silent, talk nonsense: three on the WebSocket link, and a child process
that is killed, stopped and goes by itself. What they had is given to the next one; no dead child stays."""
import asyncio
import json
import os
import signal
import sys

from harness import websocket
from harness.waiting import ended, lasts

from .conduct import conduct
from .world import World

ROUNDS = 400
SHORT = 12
PATIENCE_WITH_AGENTS = 0.5      # GATEWAY_AGENT_ACK_TIMEOUT here
KINDS = {"reset": 5, "drop": 3, "close": 3, "half a frame": 3, "nonsense": 1, "silent": 2, "joins": 2}
CHILD_KINDS = {"SIGKILL": 6, "SIGTERM": 2, "leaves": 3, "half a line": 2, "deaf": 1}


class Attached(World):
    settings = {"GATEWAY_AGENT_ACK_TIMEOUT": f"{int(PATIENCE_WITH_AGENTS * 1000)}ms"}
    agents_wanted = 3


class Deaths:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("deaths")

    async def one(self, number):
        world = self.world
        kind = self.rng.choices(list(KINDS), KINDS.values())[0]
        await world.random_point(self.rng)
        world.did(kind)
        agent = self.rng.choice(world.agents)
        await getattr(self, "do_" + kind.replace(" ", "_"))(agent)
        await world.staffed()
        await world.answered(world.event())

    async def do_reset(self, agent):
        self.world.detach(agent)

    async def do_drop(self, agent):
        agent.socket.drop()
        self.world.forget(agent)

    async def do_close(self, agent):
        agent.socket.close(self.rng.choice([1000, 1001, 1011, 3000]))
        self.world.forget(agent)

    async def do_half_a_frame(self, agent):
        whole = websocket.encode(websocket.TEXT, json.dumps({"type": "ack", "delivery_id": "y" * 200}).encode(), mask=b"abcd")
        agent.socket.writer.write(whole[:self.rng.randint(1, len(whole) - 1)])
        self.world.detach(agent, politely=True)

    async def do_nonsense(self, agent):
        agent.socket.writer.write(self.rng.choice([b"\xff" * 40, b"GET / HTTP/1.1\r\n\r\n", b"\x81\x05hello"]))
        self.world.forget(agent)
        await self.world.within(10, lambda: agent.socket.closed, "the end of an agent's link that speaks nonsense")

    async def do_silent(self, agent):
        """It reads nothing and answers nothing for longer than an ack may take; then it is gone. Nothing says when that is so:
        an agent that has no delivery just then never learns of it."""
        agent.socket.writer.transport.pause_reading()
        self.world.forget(agent)
        await self.world.staffed()
        await lasts(PATIENCE_WITH_AGENTS * 1.3)
        agent.socket.reset()

    async def do_joins(self, agent):
        """One more for a while: chats are spread anew, and come back."""
        more = await self.world.attach()
        await self.world.random_point(self.rng)
        if more:
            self.world.detach(more)


class Child:
    """What the World takes for an agent; the process is a bridge to it."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.over, self.pid = reader, writer, None, 0

    def send(self, frame):
        if self.over is None:
            self.writer.write(json.dumps(frame, ensure_ascii=False).encode() + b"\n")

    def ack(self, frame):
        self.send({"type": "ack", "delivery_id": frame["delivery_id"]})


class Children(World):
    """The agent is a child process that only carries lines to this one and back."""

    async def begin(self):
        await super().begin()
        self.path = os.path.join(self.home, "bridge")
        self._tasks = set()
        self.server = await asyncio.start_unix_server(self._serve, self.path, limit=1 << 24)
        bridge = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bridge.py")
        self.settings = {**Attached.settings, "GATEWAY_AGENT": f"exec:{sys.executable} -S -E {bridge} {self.path}"}

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        child = Child(reader, writer)
        try:
            child.pid = int(await reader.readline())
            child.send({"type": "hello"})
            self.agents.append(child)
            self.adopt(child)
            self.changes.notify()
            while line := await reader.readline():
                if child.over is not None:
                    break
                if line.endswith(b"\n"):
                    self.take(child, json.loads(line))
        except (ConnectionError, ValueError):
            pass
        finally:
            child.over = child.over or (1006, "")
            writer.close()
            self._tasks.discard(task)
            self.changes.notify()

    async def staffed(self):
        """A child is there; one that went is replaced by the gateway alone."""
        def there():
            self.agents = [x for x in self.agents if x.over is None]
            return self.agents
        if await self.within(self.patience, there, "a new child"):
            self.adopt(self.agents[0])

    async def finish(self):
        await super().finish()
        self.server.close()
        for task in list(self._tasks):
            await ended(task)


class ChildDeaths:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("deaths")

    async def one(self, number):
        world = self.world
        kind = self.rng.choices(list(CHILD_KINDS), CHILD_KINDS.values())[0]
        await world.random_point(self.rng)
        await world.staffed()
        child = world.agents[-1]
        world.did(kind)
        if kind == "deaf":
            os.kill(child.pid, signal.SIGSTOP)
            await lasts(PATIENCE_WITH_AGENTS * 1.3)    # the silence is the fault
            os.kill(child.pid, signal.SIGKILL)
        elif kind == "leaves":
            child.writer.write_eof()
        elif kind == "half a line":
            child.writer.write(b'{"type":"action","request_id":"' + b"y" * self.rng.randint(0, 5000))
            child.writer.write_eof()
        else:
            os.kill(child.pid, getattr(signal, kind))
        await world.within(world.patience, lambda: child.over, "the child's end")
        await world.staffed()
        await world.answered(world.event())


async def run(binary, rounds, seed):
    attached, children = Attached(binary, seed, "agents on the link"), Children(binary, seed, "agents as children")
    share = rounds - rounds // 4
    return await asyncio.gather(conduct(attached, share, Deaths(attached).one),
                                conduct(children, rounds - share, ChildDeaths(children).one))
