"""agent-link.md, Promises: a message that kills its agent is set aside alone, and the others are answered."""
import asyncio

from harness.events import inbound
from harness.scenario import PINNED, QUICK, TWO
from agents.test_exec import Exec, notes

DIES = """
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        if frame["event"]["text"].startswith("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        answer(frame, "re " + frame["event"]["text"])
        ack(frame)
"""
# Without a word before it dies, and every child counts from one.
MUTE_AND_COUNTING = """
number = 0
for frame in frames():
    if frame["type"] == "inbound":
        if frame["event"]["text"].startswith("die"):
            os._exit(3)
        number += 1
        say(type="action", request_id=str(number), delivery_id=frame["delivery_id"],
            action={"op": "send", "chat_id": frame["event"]["source"]["chat_id"], "content": "re " + frame["event"]["text"]})
        ack(frame)
"""
NO_STORE = {"GATEWAY_STATE_DIR": "none"}


class Poisoned(Exec):
    def burst(self, link, poisons, others):
        """All at once, a poison at every (others/poisons)-th place."""
        step = max(1, others // poisons)
        texts = [f"n{number}" for number in range(others)]
        for number in range(poisons):
            texts.insert(number * (step + 1), f"die{number}")
        link.send(*(inbound(text, chat_id=f"c-{text}", buffer_id=f"b-{text}", message_id=f"m-{text}") for text in texts))

    async def answered(self, connector, others, limit):
        await connector.until(lambda: len({x["action"]["content"] for x in connector.sent()}) >= others,
                              f"answers to {others} chats", limit)
        self.assertEqual({x["action"]["content"] for x in connector.sent()}, {f"re n{n}" for n in range(others)})

    async def set_aside(self, gateway, poisons, limit):
        """The dead letters: exactly the poison, and nothing is left open."""
        async def over():
            status = await gateway.status()
            return status["pending"] == 0 and len(notes(gateway, "event.dead_letter")) >= poisons
        await self._connectors[0].changes.poll(over, f"{poisons} dead letters", limit)
        letters = (await gateway.get("/v1/dlq")).json()["letters"]
        self.assertEqual(sorted(x["text"] for x in letters), [f"die{n}" for n in range(poisons)])


class Child(Poisoned):
    async def run_one(self, poisons, others, limit, script=DIES, *settings):
        connector, gateway, link = await self.start(script, *settings)
        self.burst(link, poisons, others)
        await gateway.said("agent.exited")
        await self.answered(connector, others, limit)
        return connector, gateway

    async def test_one_among_twenty_is_set_aside_alone(self):
        _, gateway = await self.run_one(1, 20, 10.0, DIES)
        await self.set_aside(gateway, 1, 60.0)

    async def test_one_among_twenty_without_a_store(self):
        _, gateway = await self.run_one(1, 20, 10.0, DIES, NO_STORE)
        await self.set_aside(gateway, 1, 60.0)

    async def test_three_among_thirty_within_a_minute(self):
        _, gateway = await self.run_one(3, 30, 60.0, DIES)
        await self.set_aside(gateway, 3, 120.0)

    async def test_a_mute_child_that_counts_from_one(self):
        _, gateway = await self.run_one(1, 20, 10.0, MUTE_AND_COUNTING)
        self.assertEqual(notes(gateway, "egress.request_id_conflict"), [])

    async def test_over_kill_9_of_the_gateway(self):
        home = self.home()
        script = self.script(DIES)
        connector = await self.connector()
        settings = (PINNED, TWO, QUICK, {"GATEWAY_AGENT": f"exec:/usr/bin/python3 -u '{script}'", "GATEWAY_LOG_FORMAT": "json"})
        gateway = await self.gateway(connector, *settings, home=home)
        link = await connector.link(1, 2)
        self.burst(link, 1, 20)
        await connector.frame("inbound_ack", 21)
        for number in (2, 3):
            await gateway.said("agent.exited", 20.0)
            gateway.process.kill()
            await gateway.exited()
            gateway = await self.gateway(connector, *settings, home=home)
            link = await connector.link(number, 2)
        await self.answered(connector, 20, 20.0)
        await self.set_aside(gateway, 1, 60.0)

    async def test_new_events_go_on_beside_suspects(self):
        connector, gateway, link = await self.start(DIES)
        self.burst(link, 1, 5)
        await gateway.said("agent.exited")
        link.send(inbound("later", chat_id="another"))
        await connector.reply("re later")


class Link(Poisoned):
    """An agent on the link that drops its socket at a poison, and attaches again."""
    async def begin(self, *settings):
        connector, gateway, link = await self.connected({"GATEWAY_LOG_FORMAT": "json"}, *settings)
        await gateway.ready()
        return connector, gateway, link

    async def live(self, gateway, lives):
        """One agent, life after life."""
        while True:
            agent = await self.agent(gateway, ready=False, acks=False)
            lives.append(agent)
            read = 0
            while True:
                await agent.until(lambda: agent.over or len(agent.deliveries) > read, "a delivery", 600.0)
                if agent.over:
                    return
                delivery = agent.deliveries[read]
                read += 1
                text = delivery["event"]["text"]
                if text.startswith("die"):
                    await agent.detach()
                    break
                agent.say("re " + text, chat_id=delivery["event"]["source"]["chat_id"], delivery=delivery,
                          request_id="a-" + delivery["delivery_id"])
                agent.ack(delivery)

    async def play(self, agents, poisons, others, limit, *settings):
        connector, gateway, link = await self.begin(*settings)
        lives = []
        tasks = [asyncio.ensure_future(self.live(gateway, lives)) for _ in range(agents)]
        try:
            await connector.changes.poll(lambda: len(lives) == agents and all(x.of("ready") for x in lives), "the agents")
            self.burst(link, poisons, others)
            await self.answered(connector, others, limit)
            await self.set_aside(gateway, poisons, 60.0)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def test_one_among_twenty(self):
        await self.play(1, 1, 20, 10.0)

    async def test_one_among_twenty_without_a_store(self):
        await self.play(1, 1, 20, 10.0, NO_STORE)

    async def test_three_among_thirty_and_two_agents(self):
        await self.play(2, 3, 30, 60.0)
