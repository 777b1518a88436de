"""gateway.idle: a gateway without any work goes to sleep, or ends, until its wake URL is called."""
import asyncio

from harness.events import descriptor, inbound
from harness.http import Answer
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario

IDLE = {"GATEWAY_RELAY_WAKE_URL": "https://wake.example/x", "GATEWAY_IDLE_AFTER": "1s"}


class Idle(Scenario):
    async def start(self, *settings):
        connector, gateway, link = await self.connected(IDLE, *settings)
        await gateway.ready()
        return connector, gateway, link

    async def stays(self, connector, why, seconds=2.2):
        await connector.never(lambda: connector.frames("going_idle"), "going_idle although " + why, seconds)

    async def test_without_work_it_sleeps_and_a_poke_wakes_it_for_the_backlog(self):
        connector, gateway, link = await self.start(ECHO)
        await connector.frame("going_idle")
        await connector.until(lambda: link.over, "the close")
        self.assertTrue((await gateway.state("dormant"))["held"])
        await gateway.get("/wake")
        second = await connector.link(2, 2)
        second.send(inbound("buffered", buffer_id="b-1"))
        await connector.reply("buffered")
        await connector.until(lambda: second.of("inbound_ack"), "its ack")

    async def test_the_sleep_url_is_posted_once_when_it_sleeps_by_itself(self):
        host = await self.connector()
        host.answers["/stop?machine=1"] = lambda request: Answer(202)
        connector, gateway, link = await self.start(ECHO, {"GATEWAY_RELAY_SLEEP_URL": f"{host.url}/stop?machine=1"})
        await host.until(lambda: host.requests, "the call of the sleep URL")
        self.assertTrue(link.over, "the socket was closed before")
        (call,) = host.requests
        self.assertEqual((call.method, call.path, call.body, call.bearer), ("POST", "/stop?machine=1", b"", None))
        self.assertEqual(call.headers["content-length"], "0")
        await gateway.get("/wake")
        await connector.link(2, 2)
        await host.until(lambda: len(host.requests) == 2, "the call of the next sleep")

    async def test_a_sleep_url_that_fails_is_a_warning(self):
        host = await self.connector()
        host.answers["/stop?token=t0psecret"] = lambda request: Answer(500)
        connector, gateway, link = await self.start(ECHO, {"GATEWAY_RELAY_SLEEP_URL": f"{host.url}/stop?token=t0psecret"})
        await gateway.said("idle.sleep_url_failed")
        await gateway.state("dormant")
        self.assertEqual(len(host.requests), 1)
        self.assertNotIn("t0psecret", "\n".join(gateway.output))

    async def test_a_sleep_that_was_ordered_does_not_call_the_sleep_url(self):
        host = await self.connector()
        connector, gateway, link = await self.connected(ECHO, {**IDLE, "GATEWAY_IDLE_AFTER": None,
                                                               "GATEWAY_RELAY_SLEEP_URL": f"{host.url}/stop"})
        await gateway.ready()
        await gateway.get("/v1/dormant?hold=20s", method="POST")
        await gateway.state("dormant")
        await host.never(lambda: host.requests, "a call of the sleep URL", 1)

    async def test_action_exit_drains_and_ends_with_0(self):
        connector, gateway, link = await self.start(ECHO, {"GATEWAY_IDLE_ACTION": "exit"})
        await connector.frame("going_idle")
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(link.over[0], 1000)

    async def test_f69_an_event_that_no_agent_took_is_work(self):
        connector, gateway, link = await self.start()
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("hm"))
        got = await agent.delivery("hm")
        await self.stays(connector, "an event is not taken")
        agent.ack(got)
        await self.stays(connector, "a turn is open")
        await agent.result(agent.say("done", delivery=got))
        await connector.frame("going_idle")

    async def test_f69_an_action_without_its_result_is_work(self):
        connector, gateway, link = await self.start()
        agent = await self.agent(gateway)
        hold = asyncio.Event()

        async def later(frame):
            await hold.wait()
            return connector.success(frame)
        connector.result_of = later
        number = agent.say("a scheduled job", platform="discord")
        await connector.actions(1)
        await self.stays(connector, "an action is pending")
        hold.set()
        await agent.result(number)
        await connector.frame("going_idle")

    async def test_f69_a_prompt_that_somebody_may_answer_is_work(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send", "prompt"])
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, IDLE)
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        asked = await agent.result(agent.act({"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "?",
                                              "options": [{"id": "a", "label": "A"}]}, platform="discord"))
        await self.stays(connector, "a prompt is open")
        link.send(inbound("", chat_id="1", message_id="p-1", extra={"prompt_response": {"prompt_id": asked["prompt_id"], "option_id": "a"}}))
        await agent.until(lambda: agent.deliveries, "the answer")
        await agent.result(agent.say("thanks", chat_id="1", delivery=agent.deliveries[0]))
        await connector.frame("going_idle")

    async def test_f68_without_a_wake_url_it_stays_awake_and_says_why(self):
        connector, gateway, link = await self.start(ECHO, {"GATEWAY_RELAY_WAKE_URL": None})
        await gateway.said("idle.no_wake_url")
        await self.stays(connector, "nobody could wake it")

    async def test_f68_a_platform_that_is_only_a_placeholder_does_not_keep_it_awake(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform) if platform == "discord" else None
        await self.gateway(connector, PINNED, TWO, QUICK, IDLE, ECHO)
        await connector.frame("going_idle")

    async def test_an_open_status_page_is_no_work(self):
        connector, gateway, link = await self.start(ECHO)

        async def asked():
            await gateway.status()
            await gateway.get("/metrics")
            return connector.frames("going_idle")
        await connector.changes.poll(asked, "going_idle under a dashboard", pace=0.1)
