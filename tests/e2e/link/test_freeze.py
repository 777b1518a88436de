"""F8: a process that was frozen (suspend, SIGSTOP) comes back with a fresh token and is not taken for revoked."""
import signal
import time

from harness.events import inbound
from harness.scenario import ECHO, Scenario


class Freeze(Scenario):
    async def frozen(self, meanwhile, *settings):
        """Freezes a connected gateway, lets `meanwhile(connector, link)` happen, and thaws it."""
        connector, gateway, link = await self.connected(ECHO, *settings)
        await gateway.ready()
        gateway.signal(signal.SIGSTOP)
        try:
            await meanwhile(connector, link)
        finally:
            gateway.signal(signal.SIGCONT)
        return connector, gateway

    async def serves(self, connector, gateway, text, number):
        link = await connector.link(number, 2)
        await gateway.ready()
        link.send(inbound(text))
        await connector.reply(text)

    async def test_f8_refused_while_frozen_it_redials_with_a_fresh_token(self):
        async def refuse(connector, link):
            link.close(4401, "unauthorized")
        connector, gateway = await self.frozen(refuse)
        await self.serves(connector, gateway, "after the thaw", 2)
        self.assertGreater(connector.dials[1].claims.exp, time.time() + 290)

    async def test_cut_off_while_frozen_it_comes_back(self):
        async def cut(connector, link):
            link.reset()
        connector, gateway = await self.frozen(cut)
        await self.serves(connector, gateway, "after the thaw", 2)

    async def test_longer_than_the_silence_limit_with_a_peer_that_stayed_it_needs_no_new_connection(self):
        async def wait(connector, link):
            link.send(inbound("sent into the freeze"))
            # There is nothing to await while the process cannot do anything: the limit itself has to pass.
            await connector.never(lambda: link.over, "the peer hung up", 1.5)
        connector, gateway = await self.frozen(wait, {"GATEWAY_PING_INTERVAL": "300ms", "GATEWAY_PING_TIMEOUT": "1s"})
        await connector.reply("sent into the freeze")
        self.assertEqual(len(connector.dials), 1)
