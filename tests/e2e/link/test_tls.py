"""TLS towards the connector: a private CA is trusted only when named, and the name in the certificate counts."""
import os
import unittest

from harness.certificates import Authority, available
from harness.connector import SECRET
from harness.events import inbound
from harness.scenario import ECHO, PROVISIONED, QUICK, TWO, Scenario
from harness.tokens import genuine


@unittest.skipUnless(available, "no openssl command to make certificates with")
class Tls(Scenario):
    def serving(self, names):
        self.authority = Authority(self.home())
        return self.authority.server(names)

    @property
    def ca(self):
        return {"GATEWAY_TLS_CA_FILE": self.authority.file}

    async def test_named_ca_provisions_and_serves(self):
        connector = await self.connector(tls=self.serving("IP:127.0.0.1"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, ECHO, self.ca)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))
        link.send(inbound("over TLS"))
        await connector.reply("over TLS")
        await gateway.ready()

    async def test_a_client_certificate_is_shown_to_a_connector_that_demands_one(self):
        self.serving("IP:127.0.0.1")
        pair = [os.path.join(self.authority.folder, name) for name in ("server.pem", "server.key")]
        peer = await self.stand_in(None, "--tls-cert", pair[0], "--tls-key", pair[1], "--require-client-cert", self.authority.file)
        refused = await self.gateway(peer, TWO, PROVISIONED, QUICK, ECHO, self.ca)
        await refused.said("provision.failed")
        self.assertEqual(peer.written("provision"), [])
        shown = await self.gateway(peer, TWO, PROVISIONED, QUICK, ECHO, self.ca,
                                   {"GATEWAY_TLS_CERT_FILE": pair[0], "GATEWAY_TLS_KEY_FILE": pair[1]})
        await shown.ready()
        self.assertEqual([x["platform"] for x in peer.written("hello")], ["discord", "telegram"])

    async def refused(self, names, settings):
        connector = await self.connector(tls=self.serving(names))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK, settings or self.ca)
        await connector.never(lambda: connector.requests or connector.dials, "a request over a connection not to be trusted", 1.5)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/readyz")).status, 503)
        self.assertIn("certificate", gateway.text.lower())

    async def test_unknown_ca_is_refused(self):
        await self.refused("IP:127.0.0.1", {"GATEWAY_TLS_CA_FILE": None})

    async def test_name_mismatch_is_refused(self):
        await self.refused("DNS:other.example,IP:10.0.0.1", None)
