"""TLS towards the connector: a private CA is trusted only when named, and the name in the certificate counts."""
import os
import shutil
import ssl
import subprocess
import unittest

from harness.connector import SECRET
from harness.events import inbound
from harness.scenario import ECHO, PROVISIONED, QUICK, TWO, Scenario
from harness.tokens import genuine


@unittest.skipUnless(shutil.which("openssl"), "no openssl command to make certificates with")
class Tls(Scenario):
    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def serving(self, names):
        """A CA, and a server context with a certificate of it for those names."""
        self.folder = self.home()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                     "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")
        with open(os.path.join(self.folder, "ext"), "w") as file:
            file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
                     "-out", "server.csr", "-subj", "/CN=server")
        self.openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
                     "-extfile", "ext", "-out", "server.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "server.pem"), os.path.join(self.folder, "server.key"))
        return context

    @property
    def ca(self):
        return {"GATEWAY_TLS_CA_FILE": os.path.join(self.folder, "ca.pem")}

    async def test_named_ca_provisions_and_serves(self):
        connector = await self.connector(tls=self.serving("IP:127.0.0.1"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, ECHO, self.ca)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))
        link.send(inbound("over TLS"))
        await connector.reply("over TLS")
        await gateway.ready()

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
