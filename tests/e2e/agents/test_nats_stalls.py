"""Workers whose queue has stored messages and gives none out."""
from harness.standing_nats import StandingNats
from agents.test_nats import Pool

FIRST = "$JS.API.CONSUMER.LEADER.STEPDOWN.relay_IN.workers"


class Standing(Pool):
    async def standing(self, **more):
        found = StandingNats(**more)
        self._stack.push_async_callback(found.stop)
        return await found.start()

    async def test_another_server_is_asked_to_lead_the_consumer(self):
        nats = await self.standing()
        worker = await self.worker(nats)
        await nats.changes.until(lambda: nats.asked, "a server to be asked to step down", 30)
        self.assertEqual(nats.asked, [FIRST])
        await worker.said("gave nothing out", 5)
        await worker.said("queue.connected", 5)

    async def test_what_the_stream_has_no_more_is_settled(self):
        nats = await self.standing(stored=9, delivered=5, left=(2, 4))
        await self.worker(nats)
        await nats.changes.until(lambda: nats.asked, "a server to be asked to step down", 30)
        self.assertEqual(nats.settled, [1, 3, 5])

    async def test_nobody_is_asked_where_all_was_given_out_or_nobody_else_could_lead(self):
        quiet = [await self.standing(stored=0), await self.standing(others=0)]
        for x in quiet:
            await self.worker(x)
        standing = await self.standing()
        await self.worker(standing)
        await standing.changes.until(lambda: standing.asked, "the one that stands still to be asked", 30)
        self.assertEqual([x.asked for x in quiet], [[], []])
