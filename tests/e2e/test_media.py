"""Section 6, Media: attachments between the connector's store and files of this machine."""
import os

from harness.events import descriptor, inbound
from harness.http import Answer
from harness.scenario import Scenario


class Media(Scenario):
    async def start(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send", "send_media"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "discord", "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"})
        link = await connector.link(1)
        await gateway.ready()
        agent = await self.agent(gateway)
        agent.send({"type": "hello", "media": "path"})
        # Events come over another socket: none before the hello was read. What is answered was read behind it.
        agent.send({"type": "action", "request_id": "none", "action": {}})
        await agent.frame("error")
        return connector, gateway, link, agent

    @staticmethod
    def picture(url, text, **more):
        return inbound(text, chat_id="1", message_type="photo",
                       extra={"media_urls": [url], "media": [{"url": url, "kind": "image", "mime": "image/png", "filename": "a.png"}]}, **more)

    async def test_own_references_become_files_that_go_with_the_ack(self):
        connector, _, link, agent = await self.start()
        asked = []

        def give(request):
            asked.append(request.headers)
            return Answer(200, b"\x89PNG" * 1000)
        connector.answers["/relay/media/1"] = give
        agent.acks = False
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"))
        got = await agent.delivery("look")
        path = got["event"]["media"][0]["path"]
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"\x89PNG" * 1000)
        self.assertEqual(os.stat(path).st_mode & 0o077, 0)
        self.assertTrue(asked[0]["authorization"].startswith("Bearer "))
        self.assertTrue(asked[0]["user-agent"].startswith("relay-gateway"))
        agent.ack(got)
        await connector.changes.poll(lambda: not os.path.exists(path), "the file removed")

    async def test_f49_foreign_references_are_never_fetched_and_the_event_comes(self):
        connector, _, link, agent = await self.start()
        link.send(self.picture("http://127.0.0.1:1/relay/media/1", "look", message_id="m1"))
        got = await agent.delivery("look")
        self.assertNotIn("path", got["event"]["media"][0])
        self.assertEqual(connector.calls("/relay/media/1"), [])

    async def test_a_reference_that_is_gone_does_not_lose_the_event(self):
        connector, _, link, agent = await self.start()
        link.send(self.picture(connector.url + "/relay/media/404", "look", message_id="m1"), inbound("next", chat_id="1"))
        got = await agent.delivery("look")
        self.assertNotIn("path", got["event"]["media"][0])
        await agent.delivery("next")

    async def test_a_file_is_uploaded_and_its_reference_sent(self):
        connector, _, link, agent = await self.start()
        bodies = []

        def take(request):
            bodies.append(request.body)
            return Answer(200, {"id": "77", "size": len(request.body)})
        connector.answers["/relay/media"] = take
        path = os.path.join(self.home(), "voice.ogg")
        with open(path, "wb") as file:
            file.write(b"ogg" * 5000)
        number = agent.act({"op": "send_media", "chat_id": "1", "media_kind": "voice", "source_path": path}, platform="discord")
        self.assertIs((await agent.result(number))["success"], True)
        self.assertEqual(bodies, [b"ogg" * 5000])
        action = (await connector.actions(1, "send_media"))[0]["action"]
        self.assertEqual(action["source_url"], connector.url + "/relay/media/77")
        self.assertNotIn("source_path", action)

    async def test_f50_only_http_goes_out(self):
        connector, _, _, agent = await self.start()
        number = agent.act({"op": "send_media", "chat_id": "1", "media_kind": "image", "source_url": "file:///etc/passwd"}, platform="discord")
        await agent.frame("error")
        self.assertEqual(connector.outbound, [])
        self.assertEqual(agent.results(number), [])
