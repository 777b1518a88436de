"""The examples that README.md names, run as it says. tests/consumer builds and runs the one in C++."""
import asyncio
import os
import re
import shlex

from harness.events import descriptor, inbound
from harness.model_server import ModelServer
from harness.scenario import PINNED, QUICK, TWO, Scenario

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def command(example):
    """The words of README.md's command line that runs it, without its comment."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        line, = re.findall(rf"^    ([^\n#]*\btests/examples/{re.escape(example)}[^\n#]*)", file.read(), re.M)
    return [x.replace("tests/examples/", f"{ROOT}/tests/examples/") for x in shlex.split(line)]


class Examples(Scenario):
    async def talk(self, connector, link):
        """Two messages in one chat, each answered once and in order."""
        for n, text in enumerate(("hello", "and again")):
            link.send(inbound(text, message_id=f"m{n}", chat_id="42"))
            await connector.reply(f"You said: {text}")
        self.assertEqual([x["action"]["content"] for x in connector.sent()], ["You said: hello", "You said: and again"])

    async def test_an_agent_on_the_websocket(self):
        connector, gateway, link = await self.connected()
        words = command("agent.py")
        self.assertEqual(words[-1], "ws://127.0.0.1:9480/v1/agent")
        agent = await asyncio.create_subprocess_exec(*words[:-1], gateway.url.replace("http", "ws") + "/v1/agent")
        self._stack.push_async_callback(agent.wait)
        self._stack.callback(agent.kill)
        await gateway.ready()
        await self.talk(connector, link)
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)
        # It finds the next gateway by itself.
        again = await self.gateway(connector, PINNED, TWO, QUICK, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        link = await connector.link(2, 2)
        link.send(inbound("a third", message_id="m3", chat_id="42"))
        await connector.reply("You said: a third", limit=30)
        self.assertTrue(again.running)

    async def test_the_same_as_an_exec_agent(self):
        connector = await self.connector()
        words = command("exec_agent.py")
        self.assertEqual(words[:3], ["build/release/bin/relay-gateway", "run", "--agent"])
        await self.gateway(connector, PINNED, TWO, QUICK, arguments=words[1:])
        await self.talk(connector, await connector.link(1, 2))

    async def test_a_chat_bot_of_a_model(self):
        server = await ModelServer().start()
        self._stack.push_async_callback(server.stop)
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send", "typing"])
        words = command("model.yaml")
        self.assertEqual(words[:2], ["build/release/bin/relay-gateway", "run"])
        gateway = await self.gateway(None, PINNED, QUICK, arguments=words[1:], GATEWAY_CONFIG=None,
                                     RELAY_URL=connector.url, MODEL_URL=server.url, MODEL="tiny")
        link = await connector.link(1, 2)
        await self.talk(connector, link)
        first, second = server.exchanges
        self.assertEqual((first.body["model"], first.body["messages"][0]["role"]), ("tiny", "system"))
        self.assertEqual([x["content"] for x in second.messages[1:]], ["hello", "You said: hello", "and again"])
        await gateway.ready()
