"""Section 6, Media: attachments between the connector's store and files of this machine."""
import asyncio
import os

from harness.agent import Refused
from harness.events import descriptor, inbound
from harness.http import Answer
from harness.scenario import Scenario


class Media(Scenario):
    async def start(self, *settings, media="path"):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send", "send_media"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "discord", "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"},
                                     *settings)
        link = await connector.link(1)
        await gateway.ready()
        agent = await self.agent(gateway)
        agent.send({"type": "hello", "media": media})
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

    async def test_f31_an_event_that_is_tried_again_comes_with_its_files(self):
        connector, gateway, link, agent = await self.start({"GATEWAY_AGENT_ACK_TIMEOUT": "300ms", "GATEWAY_AGENT_MAX_DELIVERIES": "1"})
        connector.answers["/relay/media/1"] = lambda request: Answer(200, b"bytes")
        agent.acks = False
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"))

        async def aside():
            return (await gateway.get("/v1/dlq")).json()["letters"]
        (letter,) = await gateway.changes.poll(aside, "the event set aside")
        agent.acks = True
        paths = []
        agent.on_delivery = lambda frame: paths.append(open(frame["event"]["media"][0]["path"], "rb").read())
        self.assertEqual((await gateway.get("/v1/dlq/retry", method="POST", body={"id": letter["id"]})).status, 200)
        await agent.until(lambda: paths, "the event with its file")
        self.assertEqual(paths, [b"bytes"])

    async def test_an_event_waits_for_its_files_as_long_as_the_setting_says(self):
        connector, _, link, agent = await self.start({"GATEWAY_MEDIA_WAIT": "500ms"})
        hold = asyncio.Event()

        async def never(request):
            await hold.wait()
        connector.answers["/relay/media/1"] = never
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"))
        await connector.until(lambda: connector.calls("/relay/media/1"), "the fetch")
        got = await agent.delivery("look", limit=5)
        self.assertIn("in time", got["event"]["media"][0]["path_error"])

    async def test_what_waited_for_the_first_agent_comes_with_files_when_it_says_so_at_the_door(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "discord", "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"})
        link = await connector.link(1)
        await gateway.ready()
        connector.answers["/relay/media/1"] = lambda request: Answer(200, b"waited")
        link.send(*(self.picture(connector.url + "/relay/media/1", f"look {n}", message_id=f"m{n}") for n in range(2)))

        async def here():
            return (await gateway.status())["events"]["pending"] == 2
        await gateway.changes.poll(here, "two events that wait")
        agent = await self.agent(gateway, query="?media=path")
        for n in range(2):
            self.assertIn("path", (await agent.delivery(f"look {n}"))["event"]["media"][0])

    async def test_another_wish_at_the_door_is_refused(self):
        connector = await self.connector()
        gateway = await self.gateway(connector)
        with self.assertRaises(Refused) as refused:
            await self.agent(gateway, query="?media=carrier-pigeon")
        self.assertEqual(refused.exception.status, 400)

    async def test_f17_a_download_holds_up_its_chat_only(self):
        connector, _, link, agent = await self.start()
        hold = asyncio.Event()

        async def slow(request):
            await hold.wait()
            return Answer(200, b"late")
        connector.answers["/relay/media/1"] = slow
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"), inbound("behind it", chat_id="1"),
                  inbound("elsewhere", chat_id="2"))
        await agent.delivery("elsewhere")
        self.assertIs((await agent.result(agent.say("results come, too", chat_id="2", platform="discord")))["success"], True)
        self.assertEqual(len(agent.deliveries), 1)
        hold.set()
        await agent.delivery("behind it")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["elsewhere", "look", "behind it"])

    async def test_f49_the_bearer_goes_to_the_exact_origin_and_path_only(self):
        connector, _, link, agent = await self.start()
        other = await self.connector()
        for n, url in enumerate([other.url + "/relay/media/1", connector.url.replace("127.0.0.1", "localhost") + "/relay/media/1",
                                 connector.url + "/relay/media/../provision", connector.url + "/relay/media/%2e%2e/x",
                                 connector.url + "/other/relay/media/1", connector.url + "/relay/mediaX/1", "file:///etc/passwd",
                                 "data:text/plain,x"]):
            link.send(self.picture(url, f"look {n}", message_id=f"m{n}"))
            got = await agent.delivery(f"look {n}")
            self.assertNotIn("path", got["event"]["media"][0])
        self.assertEqual((connector.requests, other.requests), ([], []))

    async def test_f48_a_redirect_of_the_store_is_not_followed(self):
        connector, _, link, agent = await self.start()
        other = await self.connector()
        connector.answers["/relay/media/1"] = lambda request: Answer(302, b"", {"Location": other.url + "/relay/media/1"})
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"))
        got = await agent.delivery("look")
        self.assertIn("302", got["event"]["media"][0]["path_error"])
        self.assertEqual(other.requests, [])

    async def test_twenty_five_megabytes_and_no_more_both_ways(self):
        connector, gateway, link, agent = await self.start()
        most = 25 << 20

        async def endless(request):
            yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
            while True:
                yield b"x" * (1 << 20)
        connector.answers["/relay/media/told"] = lambda request: Answer(200, b"x", {"Content-Length": str(most + 1)})
        connector.answers["/relay/media/endless"] = endless
        connector.answers["/relay/media/most"] = lambda request: Answer(200, b"x" * most)
        agent.acks = False
        for name, fits in (("told", False), ("endless", False), ("most", True)):
            link.send(self.picture(connector.url + "/relay/media/" + name, name, message_id=name))
            got = await agent.delivery(name, limit=30)
            item = got["event"]["media"][0]
            if fits:
                self.assertEqual(os.path.getsize(item["path"]), most)
            else:
                self.assertIn("larger", item["path_error"])
            agent.ack(got)
        path = os.path.join(self.home(), "big.bin")
        with open(path, "wb") as file:
            file.truncate(most + 1)
        result = await agent.result(agent.act({"op": "send_media", "chat_id": "1", "media_kind": "document", "source_path": path}, platform="discord"))
        self.assertEqual((result["success"], result["code"]), (False, "media_too_large"))
        self.assertEqual(connector.calls("/relay/media"), [])
        connector.answers["/relay/media"] = lambda request: Answer(413, {"error": "too large"})
        with open(path, "wb") as file:
            file.truncate(10)
        result = await agent.result(agent.act({"op": "send_media", "chat_id": "1", "media_kind": "document", "source_path": path}, platform="discord"))
        self.assertEqual((result["success"], result["code"]), (False, "media_too_large"))
        self.assertEqual(connector.outbound, [])
        self.assertLess(gateway.rss(), 200 << 20, "streamed, not held")

    async def test_media_is_matched_by_url_not_by_position(self):
        connector, _, link, agent = await self.start()
        for n in (1, 2):
            connector.answers[f"/relay/media/{n}"] = lambda request: Answer(200, request.path.encode())
        one, two = (f"{connector.url}/relay/media/{n}" for n in (1, 2))
        agent.acks = False
        link.send(inbound("both", chat_id="1", extra={"media_urls": [one, two], "media": [
            {"url": two, "kind": "document", "filename": "two"}, {"url": "http://gone.example/x", "kind": "image"},
            {"url": one, "kind": "image", "filename": "one"}]}))
        got = await agent.delivery("both")
        files = {x["filename"]: x["path"] for x in got["event"]["media"] if "path" in x}
        for name, number in (("one", 1), ("two", 2)):
            with open(files[name], "rb") as file:
                self.assertEqual(file.read(), f"/relay/media/{number}".encode())

    async def test_f67_uploads_name_their_user_agent_type_and_file(self):
        connector, _, _, agent = await self.start()
        connector.answers["/relay/media"] = lambda request: Answer(200, {"id": "5", "size": 3})
        path = os.path.join(self.home(), "snap.png")
        with open(path, "wb") as file:
            file.write(b"png")
        await agent.result(agent.act({"op": "send_media", "chat_id": "1", "media_kind": "image", "source_path": path}, platform="discord"))
        headers = connector.calls("/relay/media")[0].headers
        self.assertTrue(headers["user-agent"].startswith("relay-gateway/"))
        self.assertEqual((headers["content-type"], headers["x-media-filename"]), ("image/png", "snap.png"))
        self.assertTrue(headers["authorization"].startswith("Bearer "))

    async def test_an_agent_that_wants_urls_gets_urls_and_nothing_is_fetched(self):
        connector, _, link, agent = await self.start(media="url")
        link.send(self.picture(connector.url + "/relay/media/1", "look", message_id="m1"))
        got = await agent.delivery("look")
        self.assertEqual(set(got["event"]["media"][0]), {"url", "kind", "mime", "filename"})
        self.assertEqual(connector.requests, [])

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
