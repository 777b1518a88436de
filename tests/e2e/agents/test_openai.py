"""`--agent openai:URL`: a chat bot of any OpenAI-compatible server (agent-link.md; gateway.openai in config/README.md)."""
import asyncio
import contextlib
import os

from harness import certificates
from harness.events import descriptor, inbound
from harness.gateway import TERM
from harness.http import Answer
from harness.model_server import ModelServer, chunk, whole
from harness.scenario import PINNED, QUICK, TWO, Scenario

KEY = "sk-model-key-4c1d"
EDITS = ["send", "edit", "typing"]


class Model(Scenario):
    async def model(self, tls=None):
        found = await ModelServer().start(tls=tls)
        self._stack.push_async_callback(found.stop)
        return found

    async def start(self, *settings, model=None, home=None, ops=EDITS, drafts=False, platforms=TWO, url=None, **more):
        model = model or await self.model()
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=ops, supports_draft_streaming=drafts)
        connector.seen = {}     # message id -> text

        def result(frame):
            action, said = frame["action"], connector.success(frame)
            if action["op"] in ("send", "edit") or action.get("final"):
                connector.seen[action["message_id"] if action["op"] == "edit" else said["message_id"]] = action["content"]
            return said
        connector.result_of = result
        gateway = await self.gateway(connector, PINNED, platforms, QUICK, {"GATEWAY_AGENT": "openai:" + (url or model.url),
                                                                            "GATEWAY_OPENAI_MODEL": "tiny"}, *settings, home=home, **more)
        link = await connector.link(1, 2 if platforms is TWO else 1)
        await gateway.ready()
        return model, connector, gateway, link

    def ask(self, link, text, chat_id="1", chat_type="dm", **more):
        link.send(inbound(text, chat_id=chat_id, chat_type=chat_type, **more))

    @staticmethod
    def texts(connector):
        """What people see: each message with its newest text."""
        return list(connector.seen.values())

    async def shown(self, connector, text, limit=10.0):
        await connector.until(lambda: any(text in x for x in self.texts(connector)), f"{text!r} in the chat", limit)

    async def quiet(self, connector, gateway):
        """Every question has its end."""
        async def probe():
            return (await gateway.metrics())["relay_gateway_model_turns"] == 0
        await gateway.changes.poll(probe, "no question that is asked")


class Answers(Model):
    async def test_a_question_is_answered(self):
        model, connector, gateway, link = await self.start(GATEWAY_OPENAI_API_KEY=KEY, GATEWAY_OPENAI_SYSTEM="Be brief.")
        self.ask(link, "hi")
        await connector.reply("You said: hi")
        one = model.exchanges[0]
        self.assertEqual((one.request.method, one.request.path, one.request.bearer), ("POST", "/v1/chat/completions", KEY))
        self.assertEqual(one.body, {"model": "tiny", "stream": True,
                                    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]})
        self.assertEqual(connector.outbound[0]["action"]["op"], "typing", "it says that it thinks")
        await self.quiet(connector, gateway)
        counts = await gateway.metrics()
        self.assertEqual(counts['relay_gateway_model_answers_total{outcome="complete"}'], 1)
        self.assertEqual(counts["relay_gateway_model_first_token_seconds_count"], 1)

    async def test_the_conversation_is_told_again_and_new_forgets_it(self):
        model, connector, gateway, link = await self.start(GATEWAY_OPENAI_HISTORY=2)
        for n, text in enumerate(("one", "two", "three", "four")):
            self.ask(link, text)
            await connector.reply(f"You said: {text}")
        self.assertEqual([x["content"] for x in model.exchanges[3].messages],
                         ["two", "You said: two", "three", "You said: three", "four"])
        self.ask(link, "other", chat_id="2")
        await connector.reply("You said: other")
        self.assertEqual(len(model.exchanges[4].messages), 1, "each session has its own")
        self.ask(link, "/new")
        await connector.reply("A new conversation begins.")
        self.ask(link, "again")
        await connector.reply("You said: again")
        self.assertEqual([x["content"] for x in model.exchanges[5].messages], ["again"])
        self.ask(link, "/new and now?")
        await connector.reply("You said: and now?")
        self.assertEqual([x["content"] for x in model.exchanges[6].messages], ["and now?"])

    async def test_chunks_cut_anywhere(self):
        model, connector, _, link = await self.start()

        async def drip(exchange):
            answer = ": hello\n\n".encode() + chunk("Gr") + chunk("üße 👋") + chunk("", "stop") + b"data: [DONE]\r\n\r\n"
            size = 1 + len(model.exchanges) % 7
            await exchange.begin()
            for at in range(0, len(answer), size):
                await exchange.piece(answer[at:at + size])
            await exchange.raw(b"0\r\n\r\n")
        model.reply = drip
        for n in range(7):
            self.ask(link, f"{n}", chat_id=f"c{n}")
        await connector.until(lambda: self.texts(connector).count("Grüße 👋") == 7, "all answers whole")

    async def test_answers_that_are_not_streamed(self):
        for settings in ({}, {"GATEWAY_OPENAI_STREAM": "false"}):
            model, connector, _, link = await self.start(settings)
            model.reply = lambda exchange: exchange.answer(200, whole("all at once"))
            self.ask(link, "hi")
            await connector.reply("all at once")
            self.assertEqual(model.exchanges[0].body["stream"], not settings)
            self.assertEqual(len(self.texts(connector)), 1)

    async def test_questions_of_a_session_wait_and_others_do_not(self):
        model, connector, _, link = await self.start()
        go = asyncio.Event()

        async def hold(exchange):
            if exchange.question == "slow":
                await go.wait()
            await model.echo(exchange)
        model.reply = hold
        self.ask(link, "slow")
        await model.exchange(1)
        self.ask(link, "next")
        self.ask(link, "other", chat_id="2")
        await connector.reply("You said: other")
        self.assertEqual(len(model.exchanges), 2)
        go.set()
        await connector.reply("You said: next")
        self.assertEqual([x["action"]["content"] for x in connector.sent() if x["action"]["chat_id"] == "1"], ["You said: slow", "You said: next"])

    async def test_people_of_a_shared_session_are_named(self):
        model, connector, _, link = await self.start()
        self.ask(link, "hello", chat_id="g", chat_type="group")
        await connector.reply("You said: hello")
        self.ask(link, "hello", chat_id="g", chat_type="thread", thread_id="t")
        await connector.reply("You said: ana: hello")


class Shown(Model):
    async def slowly(self, **more):
        """An answer of three parts; each comes when the scenario says so."""
        model, connector, gateway, link = await self.start(**more)
        steps = [asyncio.Event() for _ in range(3)]

        async def reply(exchange):
            await exchange.begin()
            for text, step in zip(("Once ", "upon ", "a time."), steps):
                await exchange.say(text)
                await step.wait()
            await exchange.end()
        model.reply = reply
        self.ask(link, "tell me", platform=more.get("platforms", TWO)["GATEWAY_RELAY_PLATFORMS"].split(",")[0])
        return model, connector, gateway, link, steps

    async def test_as_edits_of_one_message(self):
        _, connector, gateway, _, steps = await self.slowly()
        await connector.reply("Once ")
        steps[0].set()
        await connector.until(lambda: connector.sent("edit"), "an edit")
        self.assertEqual(connector.sent("edit")[0]["action"]["content"], "Once upon ")
        for step in steps:
            step.set()
        await connector.until(lambda: connector.sent("edit")[-1]["action"]["content"] == "Once upon a time.", "the whole answer")
        await self.quiet(connector, gateway)
        self.assertEqual(len(connector.sent()), 1)

    async def test_as_drafts_where_the_platform_has_them(self):
        for platform in ("telegram", "slack"):
            _, connector, gateway, _, steps = await self.slowly(drafts=True, ops=EDITS + ["draft"], platforms={"GATEWAY_RELAY_PLATFORMS": platform})
            await connector.actions(1, "draft")
            for step in steps:
                step.set()
            await self.quiet(connector, gateway)
            drafts = [x["action"] for x in connector.sent("draft")]
            self.assertEqual(len({x["draft_id"] for x in drafts}), 1)
            if platform == "slack":
                self.assertEqual((drafts[-1]["final"], drafts[-1]["content"]), (True, "Once upon a time."))
                self.assertEqual(connector.sent(), [])
            else:
                self.assertEqual(connector.sent()[-1]["action"]["content"], "Once upon a time.")
            self.assertEqual(connector.sent("edit"), [])

    async def test_whole_where_nothing_else_is_offered(self):
        _, connector, gateway, _, steps = await self.slowly(ops=["send", "typing"])
        for step in steps:
            step.set()
        await connector.reply("Once upon a time.")
        await self.quiet(connector, gateway)
        self.assertEqual(len(connector.sent()), 1)

    async def test_the_end_comes_although_the_message_is_gone(self):
        _, connector, _, _, steps = await self.slowly()
        await connector.reply("Once ")
        usual = connector.success
        connector.result_of = lambda frame: {"success": False, "error": "message to edit not found"} if frame["action"]["op"] == "edit" else usual(frame)
        for step in steps:
            step.set()
        await connector.reply("Once upon a time.")

    async def test_stop_and_interrupts_end_the_request(self):
        for stop in ("/stop", "/STOP@my_bot", None):
            model, connector, gateway, link, steps = await self.slowly()
            await connector.reply("Once ")
            if stop:
                self.ask(link, stop)
            else:
                link.send({"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:1", "chat_id": "1"})
            await (await model.exchange(1)).hung_up()
            await self.quiet(connector, gateway)
            self.assertEqual(self.texts(connector)[0], "Once ")
            if stop:
                await connector.reply("Stopped.")
            model.reply = model.echo
            self.ask(link, "go on")
            await connector.reply("You said: go on")
            self.assertEqual([x["content"] for x in model.exchanges[1].messages], ["tell me", "Once ", "go on"])

    async def test_stop_without_anything_to_stop(self):
        _, connector, _, link = await self.start()
        self.ask(link, "/stop")
        await connector.reply("Nothing is being answered.")


class Failures(Model):
    QUICKLY = {"GATEWAY_OPENAI_FIRST_TOKEN_TIMEOUT": "700ms", "GATEWAY_OPENAI_IDLE_TIMEOUT": "600ms", "GATEWAY_OPENAI_MAX_TURN": "5s"}

    async def fails(self, reply, *parts):
        """One message in the chat that has all those parts."""
        model, connector, gateway, link = await self.start(self.QUICKLY, GATEWAY_OPENAI_API_KEY=KEY)
        model.reply = reply
        self.ask(link, "hi")
        await self.shown(connector, parts[-1])
        await self.quiet(connector, gateway)
        seen = self.texts(connector)
        self.assertEqual(len(seen), 1, seen)
        for part in parts:
            self.assertIn(part, seen[0])
        self.assertNotIn(KEY, gateway.text + str(connector.outbound))
        return model, connector, gateway, link

    async def test_a_refusal_that_repeats_the_key(self):
        async def refuse(exchange):
            await exchange.answer(401, {"error": {"message": f"bad key {exchange.request.bearer}"}})
        model, connector, gateway, _ = await self.fails(refuse, "status 401")
        self.assertIn("bad key ***", gateway.text)
        status = await gateway.get("/v1/status")
        self.assertNotIn(KEY.encode(), status.body)

    async def test_a_server_that_breaks(self):
        await self.fails(lambda exchange: exchange.answer(500, b"<html>oops"), "status 500")

    async def test_a_server_that_is_not_there(self):
        async def gone(exchange):
            exchange.writer.transport.abort()
        await self.fails(gone, "cannot be reached")

    async def test_one_that_says_nothing(self):
        async def silent(exchange):
            await exchange.begin()
            await exchange.hung_up()
        await self.fails(silent, "did not begin")

    async def test_one_that_stops_in_the_middle(self):
        async def stops(exchange):
            await exchange.begin()
            await exchange.say("half an answer")
            await exchange.hung_up()
        await self.fails(stops, "half an answer", "stopped in the middle")

    async def test_one_that_dies_in_the_middle(self):
        async def dies(exchange):
            await exchange.begin()
            await exchange.say("half an answer")
            exchange.writer.transport.abort()
        await self.fails(dies, "half an answer", "broke off")

    async def test_one_that_ends_in_order_and_too_early(self):
        async def ends(exchange):
            await exchange.begin()
            await exchange.say("half an answer")
            await exchange.raw(b"0\r\n\r\n")
        await self.fails(ends, "half an answer", "broke off")

    async def test_one_that_never_ends(self):
        async def endless(exchange):
            await exchange.begin()
            while not exchange.gone:
                await exchange.say("more ")
                with contextlib.suppress(AssertionError):
                    await exchange.hung_up(0.3)
        await self.fails(endless, "more more", "in time")

    async def test_nonsense(self):
        for data in (b"data: {nonsense\n\n", b"data: {\"error\": {\"message\": \"out of memory\"}}\n\n", b"data: " + b"x" * (2 << 20) + b"\n\n"):
            async def nonsense(exchange):
                await exchange.begin()
                await exchange.say("so ")
                await exchange.piece(data)
                await exchange.hung_up()
            await self.fails(nonsense, "so ", "broke off")
        await self.fails(lambda exchange: exchange.raw(b"SSH-2.0-OpenSSH\r\n\r\n"), "cannot be reached")
        await self.fails(lambda exchange: exchange.answer(200, b"<html>"), "broke off")
        await self.fails(lambda exchange: exchange.stream(""), "is empty")

    async def test_one_that_is_busy_is_asked_again_not_before_its_time(self):
        model, connector, gateway, link = await self.fails(lambda exchange: exchange.answer(429, {"error": "slow down"}, Retry_After="2"), "busy", "in 2 seconds")
        model.reply = model.echo
        self.ask(link, "and now?")
        await connector.reply("You said: and now?")
        self.assertGreaterEqual(model.exchanges[1].request.at - model.exchanges[0].request.at, 2.0)
        self.assertEqual([x["content"] for x in model.exchanges[1].messages], ["and now?"], "what failed is not told again")

    async def test_redirects_are_not_followed(self):
        other = await self.model()
        await self.fails(lambda exchange: exchange.answer(307, b"", Location=other.url + "/chat/completions"), "status 307")
        self.assertEqual(other.exchanges, [])


class Restarts(Model):
    async def test_a_question_is_asked_again_and_answered_once(self):
        home = self.home()
        model, connector, gateway, link = await self.start(home=home)
        self.ask(link, "first")
        await connector.reply("You said: first")
        await self.quiet(connector, gateway)

        async def hang(exchange):
            await exchange.begin()
            await exchange.say("You sa")
            await exchange.hung_up()
        model.reply = hang
        self.ask(link, "second", buffer_id="b2")
        await connector.reply("You sa")
        gateway.signal(9)
        await gateway.exited()
        model.reply = model.echo
        again = await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_AGENT": "openai:" + model.url, "GATEWAY_OPENAI_MODEL": "tiny"}, home=home)
        link = await connector.link(2, 2)
        await again.ready()
        await connector.until(lambda: any(x["action"].get("content") == "You said: second" for x in connector.outbound), "the answer")
        await self.quiet(connector, again)
        self.assertEqual([x["content"] for x in model.exchanges[2].messages], ["first", "You said: first", "second"])
        # As an edit of the message that showed its beginning, unless the process died before it knew that one's id.
        self.assertEqual(len([x for x in connector.outbound if x["action"].get("content") == "You said: second"]), 1)
        self.ask(link, "third")
        await connector.reply("You said: third")
        self.assertEqual(len(model.exchanges[3].messages), 5)

    async def test_what_was_answered_is_not_answered_again(self):
        home = self.home()
        model, connector, gateway, link = await self.start(home=home)
        self.ask(link, "first", buffer_id="b1", message_id="m1")
        await connector.reply("You said: first")
        gateway.signal(9)
        await gateway.exited()
        again = await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_AGENT": "openai:" + model.url, "GATEWAY_OPENAI_MODEL": "tiny"}, home=home)
        link = await connector.link(2, 2)
        await again.ready()
        self.ask(link, "first", buffer_id="b1", message_id="m1")
        self.ask(link, "next")
        await connector.reply("You said: next")
        self.assertEqual(len([x for x in connector.sent() if x["action"]["content"] == "You said: first"]), 1)

    async def test_an_ordered_stop_leaves_the_question_for_the_next_process(self):
        home = self.home()
        model, connector, gateway, link = await self.start(home=home)
        go = asyncio.Event()

        async def hang(exchange):
            await exchange.begin()
            await exchange.hung_up()
        model.reply = hang
        self.ask(link, "hi")
        one = await model.exchange(1)
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertTrue(one.gone)
        model.reply = model.echo
        await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_AGENT": "openai:" + model.url, "GATEWAY_OPENAI_MODEL": "tiny"}, home=home)
        await connector.reply("You said: hi")


class Images(Model):
    PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 100

    async def look(self, model, **more):
        model, connector, gateway, link = await self.start(model=model, **more)
        connector.answers["/relay/media/1"] = lambda request: Answer(200, self.PICTURE)
        url = connector.url + "/relay/media/1"
        link.send(inbound("look", chat_id="1", chat_type="dm", message_type="photo",
                          extra={"media_urls": [url], "media": [{"url": url, "kind": "image", "mime": "image/png", "filename": "a.png"}]}))
        return connector, link

    async def test_are_data_urls(self):
        model = await self.model()
        connector, link = await self.look(model)
        await connector.reply("You said: look")
        text, image = model.exchanges[0].question
        self.assertEqual(text, {"type": "text", "text": "look"})
        self.assertTrue(image["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo"))
        self.ask(link, "and?")
        await connector.reply("You said: and?")
        self.assertEqual(model.exchanges[1].messages[0]["content"], "look\n[image: a.png]", "the history is text")

    async def test_a_model_that_takes_none_is_asked_without(self):
        model = await self.model()

        async def blind(exchange):
            if isinstance(exchange.question, list):
                return await exchange.answer(400, {"error": {"message": "image input is not supported"}})
            await model.echo(exchange)
        model.reply = blind
        connector, _ = await self.look(model)
        await self.shown(connector, "You said: look\n[image")
        self.assertEqual(len(model.exchanges), 2)


class Ways(Model):
    async def test_tls_with_a_ca_of_ones_own(self):
        if not certificates.available:
            self.skipTest("no openssl command")
        authority = certificates.Authority(self.home())
        model = await self.model(tls=authority.server("IP:127.0.0.1"))
        _, connector, gateway, link = await self.start(model=model, GATEWAY_TLS_CA_FILE=authority.file)
        self.ask(link, "hi")
        await connector.reply("You said: hi")
        _, connector, gateway, link = await self.start(model=model)
        self.ask(link, "hi")
        await self.shown(connector, "cannot be reached")
        self.assertEqual(len(model.exchanges), 1, "nobody is asked who cannot be verified")

    async def test_through_a_proxy(self):
        proxy = await self.model()      # it answers what it is asked to fetch
        _, connector, _, link = await self.start(url="http://model.example:8080/v1", model=proxy, HTTP_PROXY=f"http://127.0.0.1:{proxy.port}",
                                                 NO_PROXY="127.0.0.1")
        self.ask(link, "hi")
        await connector.reply("You said: hi")
        self.assertEqual(proxy.exchanges[0].request.path, "http://model.example:8080/v1/chat/completions")

    async def test_the_key_of_a_file_is_read_anew(self):
        home = self.home()
        path = os.path.join(home, "key")

        def write(text):
            with open(path, "w") as file:
                file.write(text + "\n")
        write("one")
        self.config(home, f"gateway:\n  openai:\n    api_key_file: {path}\n    system: |\n      Two\n      lines.\n")
        model, connector, _, link = await self.start(home=home)
        self.ask(link, "a")
        await connector.reply("You said: a")
        write("two")
        self.ask(link, "b")
        await connector.reply("You said: b")
        os.remove(path)
        self.ask(link, "c")
        await self.shown(connector, "cannot be reached")
        self.assertEqual([x.request.bearer for x in model.exchanges], ["one", "two"])
        self.assertEqual(model.exchanges[0].messages[0]["content"], "Two\nlines.")

    async def test_check_accepts_it(self):
        code, out, err = await self.command("check", GATEWAY_RELAY_URL="http://127.0.0.1:1", GATEWAY_RELAY_PLATFORMS="discord",
                                            GATEWAY_AGENT="openai:http://127.0.0.1:11434/v1", GATEWAY_OPENAI_MODEL="tiny", GATEWAY_OPENAI_API_KEY=KEY)
        self.assertEqual(code, 0, out + err)
        self.assertIn("openai:http://127.0.0.1:11434/v1", out)
        self.assertNotIn(KEY, out + err)
