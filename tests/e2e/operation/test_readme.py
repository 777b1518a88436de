"""What README.md tells a newcomer to type, typed."""
import os
import re

from harness.events import inbound
from harness.scenario import GATEWAY_ID, TOKEN, Scenario, binary

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def commands_after(line):
    """The indented block behind the paragraph that begins so."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        block = re.search(rf"^{re.escape(line)}[^\n]*\n\n((?:    [^\n]*\n)+)", file.read(), re.M).group(1)
    return [x[4:] for x in block.splitlines()]


class Readme(Scenario):
    async def test_a_connector_of_your_own(self):
        connector = await self.connector()
        lines = commands_after("Against a connector of your own")
        self.assertIn("THE-TOKEN", lines[0], "the file of the token is made before it is named")
        text = "\n".join(lines[:-1] + ["exec " + lines[-1]])
        for theirs, ours in (("THE-TOKEN", TOKEN), ("https://connector.example", connector.url),
                             ("build/release/bin", os.path.dirname(binary()))):
            self.assertIn(theirs, text)
            text = text.replace(theirs, ours)
        home = self.home()
        program = os.path.join(home, "typed")
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\nset -euo pipefail\n" + text + "\n")
        os.chmod(program, 0o755)
        gateway = await self.gateway(None, {"GATEWAY_RELAY_ID": GATEWAY_ID, "HERMES_HOME": None}, home=home, program=program)
        link = await connector.link(2, 2)           # the first one was the doctor
        self.assertEqual({x["platform"] for x in link.hellos}, {"discord", "telegram"})
        asked = [x for x in connector.requests if x.path == "/relay/provision"]
        self.assertEqual({x.bearer for x in asked}, {TOKEN})
        self.assertEqual(os.stat(os.path.join(home, ".hermes", "relay-token")).st_mode & 0o777, 0o600)
        self.assertNotIn("FAIL", gateway.text)
        agent = await self.agent(gateway)
        link.send(inbound("hi"))
        agent.say("hello", delivery=await agent.delivery("hi"))
        await connector.reply("hello")
