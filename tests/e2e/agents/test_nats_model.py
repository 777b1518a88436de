"""A model behind a pool of workers: what becomes of a question whose worker is killed."""
import signal

from harness.events import inbound
from harness.http import fetch
from harness.model_server import ModelServer
from harness.nats_server import free_port
from agents.test_nats import Pool


class Questions(Pool):
    QUICK_WAIT = {"GATEWAY_NATS_ACK_WAIT": "1s"}

    async def begin(self):
        """A pool with one worker that asks a model."""
        self.monitor = free_port()
        nats, model = await self.nats(http=f"127.0.0.1:{self.monitor}"), await ModelServer().start()
        self._stack.push_async_callback(model.stop)
        connector, gateway, link = await self.fronted(nats, self.QUICK_WAIT)
        asks = lambda: self.worker(nats, "openai:" + model.url, self.QUICK_WAIT, GATEWAY_OPENAI_MODEL="tiny")
        return model, connector, gateway, link, asks

    async def taken(self, gateway, number):
        async def probe():
            return (await gateway.metrics())["relay_gateway_events_acked_total"] == number
        await gateway.changes.poll(probe, f"{number} events acknowledged")

    async def settled(self, gateway):
        """The queue has no event any more."""
        async def probe():
            said = await fetch(f"http://127.0.0.1:{self.monitor}/jsz?streams=1&accounts=1", "GET")
            return all(stream["state"]["messages"] == 0 for x in said.json()["account_details"]
                       for stream in x["stream_detail"] if stream["name"].endswith("_IN"))
        await gateway.changes.poll(probe, "a queue without events")

    async def killed(self, worker):
        worker.signal(signal.SIGKILL)
        await worker.exited()

    def said(self, connector, text):
        """In how many messages people see it."""
        shown = {}
        for frame in connector.outbound:
            action = frame["action"]
            if action["op"] in ("send", "edit"):
                shown[action.get("message_id") or frame["requestId"]] = action.get("content")
        return sum(x == text for x in shown.values())

    async def test_it_is_asked_again_by_another_and_answered_once(self):
        model, connector, gateway, link, asks = await self.begin()
        model.reply = lambda exchange: exchange.hung_up(60)
        first = await asks()
        link.send(inbound("hi", chat_id="1"))
        await model.exchange(1)
        await self.taken(gateway, 1)            # the gateway does not wait for the model
        await self.killed(first)
        model.reply = model.echo
        await asks()
        await connector.until(lambda: self.said(connector, "You said: hi"), "an answer", 20)
        await connector.never(lambda: self.said(connector, "You said: hi") > 1, "a second answer", within=2)
        self.assertEqual(len(model.exchanges), 2)

    async def test_it_outlives_one_worker_after_the_other(self):
        model, connector, gateway, link, asks = await self.begin()
        model.reply = lambda exchange: exchange.hung_up(60)
        worker = await asks()
        link.send(inbound("hi", chat_id="1"))
        for number in range(1, 4):
            await model.exchange(number)
            await self.taken(gateway, 1)
            await self.killed(worker)
            if number == 3:
                model.reply = model.echo
            worker = await asks()
        await connector.until(lambda: self.said(connector, "You said: hi"), "an answer", 20)
        await connector.never(lambda: self.said(connector, "You said: hi") > 1, "a second answer", within=2)

    async def test_one_that_was_answered_is_not_asked_again(self):
        model, connector, gateway, link, asks = await self.begin()
        first = await asks()
        link.send(inbound("hi", chat_id="1"))
        await connector.until(lambda: self.said(connector, "You said: hi"), "an answer", 20)
        link.send(inbound("and", chat_id="1"))
        await connector.until(lambda: self.said(connector, "You said: and"), "another answer", 20)
        await self.settled(gateway)
        await self.killed(first)
        await asks()
        await connector.never(lambda: len(model.exchanges) > 2, "a question that was answered", within=3)

    async def test_it_can_be_stopped_meanwhile_and_is_over_then(self):
        model, connector, gateway, link, asks = await self.begin()
        model.reply = lambda exchange: exchange.hung_up(60)
        first = await asks()
        link.send(inbound("hi", chat_id="1"))
        await model.exchange(1)
        link.send(inbound("/stop", chat_id="1"))
        await connector.reply("Stopped.")
        await self.settled(gateway)
        await self.killed(first)
        await asks()
        await connector.never(lambda: len(model.exchanges) > 1, "a question that was stopped", within=3)
