"""A disk that is full or read-only: the real gateway in a mount namespace of its own, its state on a small tmpfs."""
import errno
import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

from harness import websocket
from harness.events import inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario, binary

NAMESPACES = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0


def loop_devices():
    """Whether a file can be mounted, as a disk that turns read-only by itself."""
    if not NAMESPACES or not shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin"):
        return False
    with tempfile.NamedTemporaryFile() as image:
        os.truncate(image.name, 1 << 20)
        made = subprocess.run(["mkfs.ext4", "-q", image.name], capture_output=True,
                              env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}).returncode == 0
        return made and subprocess.run(["unshare", "-m", "mount", "-o", "loop", image.name, "/mnt"],
                                       capture_output=True).returncode == 0


LOOP = loop_devices()


def on_tmpfs(scenario, options):
    """A program that is the gateway, with such a tmpfs as its state directory: (program, directory, home)."""
    return on_mount(scenario, f"-t tmpfs -o {options} none")


def on_mount(scenario, what, user=None):
    """The same with what `mount` makes of these arguments, and maybe as another user."""
    home = scenario.home()
    state, program = os.path.join(home, "state"), os.path.join(home, "gateway")
    os.mkdir(state)
    inner = f"mount {what} {shlex.quote(state)} && exec {shlex.quote(binary())} \"$@\""
    if user is not None:
        inner = inner.replace("exec ", f"exec setpriv --reuid {user} --regid {user} --clear-groups ")
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

    async def test_the_directory_of_somebody_else_ends_with_73(self):
        program, state, home = on_mount(self, "-t tmpfs -o size=4m,uid=0,mode=755 none", user=65534)
        os.chmod(home, 0o777)
        gateway = await self.gateway(None, PINNED, home=home, program=program, listening=False, GATEWAY_STATE_DIR=state)
        self.assertEqual(await gateway.exited(), 73)
        self.assertIn(f"state directory {state} is not writable: Permission denied", gateway.text)

    async def test_one_that_is_given_to_somebody_else_while_it_runs_is_told(self):
        program, state, home = on_mount(self, "-t tmpfs -o size=8m,uid=65534,mode=700 none", user=65534)
        os.chmod(home, 0o777)
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, home=home, program=program, GATEWAY_STATE_DIR=state)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        inside = f"/proc/{gateway.process.pid}/root{state}"
        os.chown(inside, 0, 0)

        async def refused():
            answer = await gateway.get("/readyz")
            return answer.status == 503 and answer.json()["reason"]
        reason = await gateway.changes.poll(refused, "/readyz 503", 10)
        self.assertIn("Permission denied", reason)
        os.chown(inside, 65534, 65534)
        await gateway.ready()
        link.send(inbound("after", buffer_id="b-1"))
        await connector.until(lambda: link.of("inbound_ack"), "the ack")

    @unittest.skipUnless(LOOP, "needs loop devices")
    async def test_a_disk_that_turns_read_only_is_told_and_loses_nothing(self):
        image = os.path.join(self.home(), "disk")
        with open(image, "w") as file:
            file.truncate(16 << 20)
        subprocess.run(["mkfs.ext4", "-q", image], check=True, env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
        program, state, home = on_mount(self, f"-o loop {shlex.quote(image)}")
        connector = await self.connector()
        settings = (TWO, PINNED, QUICK, {"GATEWAY_STATE_DIR": state})
        gateway = await self.gateway(connector, *settings, home=home, program=program)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("before", buffer_id="b-0", message_id="m-0"))
        await agent.delivery("before")
        await connector.frame("inbound_ack")
        # What the kernel does after an error of the disk.
        subprocess.run(["nsenter", "-t", str(gateway.process.pid), "-m", "mount", "-o", "remount,abort", state], check=True)
        link.send(*(inbound(f"e{n}", buffer_id=f"b-{n}", message_id=f"m-{n}", chat_id=str(n)) for n in range(1, 40)))

        async def refused():
            answer = await gateway.get("/readyz")
            return answer.status == 503
        await gateway.changes.poll(refused, "/readyz 503", 15)
        self.assertIn("store.", await gateway.said("store."))
        self.assertEqual((await gateway.get("/livez", limit=2.0)).status, 200)
        await connector.never(lambda: len(link.of("inbound_ack")) > 1, "an ack without a disk", 1.2)
        gateway.process.kill()
        await gateway.exited()
        again = await self.gateway(connector, *settings, home=home, program=program)      # mounted anew
        later = await self.agent(again)
        self.assertTrue((await later.delivery("before"))["redelivered"])
        link = await connector.link(2, 2)
        link.send(inbound("e1", buffer_id="b-1", message_id="m-1", chat_id="1"))
        await later.delivery("e1")

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
