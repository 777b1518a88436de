"""Whose message, whose turn, whose prompt (sections 5.1 and 6): sessions, profiles, buffer ids, edits, prompts; with a
state directory also over kill -9."""
from harness.events import inbound, source
from harness.scenario import PINNED, QUICK, TWO, Scenario


class Identity(Scenario):
    async def begin(self, config="", **settings):
        self.peer, self.house = await self.connector(), self.home()
        self.config(self.house, config)
        self.settings = settings
        return await self.again(1)

    async def again(self, number):
        gateway = await self.gateway(self.peer, TWO, PINNED, QUICK, home=self.house, **self.settings)
        link = await self.peer.link(number, 2)
        return gateway, link, await self.agent(gateway)

    async def killed(self, gateway, number):
        gateway.signal(9)
        self.assertEqual(await gateway.exited(), -9)
        return await self.again(number)

    @staticmethod
    def texts(agent):
        return [x["event"]["text"] for x in agent.deliveries]


class Sessions(Identity):
    async def nobodys_message_is_lost(self, **settings):
        gateway, link, agent = await self.begin(**settings)
        bare = source(platform="telegram", chat_id="", chat_type="dm")
        link.send(inbound("ana", message_id="1", origin={**bare, "user_id": "ana"}),
                  inbound("bo", message_id="1", origin={**bare, "user_id": "bo"}),
                  inbound("work", message_id="1", origin={**bare, "user_id": "ana", "profile": "work"}),
                  inbound("again", message_id="1", origin={**bare, "user_id": "ana"}),
                  inbound("end", chat_id="9"))
        await agent.delivery("end")
        self.assertEqual(sorted(self.texts(agent)), ["ana", "bo", "end", "work"])

    async def test_two_people_and_two_profiles_with_one_message_id(self):
        await self.nobodys_message_is_lost()

    async def test_two_people_and_two_profiles_in_memory_only(self):
        await self.nobodys_message_is_lost(GATEWAY_STATE_DIR="none")

    async def test_one_threads_turn_holds_up_no_other(self):
        gateway, link, agent = await self.begin()
        agent.acks = False
        group = {"chat_id": "5", "chat_type": "group"}
        link.send(inbound("ana", user_id="ana", **group), inbound("bo", user_id="bo", **group),
                  inbound("thread", user_id="ana", thread_id="t", **group), inbound("ana waits", user_id="ana", **group),
                  inbound("thread waits", user_id="bo", thread_id="t", **group))
        first = [await agent.delivery(x) for x in ("ana", "bo", "thread")]
        self.assertEqual(len(agent.deliveries), 3)
        gateway, link, agent = await self.killed(gateway, 2)
        # Any of them may have killed the process: they come one at a time, each behind the ack of another one.
        self.assertEqual({(await agent.delivery(x["event"]["text"]))["session_key"] for x in first},
                         {x["session_key"] for x in first})

    async def test_interrupts_and_agents_stick_to_the_session(self):
        gateway, link, one = await self.begin()
        two = await self.agent(gateway)
        group = {"chat_id": "5", "chat_type": "group"}
        link.send(*(inbound(f"{user} {n}", user_id=user, **group) for n in range(3) for user in ("ana", "bo")))
        await one.until(lambda: len(one.deliveries) + len(two.deliveries) == 6, "all six")
        for agent in (one, two):
            self.assertEqual(len({x["session_key"] for x in agent.deliveries}), 1, "two people are two sessions")
        key = two.deliveries[0]["session_key"]
        link.send({"type": "interrupt_inbound", "session_key": key, "chat_id": "5"})
        self.assertEqual((await two.frame("interrupt"))["session_key"], key)
        self.assertEqual(one.of("interrupt"), [])


class Repeats(Identity):
    async def test_a_connector_that_counts_anew_loses_nothing(self):
        gateway, link, agent = await self.begin(GATEWAY_LOG_LEVEL="debug")
        link.send(inbound("a", buffer_id="1", message_id="m-a"), inbound("b", buffer_id="2", message_id="m-b"))
        await self.peer.until(lambda: len(link.of("inbound_ack")) == 2, "two acks")
        await agent.delivery("b")
        gateway, link, agent = await self.killed(gateway, 2)
        link.send(inbound("c", buffer_id="1", message_id="m-c"), inbound("a", buffer_id="2", message_id="m-a", profile="work"),
                  inbound("d", buffer_id="3", message_id=""), inbound("e", buffer_id="3", message_id=""),
                  inbound("c", buffer_id="1", message_id="m-c"), inbound("end", chat_id="9"))
        await agent.delivery("end")
        await agent.delivery("e")
        self.assertEqual([x for x in self.texts(agent) if x in "acde"].count("c"), 1)
        self.assertLessEqual({"a", "c", "d", "e"}, set(self.texts(agent)))
        await gateway.said("event.repeated")
        metrics = await gateway.metrics()
        self.assertEqual(sum(v for k, v in metrics.items() if k.startswith("relay_gateway_events_duplicate_total")), 1)

    async def edits(self, **settings):
        gateway, link, agent = await self.begin(**settings)
        edit = {"message_id": "m", "message_is_edit": True}
        link.send(inbound("go", message_id="m"), inbound("stop", **edit), inbound("go", **edit), inbound("go", **edit),
                  inbound("end", chat_id="9"))
        await agent.delivery("end")
        await agent.until(lambda: len(agent.deliveries) >= 4, "three versions")
        self.assertEqual([x for x in self.texts(agent) if x != "end"], ["go", "stop", "go"])
        return gateway, edit

    async def test_an_edit_back_reaches_the_agent(self):
        await self.edits(GATEWAY_STATE_DIR="none")

    async def test_the_latest_version_is_known_over_a_kill(self):
        gateway, edit = await self.edits()
        gateway, link, agent = await self.killed(gateway, 2)
        link.send(inbound("go", **edit), inbound("stop", **edit), inbound("end", chat_id="9"))
        # What the killed process had given out may come again, marked; only one version is new.
        fresh = lambda: [x["event"]["text"] for x in agent.deliveries if not x["redelivered"]]
        await agent.until(lambda: len(fresh()) >= 2, "what is new")
        self.assertEqual(sorted(fresh()), ["end", "stop"])
        self.assertEqual(self.texts(agent)[-1] if self.texts(agent)[-1] != "end" else self.texts(agent)[-2], "stop")


class Prompts(Identity):
    ASK = {"op": "prompt", "chat_id": "5", "prompt_kind": "approval", "content": "Sure?",
           "options": [{"id": "y", "label": "Yes"}, {"id": "n", "label": "No"}]}
    GROUP = {"platform": "telegram", "chat_id": "5", "chat_type": "group"}

    async def asked(self, config="", **where):
        gateway, link, agent = await self.begin(config)
        link.send(inbound("do it", user_id="ana", **self.GROUP, **where))
        turn = await agent.delivery("do it")
        result = await agent.result(agent.act(self.ASK, delivery=turn))
        self.assertTrue(result["success"], result)
        return gateway, link, agent, result["prompt_id"]

    async def answer(self, link, agent, text, **where):
        """What the agent gets of this text: the chosen option, or nothing."""
        before = len(agent.deliveries)
        link.send(inbound(text, **{**self.GROUP, **where}))
        await agent.until(lambda: len(agent.deliveries) > before, text)
        got = agent.deliveries[-1]["event"]
        self.assertEqual(got["text"], text)
        return got.get("prompt_response", {}).get("option_id")

    async def test_a_number_elsewhere_approves_nothing(self):
        gateway, link, agent, _ = await self.asked(thread_id="t", profile="work")
        here = {"user_id": "ana", "thread_id": "t", "profile": "work"}
        for other in ({"thread_id": None}, {"thread_id": "u"}, {"profile": "play"}, {"profile": None}):
            self.assertIsNone(await self.answer(link, agent, "1", **{**here, **other}), other)
        self.assertEqual(await self.answer(link, agent, "1", **here), "y")

    async def test_it_stays_in_its_session_over_a_kill(self):
        gateway, link, agent, _ = await self.asked(thread_id="t")
        # It leaves once what came before is on disk.
        agent.send({"type": "action", "request_id": "flush", "platform": "discord",
                    "action": {"op": "send", "chat_id": "elsewhere", "content": "flush"}})
        await agent.result("flush")
        gateway, link, agent = await self.killed(gateway, 2)
        self.assertIsNone(await self.answer(link, agent, "2", user_id="ana"))
        self.assertIsNone(await self.answer(link, agent, "2", user_id="bo", thread_id="t"))
        self.assertEqual(await self.answer(link, agent, "2)", user_id="ana", thread_id="t"), "n")

    async def test_people_write_numbers_and_labels_in_many_ways(self):
        for text, option in (("1.", "y"), ("2)", "n"), ("\uff11", "y"), ("yes", "y"), ("NO", "n")):
            with self.subTest(text):
                gateway, link, agent, _ = await self.asked()
                self.assertEqual(await self.answer(link, agent, text, user_id="ana"), option)

    async def test_a_bystander_decides_nothing(self):
        gateway, link, agent, prompt_id = await self.asked()

        def press(user, number):
            return inbound("Yes", buffer_id=number, message_id=number, user_id=user, **self.GROUP,
                           extra={"prompt_response": {"prompt_id": prompt_id, "option_id": "y"}})
        self.assertIsNone(await self.answer(link, agent, "1", user_id="bo"))
        link.send(press("bo", "p-1"))
        await self.peer.until(lambda: [x for x in link.of("inbound_ack") if x["bufferId"] == "p-1"], "its ack")
        before = len(agent.deliveries)
        link.send(press("ana", "p-2"))
        await agent.until(lambda: len(agent.deliveries) > before, "the asker's press")
        self.assertEqual(agent.deliveries[-1]["event"]["source"]["user_id"], "ana")
        self.assertEqual(len(agent.deliveries), before + 1)

    async def test_anyone_may_where_the_operator_says_so(self):
        gateway, link, agent, _ = await self.asked("gateway:\n  prompts:\n    approval_by: anyone\n")
        self.assertEqual(await self.answer(link, agent, "1", user_id="bo"), "y")
