"""Gateways, a cluster of NATS servers and a pool of workers, killed and frozen one after the other while events come.

What must hold: every event is answered, though nobody sends it again once it is acknowledged; no answer leaves twice; per
chat the answers keep the order of the events. Only an answer may be missing that was on its way when its own gateway was killed:
the store of the dead gateway must say so (answers.py), the next one reports so many as unknown, and none of them comes later.
"""
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import tempfile
import time

from harness.connector import Connector
from harness.events import inbound
from harness.gateway import Gateway
from harness.http import fetch
from harness.nats_server import NatsServer, free_port
from harness.scenario import PINNED, TWO
from harness.waiting import Changes, ended, lasts

from .answers import StoredActions

CHATS = [("discord", str(n)) for n in range(6)] + [("telegram", str(n)) for n in range(6)]
SETTINGS = {**PINNED, **TWO, "GATEWAY_BACKOFF_MIN": "20ms", "GATEWAY_BACKOFF_MAX": "200ms", "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_EGRESS_HOLD": "120s", "GATEWAY_AGENT_ACK_TIMEOUT": "20s", "GATEWAY_AGENT_MAX_DELIVERIES": "1000",
            "GATEWAY_NATS_ACK_WAIT": "2s"}


SAID = {"queue.action_missed": "actions_from_acks", "gave nothing out": "consumers_moved"}     # by gateways and workers


class Tenant:
    """A connector with one gateway, and what was said there."""

    def __init__(self, pool, number):
        self.pool, self.number, self.name = pool, number, f"gw-{number}"
        self.home = os.path.join(pool.home, self.name)
        os.makedirs(self.home)
        self.buffer, self.chat_of, self.place, self.told = {}, {}, {}, {}
        self.said = {chat: [] for chat in CHATS}
        self.last = {chat: -1 for chat in CHATS}
        self.unknown, self.open = {}, set()     # a text whose answer a kill caught on its way -> which kill
        self.count, self.gateway, self.kills, self.caught = 0, None, 0, 0
        self.actions = StoredActions(os.path.join(self.home, "state"))
        self.slowness = random.Random(f"{pool.seed} {self.name} results")

    async def begin(self):
        self.connector = await Connector().start()
        self.connector.on_frame = self.hear
        self.connector.result_of = self.answer
        self.link = None
        await self.start()

    async def start(self):
        self.gateway = Gateway(self.pool.binary, self.home, {
            **SETTINGS, "GATEWAY_RELAY_ID": self.name, "GATEWAY_RELAY_URL": self.connector.url,
            "GATEWAY_AGENT": "nats:" + self.pool.urls, "GATEWAY_NATS_REPLICAS": str(len(self.pool.servers)),
            "GATEWAY_STATE_DIR": os.path.join(self.home, "state")})
        await self.gateway.start()
        await self.gateway.listening(30)

    def hear(self, frame):
        if frame.get("type") == "inbound_ack":
            self.buffer.pop(frame["bufferId"], None)
        elif frame.get("type") == "hello" and frame["platform"] == "telegram":
            link = frame.link
            asyncio.get_running_loop().call_soon(self.replay, link)

    def replay(self, link):
        if link.over is None:
            link.send(*self.buffer.values())
        self.link = link

    def say(self, rng):
        self.count += 1
        chat = rng.choice(CHATS)
        text = f"{self.name}-{self.count:06}"
        self.chat_of[text], self.place[text] = chat, len(self.said[chat])
        self.said[chat].append(text)
        self.open.add(text)
        frame = inbound(text, buffer_id=f"b-{text}", message_id=f"m-{text}", platform=chat[0], chat_id=chat[1])
        self.buffer[frame["bufferId"]] = frame
        if self.link and self.link.over is None:
            self.link.send(frame)

    def answer(self, frame):
        text, chat = frame["action"].get("content"), (frame.get("platform"), frame["action"].get("chat_id"))
        if text not in self.chat_of:
            self.pool.wrong(f"{self.name}: an answer to nothing: {frame}")
        elif text in self.unknown:
            self.pool.wrong(f"{self.name}: {text} was answered although that had been reported as unknown by {self.unknown[text]}")
        elif self.chat_of[text] != chat:
            self.pool.wrong(f"{self.name}: {text} of {self.chat_of[text]} was answered in {chat}")
        else:
            self.told[text] = self.told.get(text, 0) + 1
            if self.told[text] > 1:
                self.pool.wrong(f"{self.name}: {text} was answered {self.told[text]} times")
            elif self.place[text] < self.last[chat]:
                self.pool.wrong(f"{self.name}: {text} was answered after a later one of its chat")
            self.last[chat] = max(self.last[chat], self.place[text])
        self.open.discard(text)
        self.pool.changes.notify()
        result = {"success": True, "message_id": f"m-{text}"}
        return self.late(result) if self.slowness.random() < 0.1 else result

    async def late(self, result):
        """The platform takes its time, so that kills meet answers that it has and the gateway knows nothing of."""
        await lasts(self.slowness.uniform(0, 0.3))
        return result

    async def kill(self):
        self.look_at_links()
        self.gateway.signal(signal.SIGKILL)
        await self.gateway.exited()
        self.pool.heard(self.gateway)
        await self.connector.until(lambda: all(x.over for x in self.connector.links), "the end of the dead gateway's link")
        self.connector.links.clear()
        self.kills += 1
        caught, accepted = self.actions.look(self.wrong)
        cause = f"kill {self.kills} of {self.name} at {self.pool.now():.1f} s"
        lost = sorted(caught & self.open)       # the connector has read all that the dead process wrote
        self.unknown |= {x: cause for x in lost}
        self.open -= set(lost)
        self.caught += len(caught)
        if caught:
            print(f"{cause}: {len(caught)} answers were on their way, {len(lost)} of them did not arrive: {' '.join(lost)}", flush=True)
        await self.start()
        if caught or accepted:
            told = json.loads(await self.gateway.said('"outbox.resumed"', 30))
            if told["unknown"] != len(caught):
                self.wrong(f"the store had {len(caught)} answers on their way at {cause}, the next gateway reports: {told}")

    def look_at_links(self):
        """No fault of this campaign is the connector's: a link ends with its gateway alone, so no outcome is unknown for its sake."""
        for link in self.connector.links:
            if link.over:
                self.wrong(f"its link ended with {link.over} although it was not killed")

    async def last_look(self):
        """Once all is settled: the outcomes since the last kill."""
        self.look_at_links()
        self.gateway.signal(signal.SIGKILL)
        await self.gateway.exited()
        self.actions.look(self.wrong)

    def wrong(self, what):
        self.pool.wrong(f"{self.name}: {what}")


class Pool:
    def __init__(self, binary, seed, servers=3, gateways=2, workers=4, network=None):
        self.binary, self.seed, self.rng = binary, seed, random.Random(f"{seed} faults")
        self.people = random.Random(f"{seed} people")
        self.home = tempfile.mkdtemp(prefix="relay-pool-")
        self.changes, self.violations, self.counts, self.said = Changes(), [], {}, {}
        self.begun = time.monotonic()
        self.network = network          # of namespaces; none: all are on loopback, and none can be cut off
        places = [network.join(n) if network else ("127.0.0.1", ()) for n in range(servers)]
        self.servers = [NatsServer(self.home, host=host, inside=inside) for host, inside in places]
        self.tenants = [Tenant(self, n) for n in range(gateways)]
        self.workers, self.wanted, self.monitors = [], workers, []
        self.urls = ",".join(x.url for x in self.servers)

    def now(self):
        return time.monotonic() - self.begun

    def wrong(self, what):
        self.violations.append(what)
        print(f"VIOLATION seed {self.seed}: {what}", flush=True)

    def heard(self, process):
        """What a process that is gone had said of servers that lose or keep what they stored."""
        for line in process.output:
            for what, name in SAID.items():
                if what in line:
                    self.said[name] = self.said.get(name, 0) + 1

    async def begin(self):
        routes = [free_port() for _ in self.servers]
        for number, server in enumerate(self.servers):
            self.monitors.append(free_port())
            server.more = {"http": f"{server.host}:{self.monitors[-1]}"}
            if len(self.servers) > 1:
                server.more |= {"server_name": f"n{number}", "cluster": {
                    "name": "pool", "host": server.host, "port": routes[number],
                    "routes": [f"nats://{x.host}:{port}" for x, port in zip(self.servers, routes)]}}
        await asyncio.gather(*(x.start() for x in self.servers))
        await asyncio.gather(*(x.begin() for x in self.tenants))
        for _ in range(self.wanted):
            await self.hire()
        for tenant in self.tenants:
            await self.staffed(tenant, self.wanted)

    async def hire(self):
        home = tempfile.mkdtemp(dir=self.home)
        worker = Gateway(self.binary, home, {
            "GATEWAY_NATS_URL": self.urls, "GATEWAY_AGENT": "echo", "GATEWAY_STATE_DIR": "none", "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_NATS_ACK_WAIT": "2s", "GATEWAY_NATS_REPLICAS": str(len(self.servers))}, ("worker",))
        await worker.start()
        await worker.said("worker.started", 30)
        self.workers.append(worker)

    async def staffed(self, tenant, number):
        async def there():
            return (await tenant.gateway.metrics()).get("relay_gateway_agents", 0) >= number
        try:
            await tenant.gateway.changes.poll(there, f"{number} workers", 60)
        except AssertionError as late:
            self.wrong(f"{tenant.name}: {late}")

    async def talk(self):
        while True:
            for tenant in self.tenants:
                if len(tenant.open) < 60:
                    for _ in range(self.people.randint(1, 3)):
                        tenant.say(self.people)
            await lasts(self.people.random() * 0.05)

    # -- faults --

    async def kill_worker(self):
        worker = self.workers.pop(self.rng.randrange(len(self.workers)))
        worker.signal(signal.SIGKILL)
        await worker.exited()
        self.heard(worker)
        await self.hire()

    async def freeze_worker(self):
        worker = self.rng.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        await lasts(self.rng.uniform(0.5, 4))
        worker.signal(signal.SIGCONT)

    async def kill_gateway(self):
        await self.rng.choice(self.tenants).kill()

    async def kill_server(self):
        server = self.rng.choice(self.servers)
        await server.kill()
        await lasts(self.rng.uniform(0, 2))
        await server.start()

    async def cut_server(self):
        """Nobody reaches it, and it reaches nobody; it goes on. What it was told last may be known to it alone."""
        number = self.rng.randrange(len(self.servers))
        self.network.cut(number, True)
        await lasts(self.rng.uniform(0.5, 8))
        self.network.cut(number, False)

    async def freeze_server(self):
        """It goes on as if nothing had been."""
        server = self.rng.choice(self.servers)
        server.process.send_signal(signal.SIGSTOP)
        await lasts(self.rng.uniform(0.5, 6))
        server.process.send_signal(signal.SIGCONT)

    async def streams(self, server):
        """What a server says of its replicas: last message, and the consumers that it leads, by stream."""
        said = (await fetch(f"http://{self.servers[server].host}:{self.monitors[server]}/jsz?streams=1&consumers=1&accounts=1", "GET")).json()
        return {stream["name"]: (stream["state"]["last_seq"], [y["name"] for y in stream.get("consumer_detail") or []
                                                              if y.get("cluster", {}).get("leader") == f"n{server}"])
                for x in said.get("account_details", []) for stream in x["stream_detail"]}

    async def stalled(self):
        """The server that leads a consumer and whose own replica of the stream is furthest behind: nats-server 2.9 can stay so for
        good, and gives out nothing then. It has to be started again; None when there is none."""
        told = [await self.streams(x) for x in range(len(self.servers))]
        newest = {name: max(x[name][0] for x in told if name in x) for x in told for name in x}
        behind = [(newest[name] - last, number) for number, x in enumerate(told) for name, (last, leads) in x.items()
                  if leads and last < newest[name]]
        return max(behind)[1] if behind else None

    async def restart(self, number):
        await self.servers[number].kill()
        await self.servers[number].start()

    async def renew(self):
        """All servers at once, with empty disks: whatever was in the streams is lost, and still nothing may be."""
        for server in self.servers:
            await server.kill()
            shutil.rmtree(os.path.join(self.home, f"js-{server.port}"))
        await asyncio.gather(*(x.start() for x in self.servers))

    async def settled(self, limit=90, look=20):
        """Servers that stand still are started again, one after the other: several can, each in another stream. Where that does not
        help, their replicas have come apart for good, and they begin anew."""
        restarts, left = len(self.servers), limit
        while left > 0:
            try:
                await self.changes.poll(lambda: not any(x.open or x.buffer for x in self.tenants), "", min(look, left))
                return True
            except AssertionError:
                left -= look
            stalled = await self.stalled() if restarts >= 0 else None
            if stalled is None:
                continue
            if restarts > 0:
                print(f"seed {self.seed}: n{stalled} stands still; it is started again", flush=True)
                self.counts["stalled_server"] = self.counts.get("stalled_server", 0) + 1
                await self.restart(stalled)
                left = limit
            else:
                await self.explain()
                print(f"seed {self.seed}: the servers stand still; they begin with nothing", flush=True)
                self.counts["renewed_servers"] = self.counts.get("renewed_servers", 0) + 1
                await self.renew()
                left = 2 * limit
            restarts -= 1
        for x in self.tenants:
            if x.open or x.buffer:
                self.wrong(f"{x.name}: {len(x.open)} events without an answer, {len(x.buffer)} not acknowledged: {sorted(x.open)[:5]}")
        await self.explain()
        return False

    async def explain(self):
        """What gateways and servers say of the queue."""
        for x in self.tenants:
            print(x.name, {name: value for name, value in (await x.gateway.metrics()).items()
                           if value and ("_queue" in name or name.endswith(("_agents", "_pending")))}, flush=True)
        for server, port in zip(self.servers, self.monitors):
            with contextlib.suppress(OSError, AssertionError, KeyError, asyncio.TimeoutError):
                said = (await fetch(f"http://{server.host}:{port}/jsz?streams=1&consumers=1&accounts=1", "GET")).json()
                for stream in (y for x in said["account_details"] for y in x["stream_detail"]):
                    print(port, stream["name"], stream.get("cluster"), stream["state"], *(
                        {name: value for name, value in y.items() if name not in ("config", "created", "stream_name", "ts")}
                        for y in stream.get("consumer_detail") or []), sep="\n    ", flush=True)

    async def run(self, faults):
        """So many faults, each at a seeded moment."""
        kinds = [self.kill_worker, self.kill_server, self.kill_gateway, self.freeze_worker, self.freeze_server]
        if self.network:
            kinds.append(self.cut_server)
        for number in range(faults):
            fault = kinds[number % len(kinds)]
            traffic = asyncio.ensure_future(self.talk())
            await lasts(self.rng.uniform(0.2, 1.5))
            self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1
            await fault()
            await lasts(self.rng.uniform(0.2, 1.0))
            await ended(traffic)
            if not await self.settled():
                break
            if number % 20 == 19:
                print(f"{number + 1} faults, {sum(x.count for x in self.tenants)} events, {self.now():.0f} s", flush=True)
        else:
            for x in self.tenants:
                await x.last_look()
        return sum(x.count for x in self.tenants)

    async def finish(self):
        for x in (*self.workers, *(y.gateway for y in self.tenants if y.gateway)):
            if x.running:
                x.signal(signal.SIGCONT)
            await x.finish()
            self.heard(x)
        for x in self.tenants:
            await x.connector.stop()
        for x in self.servers:
            await x.stop()
        if self.network:
            self.network.end()
        if self.violations:
            print(f"its directory is kept: {self.home}", flush=True)
            for x in self.tenants:
                print(f"--- {x.name}\n" + "\n".join(y[:400] for y in x.gateway.output[-20:]), flush=True)
        else:
            shutil.rmtree(self.home, ignore_errors=True)
