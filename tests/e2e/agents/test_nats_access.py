"""How gateways and workers are let in by a NATS server: certificates, users, tokens, credentials of an operator."""
import os
import unittest

from harness import certificates
from harness.certificates import Authority
from harness.events import inbound
from harness.nats_accounts import Operator
from harness.nats_server import NatsServer
from agents.test_nats import Pool


class Access(Pool):
    async def converses(self, nats, given, url=None, text="hello"):
        """A gateway and a worker with the same settings, and one turn. What both said and who they are."""
        url = url or nats.url
        connector, gateway, link = await self.fronted(nats, given, GATEWAY_AGENT=f"nats:{url}", GATEWAY_LOG_LEVEL="debug")
        worker = await self.worker(nats, "echo", given, GATEWAY_NATS_URL=url, GATEWAY_LOG_LEVEL="debug")
        link.send(inbound(text, chat_id="1"))
        self.assertEqual((await connector.actions(1, limit=20))[0]["action"]["content"], text)
        return gateway, worker

    async def refused(self, nats, given, why, url=None):
        connector, gateway, link = await self.fronted(nats, given, GATEWAY_AGENT=f"nats:{url or nats.url}")
        await gateway.said("queue.unavailable", limit=15)
        line = await gateway.said(why, limit=15)
        self.assertEqual((await gateway.metrics()).get("relay_gateway_agents", 0), 0)
        return line


@unittest.skipUnless(certificates.available, "there is no openssl command")
class Certificates(Access):
    def authority(self, names="DNS:localhost,IP:127.0.0.1", days=1):
        found = Authority(self.home())
        found.server(names, days)
        return found

    def tls(self, authority, **more):
        at = lambda name: os.path.join(authority.folder, name)
        return {"tls": {"cert_file": at("server.pem"), "key_file": at("server.key"), **more}}

    def at(self, nats, name="localhost"):
        return f"tls://{name}:{nats.port}"

    async def test_a_server_of_the_own_authority_is_used(self):
        authority = self.authority()
        for name in ("localhost", "127.0.0.1"):
            nats = await self.nats(**self.tls(authority))
            await self.converses(nats, {"GATEWAY_TLS_CA_FILE": authority.file}, self.at(nats, name))

    async def test_one_of_another_authority_is_refused(self):
        nats, other = await self.nats(**self.tls(self.authority())), self.authority()
        await self.refused(nats, {"GATEWAY_TLS_CA_FILE": other.file}, "ertificate", self.at(nats))
        await self.refused(nats, {}, "ertificate", self.at(nats))       # nor is it one that the system trusts

    async def test_one_of_another_name_is_refused(self):
        authority = self.authority("DNS:elsewhere.example")
        nats = await self.nats(**self.tls(authority))
        await self.refused(nats, {"GATEWAY_TLS_CA_FILE": authority.file}, "ostname", self.at(nats))

    async def test_one_that_has_expired_is_refused(self):
        authority = self.authority(days=-1)
        nats = await self.nats(**self.tls(authority))
        await self.refused(nats, {"GATEWAY_TLS_CA_FILE": authority.file}, "expired", self.at(nats))

    async def test_a_server_that_wants_certificates_gets_them(self):
        authority = self.authority()
        client = {"GATEWAY_TLS_CA_FILE": authority.file, "GATEWAY_TLS_CERT_FILE": os.path.join(authority.folder, "server.pem"),
                  "GATEWAY_TLS_KEY_FILE": os.path.join(authority.folder, "server.key")}
        nats = await self.nats(**self.tls(authority, ca_file=authority.file, verify=True))
        await self.converses(nats, client, self.at(nats))
        await self.refused(nats, {"GATEWAY_TLS_CA_FILE": authority.file}, "queue.unavailable", self.at(nats))

    async def test_a_password_is_not_sent_in_the_clear_to_a_server_without_tls(self):
        nats = await self.nats()
        await self.refused(nats, {"GATEWAY_NATS_USER": "relay", "GATEWAY_NATS_PASSWORD": "s3cr3t-p4ss"}, "ecure", self.at(nats))

    async def test_a_certificate_that_was_renewed_is_used_at_the_next_connection(self):
        authority = self.authority(days=-1)
        nats = await self.nats(**self.tls(authority))
        connector, gateway, link = await self.fronted(nats, {"GATEWAY_TLS_CA_FILE": authority.file},
                                                      GATEWAY_AGENT=f"nats:{self.at(nats)}")
        await gateway.said("queue.unavailable", limit=15)
        await nats.kill()
        authority.server("DNS:localhost")
        await nats.start()
        await gateway.said("queue.connected", limit=15)


class Users(Access):
    async def test_a_token(self):
        nats = await self.nats(authorization={"token": "t0k3n-of-nats"})
        for text in await self.converses(nats, {"GATEWAY_NATS_TOKEN": "t0k3n-of-nats"}):
            self.assertNotIn("t0k3n-of-nats", text.text)
        await self.refused(nats, {"GATEWAY_NATS_TOKEN": "another"}, "uthorization")

    async def test_a_user_and_a_password_of_the_url_are_told_to_nobody(self):
        nats = await self.nats(authorization={"users": [{"user": "relay", "password": "s3cr3t-p4ss"}]})
        for text in await self.converses(nats, {}, f"nats://relay:s3cr3t-p4ss@127.0.0.1:{nats.port}"):
            self.assertNotIn("s3cr3t-p4ss", text.text)

    async def test_a_user_who_may_do_no_more_than_this_needs(self):
        may = ["relay.>", "_INBOX.>", "$JS.API.INFO", "$JS.API.STREAM.*.relay_IN", "$JS.API.STREAM.*.relay_OUT_gw-e2e",
               "$JS.API.STREAM.MSG.GET.relay_OUT_gw-e2e", "$JS.API.CONSUMER.>", "$JS.ACK.>"]
        nats = await self.nats(authorization={"users": [{"user": "relay", "password": "p", "permissions": {
            "publish": may, "subscribe": ["relay.>", "_INBOX.>"]}}]})
        gateway, worker = await self.converses(nats, {"GATEWAY_NATS_USER": "relay", "GATEWAY_NATS_PASSWORD": "p"})
        self.assertNotIn("ermissions", gateway.text + worker.text)


@unittest.skipUnless(certificates.available, "there is no openssl command")
class Credentials(Access):
    async def test_those_of_an_operators_account(self):
        operator = Operator(self.home())
        nats = await self.nats(**operator.settings)
        path = operator.credentials("relay")
        with open(path) as file:
            seed = file.read().splitlines()[5]
        self.assertTrue(seed.startswith("SU"))
        for text in await self.converses(nats, {"GATEWAY_NATS_CREDENTIALS_FILE": path}):
            self.assertNotIn(seed, text.text)

    async def test_those_of_another_operator_are_refused_until_the_file_is_right(self):
        operator, other = Operator(self.home()), Operator(self.home())
        nats, path = await self.nats(**operator.settings), other.credentials("relay")
        connector, gateway, link = await self.fronted(nats, GATEWAY_NATS_CREDENTIALS_FILE=path)
        await gateway.said("uthorization", limit=15)
        os.replace(operator.credentials("relay"), path)
        await gateway.said("queue.connected", limit=15)
