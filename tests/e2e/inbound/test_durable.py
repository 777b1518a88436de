"""What the state directory is worth: the real process is killed and comes back on it."""
import asyncio
import os
import time

from harness.events import inbound
from harness.http import Answer
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario


class Durable(Scenario):
    async def begin(self, *settings, **more):
        self.peer, self.house = await self.connector(), self.home()
        self.settings = (TWO, PINNED, QUICK, *settings)
        self.more = more
        return await self.again(1)

    async def again(self, number):
        gateway = await self.gateway(self.peer, *self.settings, home=self.house, **self.more)
        return gateway, await self.peer.link(number, 2)

    async def kill(self, gateway):
        gateway.signal(9)
        self.assertEqual(await gateway.exited(), -9)

    async def test_f24_an_acked_event_reaches_the_agent_of_the_next_process(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("kept", buffer_id="b-1", message_id="m-1"))
        first = await agent.delivery("kept")
        self.assertEqual((await self.peer.frame("inbound_ack"))["bufferId"], "b-1")
        await self.kill(gateway)
        gateway, link = await self.again(2)
        taker = await self.agent(gateway)
        second = await taker.delivery("kept")
        self.assertEqual((first["redelivered"], second["redelivered"]), (False, True))
        self.assertEqual(second["delivery_id"], first["delivery_id"])

    async def test_f31_an_attachment_outlives_the_process_and_its_reference(self):
        gateway, link = await self.begin()
        reference = self.peer.url + "/relay/media/1"
        self.peer.answers["/relay/media/1"] = lambda request: Answer(200, b"picture")
        agent = await self.agent(gateway)
        agent.acks = False
        agent.send({"type": "hello", "media": "path"})
        agent.send({"type": "action", "request_id": "none", "action": {}})
        await agent.frame("error")      # so the hello was read
        link.send(inbound("look", buffer_id="b-1", message_id="m-1", message_type="photo",
                          extra={"media_urls": [reference], "media": [{"url": reference, "kind": "image", "mime": "image/png"}]}))
        first = (await agent.delivery("look"))["event"]["media"][0]
        await self.kill(gateway)
        self.peer.answers["/relay/media/1"] = lambda request: Answer(404, {"error": "expired"})
        gateway, link = await self.again(2)
        taker = await self.agent(gateway, query="?media=path", acks=False)     # the file goes with the ack
        again = await taker.delivery("look")
        self.assertEqual(again["event"]["media"][0]["path"], first["path"])
        with open(first["path"], "rb") as file:
            self.assertEqual(file.read(), b"picture")
        taker.ack(again)
        await self.peer.changes.poll(lambda: not os.path.exists(first["path"]), "the file removed")

    async def test_f31_what_was_set_aside_is_tried_again_with_its_attachment(self):
        gateway, link = await self.begin(GATEWAY_AGENT_ACK_TIMEOUT="300ms", GATEWAY_AGENT_MAX_DELIVERIES="1")
        references = [self.peer.url + f"/relay/media/{n}" for n in (1, 2)]
        for n in (1, 2):
            self.peer.answers[f"/relay/media/{n}"] = lambda request: Answer(200, b"picture")
        agent = await self.agent(gateway, query="?media=path", acks=False)
        for n, reference in enumerate(references):
            link.send(inbound(f"look {n}", chat_id=f"{n}", message_id=f"m-{n}", message_type="photo",
                              extra={"media_urls": [reference], "media": [{"url": reference, "kind": "image", "mime": "image/png"}]}))
        kept = [(await agent.delivery(f"look {n}"))["event"]["media"][0]["path"] for n in (0, 1)]

        async def letters():
            return (await gateway.get("/v1/dlq")).json()["letters"]

        async def both():
            return len(await letters()) == 2
        await gateway.changes.poll(both, "both events set aside")
        await self.kill(gateway)
        for n in (1, 2):
            self.peer.answers[f"/relay/media/{n}"] = lambda request: Answer(404, {"error": "expired"})
        gateway, link = await self.again(2)
        seen = []
        taker = await self.agent(gateway, query="?media=path")
        taker.on_delivery = lambda frame: seen.append(open(frame["event"]["media"][0]["path"], "rb").read())
        first, second = (x["id"] for x in await letters())
        self.assertEqual((await gateway.get("/v1/dlq/retry", method="POST", body={"id": first})).status, 200)
        await taker.until(lambda: seen, "the event with its file")
        self.assertEqual(seen, [b"picture"])
        self.assertTrue(os.path.exists(kept[1]))
        self.assertEqual((await gateway.get("/v1/dlq/drop", method="POST", body={"id": second})).status, 200)
        await self.peer.changes.poll(lambda: not any(os.path.exists(x) for x in kept), "no file left")

    async def test_f22_a_repeat_over_a_restart_is_acked_and_goes_no_further(self):
        gateway, link = await self.begin(ECHO)
        link.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        await self.peer.reply("once")
        await self.peer.frame("inbound_ack")
        await self.settled(gateway)
        await self.kill(gateway)
        gateway, link = await self.again(2)
        link.send(inbound("once", buffer_id="b-2", message_id="m-1"), inbound("next", chat_id="other"))
        await self.peer.reply("next")
        await self.peer.until(lambda: link.of("inbound_ack"), "the ack of the repeat")
        self.assertEqual([x["action"]["content"] for x in self.peer.sent()], ["once", "next"])

    async def settled(self, gateway):
        """Until nothing is pending and the disk has it all: a kill may come now."""
        async def probe():
            status = await gateway.status()
            return status["pending"] == 0
        await gateway.changes.poll(probe, "nothing pending")
        # The last records are written behind what depends on them; another event's ack comes behind those.
        link = self.peer.links[-1]
        link.send(inbound("sync", buffer_id="b-sync", chat_id="sync-chat", message_id=f"sync-{time.monotonic()}"))
        await self.peer.until(lambda: [x for x in link.of("inbound_ack") if x["bufferId"] == "b-sync"], "the last ack")
        await self.peer.reply("sync")
        self.peer.outbound[:] = [x for x in self.peer.outbound if x["action"]["content"] != "sync"]

    async def test_f28_the_first_committed_text_wins_over_a_restart(self):
        gateway, link = await self.begin()
        link.send(inbound("first", buffer_id="b-1", message_id="m-1"))
        await self.peer.frame("inbound_ack")
        await self.kill(gateway)
        gateway, link = await self.again(2)
        link.send(inbound("second", buffer_id="b-1", message_id="m-1"))
        agent = await self.agent(gateway)
        await agent.delivery("first")
        await self.peer.until(lambda: link.of("inbound_ack"), "the repeat's ack")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["first"])

    async def test_f34_a_reply_after_a_restart_carries_its_turns_route(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        link.send(inbound("question", platform="telegram", chat_id="7", user_id="u-asks", scope_id="g-7", profile="work"))
        delivery = await agent.delivery("question")
        link.send(inbound("noise", platform="discord", chat_id="7", user_id="u-other"))
        await agent.delivery("noise")
        await asyncio.gather(self.kill(gateway))
        gateway, link = await self.again(2)
        agent = await self.agent(gateway)
        number = agent.say("answer", chat_id="7", delivery=delivery)
        self.assertTrue((await agent.result(number))["success"])
        frame = await self.peer.reply("answer")
        metadata = frame["action"]["metadata"]
        self.assertEqual((frame["platform"], frame["botId"], metadata["user_id"], metadata["scope_id"], metadata["profile"]),
                         ("telegram", "bot-t", "u-asks", "g-7", "work"))

    async def test_a_request_id_is_remembered_over_a_restart(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        number = agent.say("only once", platform="discord")
        told = await agent.result(number)
        # The outcome is written behind a further action's record.
        await agent.result(agent.say("behind it", platform="discord", chat_id="101"))
        await self.kill(gateway)
        gateway, link = await self.again(2)
        agent = await self.agent(gateway)
        agent.say("only once", platform="discord", request_id=number)
        self.assertEqual((await agent.result(number))["message_id"], told["message_id"])
        self.assertEqual(len([x for x in self.peer.sent() if x["action"]["content"] == "only once"]), 1)

    async def test_what_was_being_sent_is_unknown_after_a_kill_and_never_sent_again(self):
        gateway, link = await self.begin()
        self.peer.result_of = lambda frame: None
        agent = await self.agent(gateway)
        number = agent.say("perhaps", platform="discord")
        await self.peer.reply("perhaps")
        await self.kill(gateway)
        self.peer.result_of = self.peer.success
        gateway, link = await self.again(2)
        agent = await self.agent(gateway)
        agent.say("perhaps", platform="discord", request_id=number)
        self.assertTrue((await agent.result(number))["ambiguous"])
        await agent.result(agent.say("later", platform="discord", request_id="another"))
        self.assertEqual([x["action"]["content"] for x in self.peer.sent()], ["perhaps", "later"])

    async def test_what_was_never_written_is_sent_by_the_next_process(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        self.peer.result_of = lambda frame: None
        agent.say("first", platform="discord")      # no result: the second one has to wait behind it
        await self.peer.reply("first")
        number = agent.say("second", platform="discord")

        async def probe():
            return (await gateway.status())["actions"]["pending"] == 2
        await gateway.changes.poll(probe, "both are accepted")
        link.send(inbound("sync", buffer_id="b-sync", chat_id="sync"))      # acked behind the action's record
        await self.peer.frame("inbound_ack")
        await self.kill(gateway)
        self.peer.result_of = self.peer.success
        gateway, link = await self.again(2)
        agent = await self.agent(gateway)
        agent.say("second", platform="discord", request_id=number)
        self.assertTrue((await agent.result(number))["success"])
        self.assertEqual([x["action"]["content"] for x in self.peer.sent()], ["first", "second"])

    async def test_on_unknown_resend_sends_again_after_a_kill(self):
        gateway, link = await self.begin()
        self.peer.result_of = lambda frame: None
        agent = await self.agent(gateway)
        agent.send({"type": "action", "request_id": "r", "platform": "discord", "on_unknown": "resend",
                    "action": {"op": "send", "chat_id": "100", "content": "rather twice"}})
        await self.peer.reply("rather twice")
        await self.kill(gateway)
        self.peer.result_of = self.peer.success
        gateway, link = await self.again(2)
        await self.peer.until(lambda: len(self.peer.sent()) == 2, "a second try")

    async def test_a_second_process_on_the_same_directory_ends_with_75(self):
        gateway, link = await self.begin()
        begun = time.monotonic()
        code, _, err = await self.command("run", home=self.house, **{k: v for layer in self.settings for k, v in layer.items()},
                                          GATEWAY_RELAY_URL=self.peer.url)
        self.assertEqual(code, 75, err)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(len(err.strip().splitlines()[-1:]), 1)
        self.assertTrue(gateway.running)

    async def test_a_directory_that_cannot_be_written_ends_with_73(self):
        home = self.home()
        with open(os.path.join(home, "a-file"), "w") as file:
            file.write("in the way")
        code, _, err = await self.command("run", home=home, GATEWAY_STATE_DIR=os.path.join(home, "a-file", "state"))
        self.assertEqual(code, 73, err)
        self.assertIn("a-file", err)

    async def test_a_damaged_file_stops_run_and_is_set_aside_only_on_request(self):
        gateway, link = await self.begin(ECHO)
        link.send(inbound("before"))
        await self.peer.reply("before")
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)
        state = os.path.join(self.house, "hermes", "relay")
        database = os.path.join(state, "relay.db")
        with open(database, "r+b") as file:
            file.write(b"this is no database at all, not any more " * 40)
        for name in os.listdir(state):
            if name.startswith("relay.db-"):
                os.remove(os.path.join(state, name))
        refused = await self.gateway(self.peer, *self.settings, home=self.house, listening=False)
        self.assertEqual(await refused.exited(), 1)
        self.assertIn("--state-reset", refused.text)
        gateway = await self.gateway(self.peer, *self.settings, home=self.house, arguments=("run", "--state-reset"))
        link = await self.peer.link(2, 2)
        link.send(inbound("after"))
        await self.peer.reply("after")
        self.assertTrue([x for x in os.listdir(state) if x.startswith("relay.db.")], "the damaged file is kept")

    async def test_what_no_agent_takes_is_listed_tried_again_and_dropped(self):
        gateway, link = await self.begin(GATEWAY_AGENT_ACK_TIMEOUT="100ms", GATEWAY_AGENT_MAX_DELIVERIES="2")
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("poison", chat_id="p"), inbound("also", chat_id="q"))

        async def dead(count):
            async def probe():
                return (await gateway.status())["events"]["dead_letters"] == count
            await gateway.changes.poll(probe, f"{count} dead letters")
        await dead(2)
        ask = lambda *words: self.command("dlq", *words, home=self.house, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        code, out, err = await ask("list")
        self.assertEqual(code, 0, err)
        self.assertIn("poison", out)
        name = next(x.split()[0] for x in out.splitlines() if "poison" in x)
        code, out, _ = await ask("show", name)
        self.assertIn('"chat_id":"p"', out)
        agent.acks = True
        before = len(agent.deliveries)
        self.assertEqual((await ask("retry", name))[0], 0)
        await agent.until(lambda: len(agent.deliveries) > before, "the event once more")
        self.assertEqual((agent.deliveries[-1]["event"]["text"], agent.deliveries[-1]["redelivered"]), ("poison", True))
        self.assertEqual((await ask("drop", "--all"))[0], 0)
        await dead(0)
        self.assertEqual((await ask("show", name))[0], 1)
