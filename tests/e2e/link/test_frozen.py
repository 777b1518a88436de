"""An agent that hangs: the disk takes what it does not, memory stays flat, and everything else goes on."""
import collections
import os

from harness.events import inbound
from harness.scenario import QUICK, Scenario

EVENTS = int(os.environ.get("RELAY_FROZEN_EVENTS", "40000"))
CHATS, BATCH = 500, 500


class Frozen(Scenario):
    alone = True

    async def test_events_offered_to_a_frozen_agent_go_to_disk_and_come_back_in_order(self):
        connector, gateway, link = await self.connected(QUICK, GATEWAY_STATE_DIR="state", GATEWAY_AGENT_ACK_TIMEOUT="1h")
        agent = await self.agent(gateway)
        agent.acks = False
        acked = collections.Counter()
        connector.on_frame = lambda frame: acked.update([frame["type"]])
        for begin in range(0, EVENTS, BATCH):
            link.send(*(inbound(f"{n % CHATS}:{n}", buffer_id=f"b{n}", message_id=f"m{n}", chat_id=f"c{n % CHATS}")
                        for n in range(begin, min(begin + BATCH, EVENTS))))
            await link.socket.flushed()
            done = min(begin + BATCH, EVENTS) - 4 * BATCH
            await connector.until(lambda: acked["inbound_ack"] >= done, "acks keep up", 60)
            link.frames.clear()
        await connector.until(lambda: acked["inbound_ack"] == EVENTS, "all acks", 120)
        resident = gateway.rss()
        print(f"     {EVENTS} events to a frozen agent: {resident / (1 << 20):.1f} MiB resident", flush=True)
        self.assertLess(resident, 64 << 20)
        self.assertEqual(len(agent.deliveries), CHATS, "one of each chat is with the agent")

        # Everything else: results and interrupts pass by all of it.
        number = agent.say("still here", chat_id="c1", platform="discord")
        self.assertTrue((await agent.result(number))["success"])
        link.send({"type": "interrupt_inbound", "session_key": "agent:main:discord:channel:c1:u-1", "chat_id": "c1"})
        await agent.frame("interrupt")

        # It thaws: everything it takes comes in the order of its chat.
        order = collections.defaultdict(list)

        def take(frame):
            chat, number = frame["event"]["text"].split(":")
            order[chat].append(int(number))
        for frame in agent.deliveries:
            take(frame)
        agent.on_delivery, agent.acks = take, True
        for frame in list(agent.deliveries):
            agent.ack(frame)
        wanted = min(EVENTS, 20_000)
        await agent.until(lambda: sum(map(len, order.values())) >= wanted, f"{wanted} events taken", 120)
        for chat, numbers in order.items():
            self.assertEqual(numbers, list(range(int(chat), int(chat) + CHATS * len(numbers), CHATS)))
