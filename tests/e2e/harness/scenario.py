"""The base of every scenario: starts peers, and leaves none behind."""
import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import unittest

from .agent import Agent
from .connector import Connector
from .gateway import Gateway, run_command
from .stand_in import StandIn

BINARIES = {"directory": None}

GATEWAY_ID = "gw-e2e"
TOKEN = "identity-token-c3d4"
PINNED = {"GATEWAY_RELAY_ID": GATEWAY_ID, "GATEWAY_RELAY_SECRET": "pinned-secret-5e6f"}
BOTS = {"discord": {"botId": "bot-d"}, "telegram": {"botId": "bot-t", "username": "@t_bot"}}
TWO = {"GATEWAY_RELAY_PLATFORMS": "discord,telegram", "GATEWAY_RELAY_BOT_IDS": json.dumps(BOTS)}
PROVISIONED = {"GATEWAY_RELAY_ID": GATEWAY_ID, "GATEWAY_RELAY_ACCESS_TOKEN": TOKEN}
ECHO = {"GATEWAY_AGENT": "echo"}
QUICK = {"GATEWAY_BACKOFF_MIN": "100ms", "GATEWAY_BACKOFF_MAX": "400ms"}


def binary(name="relay-gateway"):
    return os.path.join(BINARIES["directory"], name)


class Scenario(unittest.IsolatedAsyncioTestCase):
    alone = False       # true for a class that measures: nothing else runs beside it

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)     # unittest turns it on; it slows every turn
        self._stack = contextlib.AsyncExitStack()
        self._gateways, self._connectors = [], []

    async def asyncTearDown(self):
        await self._stack.aclose()
        faults = [fault for connector in self._connectors for link in connector.links for fault in link.faults]
        self.assertEqual(faults, [], "the gateway broke the framing of section 3")

    def evidence(self):
        """What the gateways said last, for the report of a failure."""
        return "\n".join(f"--- gateway {n}, exit {g.process.returncode if g.process else None}\n"
                         + "\n".join(line[:600] for line in g.output[-40:]) for n, g in enumerate(self._gateways))

    def home(self):
        path = tempfile.mkdtemp(prefix="relay-e2e-")
        self._stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    def config(self, home, text):
        """Writes the YAML file that the gateway of this home reads."""
        os.makedirs(os.path.join(home, "hermes"), exist_ok=True)
        with open(os.path.join(home, "hermes", "config.yaml"), "w") as file:
            file.write(text)

    async def connector(self, port=0, tls=None):
        found = await Connector().start(port, tls)
        self._connectors.append(found)
        self._stack.push_async_callback(found.stop)
        return found

    async def stand_in(self, faults=None, *arguments):
        """relay-connector with a fault script."""
        found = await StandIn(binary("relay-connector"), self.home(), arguments).start(faults)
        self._stack.push_async_callback(found.stop)
        return found

    async def gateway(self, connector=None, *settings, home=None, arguments=("run",), listening=True, program=None,
                      **more):
        """A running gateway; later settings win, a setting of None takes the variable away. `program`: one that becomes it."""
        merged = {"GATEWAY_RELAY_URL": connector.url} if connector else {}
        for layer in settings:
            merged.update(layer)
        merged.update(more)
        found = Gateway(program or binary(), home or self.home(), merged, arguments)
        self._gateways.append(found)
        self._stack.push_async_callback(found.finish)
        await found.start()
        if listening:
            await found.listening()
        return found

    async def agent(self, gateway, headers=None, ready=True, query="", acks=True):
        found = Agent()
        found.acks = acks
        await found.attach(gateway.url, headers, query)
        self._stack.push_async_callback(found.detach)
        if ready:
            await found.frame("ready")
        return found

    async def command(self, *arguments, home=None, stdin=None, limit=10.0, **settings):
        return await run_command(binary(), home or self.home(), settings, *arguments, stdin=stdin, limit=limit)

    async def connected(self, *settings, hellos=None, **more):
        """A connector and a gateway with pinned credentials, handshake done: (connector, gateway, link)."""
        connector = await self.connector()
        layers = (PINNED, TWO, QUICK, *settings)
        gateway = await self.gateway(connector, *layers, **more)
        platforms = {k: v for layer in (*layers, more) for k, v in layer.items()}.get("GATEWAY_RELAY_PLATFORMS") or "relay"
        link = await connector.link(1, hellos or platforms.count(",") + 1)
        return connector, gateway, link
