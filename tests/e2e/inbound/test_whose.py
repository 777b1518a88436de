"""Whose message is it: profiles, people without a chat id, threads, buffer ids that start anew, edits, over kill -9."""
import json

from harness.events import inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario

DM = {"chat_type": "dm", "chat_id": ""}


class Lives(Scenario):
    """One state directory, and one process after another on it."""

    async def begin(self):
        self.peer, self.house = await self.connector(), self.home()
        return await self.again(1)

    async def again(self, number):
        gateway = await self.gateway(self.peer, TWO, PINNED, QUICK, home=self.house)
        return gateway, await self.peer.link(number, 2)

    async def kill_and_go_on(self, gateway, number=2):
        """Once all that was delivered is settled on disk."""
        async def idle():
            found = await gateway.metrics()
            return found["relay_gateway_events_pending"] == 0 and found["relay_gateway_events_unstored"] == 0
        await gateway.changes.poll(idle, "nothing pending")
        await gateway.get("/v1/dlq")        # behind what the store was given before
        gateway.signal(9)
        await gateway.exited()
        gateway, link = await self.again(number)
        return gateway, link, await self.agent(gateway)


class Whose(Lives):
    async def acked(self, link, *buffer_ids):
        await self.peer.until(lambda: {x["bufferId"] for x in link.of("inbound_ack")} >= set(buffer_ids), f"acks of {buffer_ids}")

    def texts(self, agent):
        return [x["event"]["text"] for x in agent.deliveries]

    async def test_two_bots_that_get_the_same_message(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        for number, profile in enumerate(("work", "home", None)):
            more = {"profile": profile} if profile else {}
            link.send(inbound(f"for {profile}", buffer_id=f"b-{number}", message_id="m-1", **more))
        for profile in ("work", "home", None):
            delivery = await agent.delivery(f"for {profile}")
            agent.act({"op": "send", "chat_id": "100", "content": f"from {profile}"}, delivery=delivery)
            metadata = (await self.peer.reply(f"from {profile}"))["action"].get("metadata") or {}
            self.assertEqual(metadata.get("profile"), profile)
        await self.acked(link, "b-0", "b-1", "b-2")
        gateway, link, agent = await self.kill_and_go_on(gateway)
        for number, profile in enumerate(("work", "home", None)):
            more = {"profile": profile} if profile else {}
            link.send(inbound(f"for {profile}", buffer_id=f"c-{number}", message_id="m-1", **more))
        link.send(inbound("new", buffer_id="c-9", message_id="m-1", profile="third"))
        await agent.delivery("new")
        await self.acked(link, "c-0", "c-1", "c-2", "c-9")
        self.assertEqual(self.texts(agent), ["new"])

    async def test_people_without_a_chat_id_have_messages_of_their_own(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        for user in ("u-1", "u-2"):
            link.send(inbound(f"of {user}", buffer_id=f"b-{user}", message_id="1", user_id=user, **DM))
        link.send(inbound("of alt", buffer_id="b-alt", message_id="1", user_id="u-1", user_id_alt="alt", **DM))
        deliveries = [await agent.delivery(text) for text in ("of u-1", "of u-2", "of alt")]
        self.assertEqual(len({x["session_key"] for x in deliveries}), 3)
        await self.acked(link, "b-u-1", "b-u-2", "b-alt")
        gateway, link, agent = await self.kill_and_go_on(gateway)
        link.send(inbound("of u-2", buffer_id="c-1", message_id="1", user_id="u-2", **DM),
                  inbound("of u-3", buffer_id="c-2", message_id="1", user_id="u-3", **DM))
        await agent.delivery("of u-3")
        await self.acked(link, "c-1", "c-2")
        self.assertEqual(self.texts(agent), ["of u-3"])

    async def test_a_follow_up_reaches_the_one_person_whose_turn_it_answers(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        for user in ("u-1", "u-2"):
            link.send(inbound(f"of {user}", message_id="1", user_id=user, **DM))
        for user in ("u-1", "u-2"):
            delivery = await agent.delivery(f"of {user}")
            agent.act({"op": "follow_up", "session_key": delivery["session_key"], "kind": "discord.ephemeral", "content": user}, delivery=delivery)
            await self.peer.until(lambda: len(self.peer.sent("follow_up")) == int(user[-1]), "the follow-up")
            self.assertEqual(self.peer.sent("follow_up")[-1]["action"]["metadata"]["user_id"], user)

    async def test_open_turns_hold_up_their_own_session_only(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway, acks=False)
        places = [{"thread_id": "t-1", "chat_type": "thread"}, {"thread_id": "t-2", "chat_type": "thread"}, {"user_id": "u-1"},
                  {"user_id": "u-2"}, {"user_id": "u-1", "profile": "work"}, {"platform": "telegram"}]
        for number, place in enumerate(places):
            link.send(inbound(f"first {number}", message_id=f"a-{number}", buffer_id=f"a-{number}", **place),
                      inbound(f"second {number}", message_id=f"b-{number}", buffer_id=f"b-{number}", **place))
        for number in range(len(places)):
            await agent.delivery(f"first {number}")
        self.assertEqual(len(agent.deliveries), len(places))
        agent.ack(agent.deliveries[3])
        await agent.delivery("second 3")
        self.assertEqual(len(agent.deliveries), len(places) + 1)

    async def test_a_connector_that_counts_from_one_again_loses_nothing(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        link.send(*(inbound(f"old {n}", buffer_id=f"{n}", message_id=f"m-{n}") for n in range(3)))
        await agent.delivery("old 2")
        await self.acked(link, "0", "1", "2")
        link.reset()
        link = await self.peer.link(2, 2)
        link.send(*(inbound(f"new {n}", buffer_id=f"{n}", message_id=f"n-{n}") for n in range(3)))
        link.send(inbound("of telegram", buffer_id="0", message_id="m-0", platform="telegram"))
        link.send(inbound("of a profile", buffer_id="1", message_id="m-1", profile="work"))
        await agent.delivery("of telegram")
        await agent.delivery("of a profile")
        await self.acked(link, "0", "1", "2")
        await agent.until(lambda: len(agent.deliveries) >= 8, "each of them")
        gateway, link, agent = await self.kill_and_go_on(gateway, 3)
        link.send(inbound("newest", buffer_id="0", message_id="k-0"), inbound("new 1", buffer_id="1", message_id="n-1"))
        await agent.delivery("newest")
        await self.acked(link, "0", "1")
        self.assertEqual(self.texts(agent), ["newest"])

    async def nameless(self, link, *texts):
        """Events without a message id, under the buffer ids 1, 2, ..."""
        for number, text in enumerate(texts):
            frame = inbound(text, buffer_id=f"{number + 1}")
            del frame["event"]["message_id"]
            link.send(frame)

    async def test_a_connector_that_counts_from_one_again_and_names_no_messages(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        await self.nameless(link, "a", "b")
        await agent.delivery("b")
        await self.acked(link, "1", "2")
        link.reset()
        link = await self.peer.link(2, 2)
        await self.nameless(link, "a", "c", "d")
        await agent.delivery("d")
        await self.acked(link, "1", "2", "3")
        self.assertEqual(self.texts(agent), ["a", "b", "c", "d"])
        gateway, link, agent = await self.kill_and_go_on(gateway, 3)
        await self.nameless(link, "e", "c", "d", "f")
        await agent.delivery("f")
        await self.acked(link, "1", "2", "3", "4")
        self.assertEqual(self.texts(agent), ["e", "f"])

    async def test_another_connectors_ids_are_its_own(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        await self.nameless(link, "a", "b")
        await agent.delivery("b")
        self.peer = await self.connector()
        gateway, link, agent = await self.kill_and_go_on(gateway, 1)
        await self.nameless(link, "a", "b", "c")
        await agent.delivery("c")
        await self.acked(link, "1", "2", "3")
        self.assertEqual(self.texts(agent), ["a", "b", "c"])

    async def test_numbers_and_texts_as_message_ids_are_the_same(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        link.send(inbound("one", message_id=17, buffer_id="1"), inbound("one", message_id="17", buffer_id="2"), inbound("two", message_id="18", buffer_id="3"))
        await agent.delivery("two")
        await self.acked(link, "1", "2", "3")
        self.assertEqual(self.texts(agent), ["one", "two"])

    async def test_there_and_back_ends_with_what_is_on_the_screen(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        edit = {"message_is_edit": True}
        link.send(inbound("go", message_id="m-1", buffer_id="b-1"), inbound("stop", message_id="m-1", buffer_id="b-2", **edit),
                  inbound("stop", message_id="m-1", buffer_id="b-3", **edit), inbound("go", message_id="m-1", buffer_id="b-4", **edit))
        await self.acked(link, "b-1", "b-2", "b-3", "b-4")
        await agent.until(lambda: len(agent.deliveries) >= 3, "three versions")
        self.assertEqual(self.texts(agent), ["go", "stop", "go"])
        gateway, link, agent = await self.kill_and_go_on(gateway)
        link.send(inbound("go", message_id="m-1", buffer_id="c-1", **edit), inbound("stop", message_id="m-1", buffer_id="c-2", **edit),
                  inbound("go", message_id="m-1", buffer_id="c-3", **edit))
        await self.acked(link, "c-1", "c-2", "c-3")
        await agent.until(lambda: len(agent.deliveries) >= 2, "two versions")
        self.assertEqual(self.texts(agent), ["stop", "go"])

    async def test_the_order_of_its_pictures_is_part_of_a_version(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        for number, urls in enumerate((["a", "b"], ["b", "a"], ["b", "a"], ["a"])):
            link.send(inbound("look", message_id="m-1", buffer_id=f"b-{number}", message_is_edit=True,
                              extra={"media_urls": [f"https://pictures.example/{x}" for x in urls]}))
        await self.acked(link, "b-0", "b-1", "b-2", "b-3")
        await agent.until(lambda: len(agent.deliveries) >= 3, "three versions")
        self.assertEqual([len(x["event"]["media_urls"]) for x in agent.deliveries], [2, 2, 1])

    async def test_every_repeat_is_counted_by_its_reason(self):
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        link.send(inbound("one", message_id="m-1", buffer_id="b-1"), inbound("one", message_id="m-1", buffer_id="b-1"),
                  inbound("one", message_id="m-1", buffer_id="b-2"), inbound("two", message_id="m-2", buffer_id="b-3"))
        await agent.delivery("two")
        await self.acked(link, "b-1", "b-2", "b-3")
        found = {k: v for k, v in (await gateway.metrics()).items() if "events_dropped" in k or "duplicate" in k}
        self.assertEqual(sum(v for k, v in found.items()), 2, found)


class Asked(Lives):
    """Prompts belong to the session of their turn; so they do in the next process."""
    ASK = {"op": "prompt", "chat_id": "100", "prompt_kind": "approval", "prompt_id": "p-1", "content": "Delete it?",
           "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]}

    async def asked(self, platform="telegram", **place):
        """Telegram's descriptor offers no prompts: it becomes a numbered text."""
        self.place = {"platform": platform, "chat_type": "group", "user_id": "u-1", **place}
        gateway, link = await self.begin()
        agent = await self.agent(gateway)
        link.send(inbound("delete it", message_id="m-0", **self.place))
        delivery = await agent.delivery("delete it")
        self.assertTrue((await agent.result(agent.act(self.ASK, delivery=delivery)))["success"])
        return await self.kill_and_go_on(gateway)

    def answers(self, agent):
        return [x["event"]["prompt_response"]["option_id"] for x in agent.deliveries if x["event"].get("prompt_response")]

    async def test_a_number_elsewhere_is_plain_text(self):
        gateway, link, agent = await self.asked(thread_id="t-1", chat_type="thread")
        elsewhere = [{"thread_id": None, "chat_type": "group"}, {"thread_id": "t-2"}, {"profile": "work"}, {"user_id": "u-2"},
                     {"chat_id": "101"}, {"platform": "discord"}]
        for number, other in enumerate(elsewhere):
            link.send(inbound("1", message_id=f"n-{number}", buffer_id=f"b-{number}", **{**self.place, **other}))
        await agent.until(lambda: len(agent.deliveries) == len(elsewhere), "all of them as text")
        self.assertEqual(self.answers(agent), [])
        self.assertEqual({x["event"]["text"] for x in agent.deliveries}, {"1"})
        link.send(inbound("1", message_id="m-9", **self.place))
        await agent.until(lambda: self.answers(agent), "the answer")
        self.assertEqual(self.answers(agent), ["yes"])

    async def test_forms_of_a_number_and_labels(self):
        for text, option in (("2)", "no"), ("\uff11", "yes"), ("\uff12\uff09", "no"), (" 1. ", "yes"), ("NO", "no"), ("yes\n", "yes")):
            with self.subTest(text):
                gateway, link, agent = await self.asked()
                link.send(inbound("3", message_id="m-1", buffer_id="b-1", **self.place), inbound(text, message_id="m-2", **self.place))
                await agent.until(lambda: self.answers(agent), "the answer")
                self.assertEqual(self.answers(agent), [option])
                await gateway.finish()

    async def test_a_bystanders_press_leaves_an_approval_open(self):
        gateway, link, agent = await self.asked("discord")
        press = lambda user, number: inbound("", message_id=f"p-{number}", buffer_id=f"p-{number}", **{**self.place, "user_id": user},
                                             extra={"prompt_response": {"prompt_id": "p-1", "option_id": "yes"}})
        link.send(press("u-2", 1), press("u-3", 2), inbound("yes", message_id="m-2", **{**self.place, "user_id": "u-2"}))
        await agent.delivery("yes")
        self.assertEqual(self.answers(agent), [])
        link.send(press("u-1", 3))
        await agent.until(lambda: self.answers(agent), "the author's answer")
        gateway, link, agent = await self.kill_and_go_on(gateway, 3)
        link.send(press("u-1", 4), inbound("after", message_id="m-3", **self.place))
        await agent.delivery("after")
        self.assertEqual(self.answers(agent), [], "it was answered before the crash")


class Unreadable(Scenario):
    async def test_side_fields_of_any_form_lose_no_text(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        wrong = [7, "x", True, [], [7], {}, {"a": 1}, [None], [[1]], -1.5]
        event_fields = ["message_type", "reply_to", "reply_to_message_id", "media_urls", "media", "context", "prompt_response"]
        source_fields = ["chat_name", "user_name", "thread_id", "chat_topic", "user_display_name", "user_handle", "user_id_alt", "chat_id_alt",
                         "scope_id", "guild_id", "parent_chat_id", "profile", "is_bot", "message_is_edit", "one_to_one_verified",
                         "auto_thread_created", "auto_thread_initial_name", "prospective_thread_id"]
        expected = set()
        for place, fields in (("event", event_fields), ("source", source_fields)):
            for field in fields:
                for number, value in enumerate(wrong):
                    text = f"{field} {number}"
                    frame = inbound(text, buffer_id=text, message_id=text)
                    (frame["event"] if place == "event" else frame["event"]["source"])[field] = value
                    expected.add(text)
                    link.send(frame)
        await connector.until(lambda: {x["bufferId"] for x in link.of("inbound_ack")} >= expected, "acks", 30)
        link.send(inbound("last", message_id="last"))       # of the session that most of them are in
        await agent.delivery("last", 30)

        async def settled():
            return (await gateway.metrics())["relay_gateway_events_pending"] == 0
        await gateway.changes.poll(settled, "nothing pending")
        letters = (await gateway.get("/v1/dlq")).json()["letters"]
        got = {x["event"]["text"] for x in agent.deliveries}
        missing = sorted(x for x in expected - got if not any(x in json.dumps(y) for y in letters))
        self.assertEqual(missing, [], "acked, and neither delivered nor kept")
        lost = sorted(x for x in expected - got if not x.startswith("prompt_response"))
        self.assertEqual(lost, [], "a side field took the text along")
