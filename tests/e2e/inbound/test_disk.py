"""A disk that is full or read-only: the real gateway in a mount namespace of its own, its state on a small tmpfs."""
import errno
import os
import shlex
import subprocess
import unittest

from harness import websocket
from harness.events import inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario, binary

NAMESPACES = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


def on_tmpfs(scenario, options):
    """A program that is the gateway, with such a tmpfs as its state directory: (program, directory, home)."""
    home = scenario.home()
    state, program = os.path.join(home, "state"), os.path.join(home, "gateway")
    os.mkdir(state)
    inner = f"mount -t tmpfs -o {options} none {shlex.quote(state)} && exec {shlex.quote(binary())} \"$@\""
    with open(program, "w") as file:
        file.write(f"#!/bin/sh\nexec unshare -m /bin/sh -c {shlex.quote(inner)} gateway \"$@\"\n")
    os.chmod(program, 0o755)
    return program, state, home


@unittest.skipUnless(NAMESPACES, "needs mount namespaces")
class Disk(Scenario):
    async def test_a_full_disk_stops_acks_and_readiness_until_there_is_room(self):
        program, state, home = on_tmpfs(self, "size=3m")
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, home=home, program=program, GATEWAY_STATE_DIR=state)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        link.send(inbound("before", buffer_id="b-0"))
        await agent.delivery("before")
        await connector.frame("inbound_ack")

        filler = f"/proc/{gateway.process.pid}/root{state}/filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as full:
                self.assertEqual(full.errno, errno.ENOSPC)
        # Some may still find room in the journal; from one on nothing does.
        count = 150
        link.send(*(inbound(f"e{n} " + "y" * 2000, buffer_id=f"b-{n}", chat_id=str(n % 7)) for n in range(1, count + 1)))

        async def refused():
            answer = await gateway.get("/readyz")
            return answer.json()["reason"] if answer.status == 503 else None
        reason = await gateway.changes.poll(refused, "/readyz 503")
        self.assertIn("disk is full", reason)
        self.assertIn("store.", await gateway.said("disk is full"))
        self.assertEqual((await gateway.get("/livez")).status, 200)
        status = await gateway.status()
        self.assertFalse(status["store_ok"])
        held = len(link.of("inbound_ack"))
        self.assertLess(held, count)
        await connector.never(lambda: len(link.of("inbound_ack")) > held, "an ack without a disk", 1.2)

        os.unlink(filler)
        await connector.until(lambda: len(link.of("inbound_ack")) == count + 1, "every ack")
        await gateway.ready()
        self.assertEqual([x["bufferId"] for x in link.of("inbound_ack")], [f"b-{n}" for n in range(count + 1)])
        await gateway.said("store.roomy")
        await agent.until(lambda: len(agent.deliveries) == count + 1, "every event")
        for chat in range(7):
            texts = [x["event"]["text"].split()[0] for x in agent.deliveries if x["event"]["source"]["chat_id"] == str(chat)]
            self.assertEqual(texts, [f"e{n}" for n in range(1, count + 1) if n % 7 == chat])

    async def test_a_read_only_directory_ends_with_73(self):
        program, state, home = on_tmpfs(self, "size=1m,ro")
        gateway = await self.gateway(None, PINNED, home=home, program=program, listening=False, GATEWAY_STATE_DIR=state)
        self.assertEqual(await gateway.exited(), 73)
        self.assertIn(f"state directory {state} is not writable: Read-only file system", gateway.text)
        self.assertIn("--state-dir", gateway.text)

    async def fills_and_heals(self, size, length, settings=()):
        """A silent agent lets the gateway's own backlog fill the disk: no acks, not ready, the reason. Then it takes everything,
        and nobody else makes room. Twice, for what is remembered of the first time must not keep the second from it."""
        program, state, home = on_tmpfs(self, f"size={size}")
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, *settings, home=home, program=program, GATEWAY_STATE_DIR=state)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        taken, sent, acks = set(), 0, 0

        def acked(frame):
            nonlocal acks
            acks += frame["type"] == "inbound_ack"
        connector.on_frame = acked
        agent.on_delivery = lambda frame: taken.add(frame["event"]["message_id"])

        async def reason(part):
            answer = await gateway.get("/readyz")
            return answer.status == 503 and part in answer.json()["reason"]
        async def send(count):
            nonlocal sent
            link.send(*(inbound("y" * length, buffer_id=f"b-{n}", message_id=f"m-{n}", chat_id=str(n % 50))
                        for n in range(sent, sent + count)))
            sent += count
            await link.socket.flushed()
        for _ in range(2):
            agent.acks = False
            while True:
                while not await reason("full"):
                    await send(20)
                    self.assertLess(sent, 100_000)
                # What was acknowledged before it said so is here: the answer to a ping comes behind it.
                answers = len(link.socket.pongs)
                link.socket.send(websocket.PING, b"")
                await connector.changes.poll(lambda: len(link.socket.pongs) > answers, "the answer to a ping")
                held, roomy = acks, gateway.text.count("store.roomy")
                try:
                    await connector.never(lambda: acks > held, "acks on a full disk", 1.2)
                except AssertionError:              # only what was tidied up meanwhile may make room for some more
                    await gateway.changes.poll(lambda: gateway.text.count("store.roomy") > roomy, "word of room, for there are acks")
                    continue
                if acks < sent:
                    break
                await send(20)                      # all had been written just before it was full
            agent.acks = True
            for delivery in agent.deliveries:
                agent.ack(delivery)
            await gateway.changes.poll(lambda: len(taken) == sent and acks == sent, f"all {sent} events, and acks", 40)
            await gateway.ready()
            agent.frames.clear()
            link.frames.clear()
        self.assertNotIn("store.failing", gateway.text)

    async def test_a_disk_of_4_mib_heals_when_its_backlog_is_gone(self):
        await self.fills_and_heals("4m", 20)

    async def test_a_disk_of_8_mib_heals_when_its_backlog_is_gone(self):
        await self.fills_and_heals("8m", 500)

    async def test_large_events_do_not_fill_a_small_disk_to_the_last_byte(self):
        await self.fills_and_heals("8m", 300_000, [{"GATEWAY_MAX_PENDING": "100"}])
