"""What hangs, is missing or is gone outside of the process: it stays answerable, says so, and heals."""
import contextlib
import ctypes
import os
import resource
import shutil
import signal

from harness.events import inbound
from harness.gateway import TERM
from harness.scenario import PINNED, QUICK, TWO, Scenario
from agents.test_exec import Exec, alive


def hang_opens(path):
    """Whoever opens that file waits in the kernel, as on a mount whose server is gone, until the returned file is closed.
    None where that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    content, at_once, add, open_permission, here = 0x04, 0x01, 1, 0x00010000, -100
    watch = libc.fanotify_init(content | at_once, os.O_RDONLY)
    if watch < 0:
        return None
    if libc.fanotify_mark(watch, add, ctypes.c_uint64(open_permission), here, ctypes.c_char_p(path.encode())) < 0:
        os.close(watch)
        return None
    return watch


class Files(Scenario):
    async def waits_for_a_token(self):
        """A gateway whose token file hangs when it is opened; `release` is as if its server were back."""
        path = os.path.join(self.home(), "token")
        with open(path, "w") as file:
            file.write("identity-token-c3d4\n")
        watch = hang_opens(path)
        if watch is None:
            self.skipTest("needs fanotify with permission events")
        release = contextlib.ExitStack()
        release.callback(os.close, watch)
        self._stack.callback(release.close)
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, QUICK, GATEWAY_RELAY_ID="gw-e2e", GATEWAY_RELAY_ACCESS_TOKEN_FILE=path)
        await gateway.said("access token file", 20)
        return connector, gateway, release.close

    async def test_a_secret_file_on_a_mount_that_hangs_holds_nobody_up(self):
        connector, gateway, release = await self.waits_for_a_token()
        self.assertEqual((await gateway.get("/livez", limit=2.0)).status, 200)
        self.assertEqual((await gateway.get("/metrics", limit=2.0)).status, 200)
        release()               # who waited goes on
        await connector.until(lambda: connector.provisions, "a provisioning call", 30)

    async def test_a_secret_file_that_hangs_holds_no_exit_up(self):
        _, gateway, _ = await self.waits_for_a_token()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(15), 0)

    async def test_a_pipe_as_secret_file_holds_nobody_up(self):
        pipe = os.path.join(self.home(), "token")
        os.mkfifo(pipe)
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, QUICK, GATEWAY_RELAY_ID="gw-e2e", GATEWAY_RELAY_ACCESS_TOKEN_FILE=pipe)
        self.assertIn("not a regular file", await gateway.said("not a regular file"))
        self.assertEqual((await gateway.get("/livez", limit=2.0)).status, 200)
        os.unlink(pipe)
        with open(pipe, "w") as file:
            file.write("identity-token-c3d4\n")
        await connector.until(lambda: connector.provisions, "a provisioning call", 20)

    async def test_a_pipe_as_ca_file_fails_dials_with_its_reason(self):
        pipe = os.path.join(self.home(), "ca.pem")
        os.mkfifo(pipe)
        connector = await self.connector()      # TLS begins once somebody is there
        gateway = await self.gateway(None, TWO, PINNED, QUICK, GATEWAY_RELAY_URL=f"https://127.0.0.1:{connector.port}",
                                     GATEWAY_TLS_CA_FILE=pipe)
        await gateway.said("not a regular file")
        self.assertEqual((await gateway.get("/livez", limit=2.0)).status, 200)


class NoThread(Scenario):
    async def test_sigterm_ends_a_process_that_can_make_no_thread(self):
        connector, gateway, link = await self.connected()
        await gateway.ready()
        with open(f"/proc/{gateway.process.pid}/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.prlimit(gateway.process.pid, resource.RLIMIT_AS, (size, size))
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(15), 0)


class StateDirectory(Scenario):
    async def started(self):
        home = self.home()
        state = os.path.join(home, "state")
        connector, gateway, link = await self.connected(home=home, GATEWAY_STATE_DIR=state)
        agent = await self.agent(gateway)
        link.send(inbound("before", buffer_id="b-0", message_id="m-0"))
        await agent.delivery("before")
        await connector.frame("inbound_ack")
        return state, connector, gateway, link, agent

    async def refused(self, gateway, part):
        async def probe():
            answer = await gateway.get("/readyz")
            return answer.status == 503 and part in answer.json()["reason"]
        await gateway.changes.poll(probe, f"/readyz 503 with {part!r}", 5)

    async def test_one_that_is_moved_away_is_noticed_and_heals_when_it_is_back(self):
        state, connector, gateway, link, agent = await self.started()
        os.rename(state, state + ".away")
        await self.refused(gateway, "is gone")
        link.send(inbound("meanwhile", buffer_id="b-1", message_id="m-1"))
        await connector.never(lambda: len(link.of("inbound_ack")) > 1, "an ack without a directory", 2)
        os.rename(state + ".away", state)
        await connector.until(lambda: len(link.of("inbound_ack")) == 2, "the ack")
        await agent.delivery("meanwhile")
        await gateway.ready()

    async def test_one_that_is_replaced_by_an_empty_one_gets_all_that_was_kept(self):
        state, connector, gateway, link, agent = await self.started()
        agent.acks = False
        link.send(inbound("open", buffer_id="b-1", message_id="m-1", chat_id="7"))
        await agent.delivery("open")
        shutil.rmtree(state)
        await self.refused(gateway, "is gone")
        os.mkdir(state, 0o700)
        await gateway.ready()
        await gateway.said("store.moved")
        gateway.process.kill()
        await gateway.exited()
        # The next process finds what this one knew.
        again = await self.gateway(connector, PINNED, TWO, QUICK, home=gateway.home, GATEWAY_STATE_DIR=state)
        later = await self.agent(again)
        self.assertTrue((await later.delivery("open"))["redelivered"])
        link = await connector.link(2, 2)
        link.send(inbound("before", buffer_id="b-0", message_id="m-0"))
        await connector.until(lambda: link.of("inbound_ack"), "the ack of the repeat")
        self.assertEqual([x["event"]["text"] for x in later.deliveries], ["open"])

    async def test_another_database_in_its_place_is_not_written_to(self):
        state, connector, gateway, link, agent = await self.started()
        os.rename(state, state + ".away")
        os.mkdir(state)
        with open(os.path.join(state, "relay.db"), "w") as file:
            file.write("somebody else's")
        await self.refused(gateway, "another database")
        shutil.rmtree(state)
        os.rename(state + ".away", state)
        await gateway.ready()

    async def survives(self, harm, mended=None):
        """What was acknowledged is found by the next process after `harm` was done to the directory and this one was killed."""
        state, connector, gateway, link, agent = await self.started()
        agent.acks = False
        link.send(inbound("open", buffer_id="b-1", message_id="m-1", chat_id="7"))
        await agent.delivery("open")
        harm(state)
        if mended:
            await mended(gateway)
        await gateway.ready()
        link.send(inbound("after", buffer_id="b-2", message_id="m-2", chat_id="8"))
        await connector.until(lambda: len(link.of("inbound_ack")) == 3, "the ack of what came after it")
        gateway.process.kill()
        await gateway.exited()
        again = await self.gateway(connector, PINNED, TWO, QUICK, home=gateway.home, GATEWAY_STATE_DIR=state)
        later = await self.agent(again)
        await later.delivery("open")
        await later.delivery("after")

    async def test_a_journal_that_is_removed_is_written_anew(self):
        async def noticed(gateway):
            await gateway.said("store.moved")
        await self.survives(lambda state: os.unlink(os.path.join(state, "relay.db-wal")), noticed)

    async def test_a_database_that_is_removed_is_written_anew(self):
        async def noticed(gateway):
            await gateway.said("store.moved")

        def remove(state):
            for name in os.listdir(state):
                if name.startswith("relay.db"):
                    os.unlink(os.path.join(state, name))
        await self.survives(remove, noticed)

    async def test_a_file_in_its_place_is_told_until_it_goes(self):
        state, connector, gateway, link, agent = await self.started()
        os.rename(state, state + ".away")
        for kind in (lambda: open(state, "w").close(), lambda: os.mkfifo(state), lambda: os.symlink(state, state),
                     lambda: os.symlink("/dev/zero", state)):
            kind()
            await self.refused(gateway, "is gone")
            self.assertEqual((await gateway.get("/livez", limit=2.0)).status, 200)
            os.unlink(state)
        os.rename(state + ".away", state)
        await gateway.ready()


class Poison(Scenario):
    async def test_an_event_that_kills_every_process_is_set_aside_alone(self):
        connector = await self.connector()
        home, lives, answered = self.home(), 0, set()
        settings = (PINNED, TWO, QUICK, {"GATEWAY_STATE_DIR": os.path.join(home, "state")})
        gateway = await self.gateway(connector, *settings, home=home)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        texts = ["n0", "n1", "die", "n2", "n3"]
        agent.acks = False
        link.send(*(inbound(x, buffer_id=f"b-{x}", chat_id=x, message_id=f"m-{x}") for x in texts))
        await agent.until(lambda: len(agent.deliveries) == len(texts), "all of them are out")
        while lives < 10:
            lives += 1
            gateway.process.kill()
            await gateway.exited()
            gateway = await self.gateway(connector, *settings, home=home)
            agent = await self.agent(gateway, ready=False)
            agent.acks = False
            state = {"read": 0}

            def take():
                """Acknowledges until the poison comes; whether it has."""
                while state["read"] < len(agent.deliveries):
                    frame = agent.deliveries[state["read"]]
                    state["read"] += 1
                    if frame["event"]["text"] == "die":
                        return True
                    answered.add(frame["event"]["text"])
                    agent.ack(frame)
                return bool([x for x in gateway.output if "event.dead_letter" in x])
            await agent.until(take, "the poison, or its end", 15)
            if [x for x in gateway.output if "event.dead_letter" in x]:
                break
        self.assertLessEqual(lives, 8)
        await agent.until(lambda: take() and answered == {"n0", "n1", "n2", "n3"}, "the others", 15)
        letters = (await gateway.get("/v1/dlq")).json()["letters"]
        self.assertEqual([x["text"] for x in letters], ["die"])


class Descendants(Exec):
    LEAVES = """
import subprocess
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        # In a session of its own, and its parent is gone: what a daemon does.
        text = subprocess.run(["sh", "-c", "setsid tail -f /dev/null >/dev/null 2>&1 & echo $!"], capture_output=True, text=True).stdout
        report(frame, pid=int(text))
        ack(frame)
"""

    async def test_one_in_a_session_of_its_own_ends_with_the_child(self):
        connector, gateway, link = await self.start(self.LEAVES)
        link.send(inbound("go"))
        pid = (await self.told(connector))["pid"]
        self.assertTrue(alive(pid))
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(15), 0)
        await self.gone(pid, "the daemon that the child made")

    async def test_one_in_a_session_of_its_own_ends_with_a_gateway_that_is_killed(self):
        connector, gateway, link = await self.start(self.LEAVES)
        link.send(inbound("go"))
        pid = (await self.told(connector))["pid"]
        gateway.signal(signal.SIGKILL)
        await gateway.exited()
        await self.gone(pid, "the daemon that the child made")
