"""What the host of the process sees: systemd's notifications, process 1 of a container, closed standard streams."""
import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import unittest

from harness.events import inbound
from harness.gateway import HUP, TERM
from harness.scenario import ECHO, PINNED, TWO, Scenario, binary
from agents.test_exec import PRELUDE, children_of


class Manager:
    """The service manager's socket."""

    def __init__(self, home):
        self.path = os.path.join(home, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.seen = []

    async def message(self, pattern, limit=10.0):
        """The next datagram with that in it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while True:
            try:
                data = await asyncio.wait_for(loop.sock_recv(self.socket, 8192), end - loop.time())
            except asyncio.TimeoutError:
                raise AssertionError(f"no message with {pattern!r}; there were {self.seen}") from None
            self.seen.append(data.decode())
            if re.search(pattern, self.seen[-1]):
                return self.seen[-1]


def may_unshare():
    tried = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True)
    return tried.returncode == 0


class ServiceManager(Scenario):
    async def test_ready_status_reload_and_stop(self):
        home = self.home()
        manager = Manager(home)
        connector, gateway, link = await self.connected(
            {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"}, ECHO, home=home)
        await manager.message(r"^READY=1\n")
        await manager.message(r"^STATUS=connected; discord, telegram; ")
        for _ in range(3):
            await manager.message(r"^WATCHDOG=1$")
        gateway.signal(HUP)
        await manager.message(r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        await manager.message(r"^READY=1$")
        self.config(home, "gateway: {grace: soon}\n")
        gateway.signal(HUP)
        await manager.message(r"^RELOADING=1\n")
        await manager.message(r"the last reload was refused: .*gateway.grace")
        gateway.signal(TERM)
        self.assertIn("EXTEND_TIMEOUT_USEC=28000000", await manager.message(r"^STOPPING=1\n"))
        self.assertEqual(await gateway.exited(), 0)

    async def test_a_child_sees_nothing_of_it(self):
        home = self.home()
        manager = Manager(home)
        script = os.path.join(home, "agent.py")
        with open(script, "w") as file:
            file.write(PRELUDE + """
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, names=sorted(os.environ))
        ack(frame)
""")
        connector, gateway, link = await self.connected(
            {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "30000000"},
            {"GATEWAY_AGENT": f"exec:/usr/bin/python3 -u {script}"}, home=home)
        link.send(inbound("who"))
        names = (await connector.actions(1))[0]["action"]["content"]
        self.assertIn("PATH", names)
        self.assertNotIn("NOTIFY_SOCKET", names)
        self.assertNotIn("WATCHDOG_USEC", names)


class ProcessOne(Scenario):
    @unittest.skipUnless(shutil.which("unshare") and may_unshare(), "PID namespaces are not permitted here")
    async def test_orphans_are_reaped_and_children_are_not_taken_from_their_watcher(self):
        home = self.home()
        script = os.path.join(home, "agent.py")
        # Each message makes five orphans, in sessions of their own so that they outlive the agent's group; at "end" the
        # agent itself ends, whose exit status must still be noticed.
        with open(script, "w") as file:
            file.write(PRELUDE + """
import subprocess
for frame in frames():
    if frame["type"] == "inbound":
        for _ in range(5):
            subprocess.run(["sh", "-c", "setsid sh -c 'exec true' & exit 0"])
        report(frame, mine=os.getpid(), parent=os.getppid())
        ack(frame)
        if frame["event"]["text"] == "end":
            sys.exit(3)
""")
        wrapper = os.path.join(home, "first")
        with open(wrapper, "w") as file:
            file.write(f'#!/bin/sh\nexec unshare --pid --fork --mount-proc --kill-child {binary()} "$@"\n')
        os.chmod(wrapper, 0o755)
        connector, gateway, link = await self.connected(
            {"GATEWAY_AGENT": f"exec:/usr/bin/python3 -u {script}", "GATEWAY_LOG_FORMAT": "json"},
            home=home, program=wrapper)
        first, = children_of(gateway.process.pid)
        for n in range(3):
            link.send(inbound(f"m{n}", chat_id=str(n)))
            said = (await connector.actions(n + 1))[n]["action"]["content"]
            self.assertIn('"parent": ', said)

        async def only_the_keeper():
            return len(children_of(first)) == 1
        await gateway.changes.poll(only_the_keeper, "no child but the agent's keeper", 10.0)
        link.send(inbound("end", chat_id="9"))
        self.assertIn("exited with code 3", await gateway.said("agent.exited"))
        await gateway.changes.poll(only_the_keeper, "the next agent's keeper alone", 10.0)
        os.kill(first, signal.SIGTERM)
        self.assertEqual(await gateway.exited(), 0)


class ClosedStreams(Scenario):
    async def closed(self, program, *arguments, **settings):
        """Starts it with descriptors 0 to 2 closed; where these lead to once it has opened its files."""
        port = self.free_port()
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.home(), **settings}
        process = subprocess.Popen(["/bin/sh", "-c", 'exec "$0" "$@" 0<&- 1>&- 2>&-', program,
                                    *[x.format(port=port) for x in arguments]], env=environment)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

        async def listens():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True
        changes = (await self.connector()).changes
        await changes.poll(listens, "a listener", 10.0)
        return [os.readlink(f"/proc/{process.pid}/fd/{n}") for n in range(3)]

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    async def test_gateway(self):
        state = self.home()
        found = await self.closed(binary(), "run", "--listen", "127.0.0.1:{port}", "--state-dir", state, **PINNED, **TWO)
        self.assertEqual(found, ["/dev/null"] * 3)

    async def test_connector(self):
        found = await self.closed(binary("relay-connector"), "--listen", "127.0.0.1:{port}")
        self.assertEqual(found, ["/dev/null"] * 3)
