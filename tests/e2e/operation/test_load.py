"""Ten thousand turns, and nothing at all: both are measured alone."""
import collections

from harness.events import inbound
from harness.gateway import now
from harness.scenario import ECHO, Scenario

TURNS, CHATS, WINDOW = 10_000, 100, 400


class Turns(Scenario):
    alone = True

    async def test_ten_thousand_echo_turns_over_a_hundred_chats_on_two_platforms(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        before = gateway.rss()
        begun = now()
        for number in range(TURNS):
            # fifty chat ids, each on both platforms: a route keyed by the chat alone would mix them up
            platform = ("discord", "telegram")[number % 2]
            chat = number % CHATS // 2
            link.send(inbound(f"{platform}:{chat}:{number}", platform=platform, chat_id=str(chat),
                              user_id=f"u-{platform}-{chat}", scope_id="g" if platform == "discord" else None))
            if number - len(connector.outbound) >= WINDOW:
                await link.socket.flushed()
                await connector.until(lambda: number - len(connector.outbound) < WINDOW // 2, "replies keep up", 30)
        await connector.until(lambda: len(connector.outbound) >= TURNS, "all replies", 60)
        took = now() - begun
        by_chat = collections.defaultdict(list)
        for frame in connector.outbound:
            action = frame["action"]
            platform, chat, number = action["content"].split(":")
            self.assertEqual((frame["platform"], action["chat_id"]), (platform, chat))
            self.assertEqual(frame["botId"], {"discord": "bot-d", "telegram": "bot-t"}[platform])
            self.assertEqual(action["metadata"]["user_id"], f"u-{platform}-{chat}")
            self.assertEqual(action["metadata"].get("scope_id"), "g" if platform == "discord" else None)
            by_chat[platform, chat].append(int(number))
        self.assertEqual(len(by_chat), CHATS)
        self.assertEqual(sorted(x for numbers in by_chat.values() for x in numbers), list(range(TURNS)))
        for numbers in by_chat.values():
            self.assertEqual(numbers, sorted(numbers))
        print(f"     {TURNS / took:.0f} turns/s with a Python peer, gateway {gateway.cpu() / TURNS * 1e6:.0f} us of CPU a turn, "
              f"memory grew by {(gateway.rss() - before) >> 10} KiB", flush=True)


class Idle(Scenario):
    alone = True

    async def test_connected_and_quiet(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        link.send(inbound("warm"))
        await connector.reply("warm")
        used, begun = gateway.cpu(), now()
        await connector.never(lambda: link.over, "the end of a quiet link", 6)
        share = (gateway.cpu() - used) / (now() - begun)
        print(f"     quiet: {share * 100:.2f} % of a core, {gateway.rss() / (1 << 20):.1f} MiB resident", flush=True)
        self.assertLess(share, 0.01)
        self.assertLess(gateway.rss(), 40 << 20)

    async def test_disconnected_and_waiting(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_BACKOFF_MIN="20s", GATEWAY_BACKOFF_MAX="30s")
        await gateway.ready()
        connector.gate = lambda dial: 503
        link.drop()
        await connector.until(lambda: link.over, "loss")
        used, begun = gateway.cpu(), now()
        await connector.never(lambda: len(connector.dials) > 1, "a dial", 4)
        self.assertLess((gateway.cpu() - used) / (now() - begun), 0.01)
