"""Section 3: newline framing over any cut, and bad frames that cost nobody anything."""
import json
import struct

from harness import websocket
from harness.events import descriptor, event, inbound
from harness.scenario import ECHO, QUICK, Scenario

MIB = 1 << 20


def line(frame):
    return (json.dumps(frame, ensure_ascii=False) + "\n").encode()


class Cuts(Scenario):
    async def test_f15_all_frames_glued_in_one_message(self):
        connector, _, link = await self.connected(ECHO)
        link.send_raw(b"".join(line(inbound(f"g{n}", chat_id=str(n))) for n in range(50)))
        sent = await connector.actions(50)
        self.assertEqual({x["action"]["content"] for x in sent}, {f"g{n}" for n in range(50)})

    async def test_f15_one_frame_over_one_message_per_byte_also_inside_utf8(self):
        connector, _, link = await self.connected(ECHO)
        for number in range(len(raw := line(inbound("zwölf Boxkämpfer 🥊 jagen")))):
            link.send_raw(raw[number:number + 1], websocket.BINARY if raw[number] > 127 else websocket.TEXT)
        await connector.reply("zwölf Boxkämpfer 🥊 jagen")

    async def test_f15_split_in_text_messages_at_every_character(self):
        connector, _, link = await self.connected(ECHO)
        for character in line(inbound("Größe 🥊")).decode():
            link.socket.send_text(character)
        await connector.reply("Größe 🥊")

    async def test_f15_tail_of_one_frame_and_head_of_the_next_in_one_message(self):
        connector, _, link = await self.connected(ECHO)
        raw = line(inbound("one")) + line(inbound("two")) + line(inbound("three"))
        for cut in range(0, len(raw), 97):
            link.send_raw(raw[cut:cut + 97])
        for text in ("one", "two", "three"):
            await connector.reply(text)

    async def test_websocket_fragments_also_inside_utf8(self):
        connector, _, link = await self.connected(ECHO)
        raw = line(inbound("in Stücken ✓"))
        for number in range(len(raw)):
            link.send_raw(raw[number:number + 1], websocket.TEXT if number == 0 else websocket.CONTINUATION,
                          fin=number == len(raw) - 1)
        await connector.reply("in Stücken ✓")

    async def test_ping_between_fragments_is_answered(self):
        connector, _, link = await self.connected(ECHO)
        raw = line(inbound("around a ping"))
        link.send_raw(raw[:10], fin=False)
        link.send_raw(b"mark", websocket.PING)
        link.send_raw(raw[10:], websocket.CONTINUATION)
        await connector.reply("around a ping")
        self.assertEqual([payload for _, payload in link.socket.pongs], [b"mark"])

    async def test_frames_in_binary_messages_are_read(self):
        connector, _, link = await self.connected(ECHO)
        link.send_raw(line(inbound("binary but fine")), websocket.BINARY)
        await connector.reply("binary but fine")

    async def test_empty_lines_and_carriage_returns(self):
        connector, _, link = await self.connected(ECHO)
        link.send_raw(b"\n\n \r\n" + line(inbound("after blanks")).replace(b"\n", b"\r\n") + b"\n")
        await connector.reply("after blanks")

    async def test_f13_partial_line_is_dropped_on_close(self):
        connector, _, link = await self.connected(ECHO)
        raw = line(inbound("never whole"))
        link.send_raw(raw[:40])
        link.close(1001)
        second = await connector.link(2, 2)
        second.send_raw(raw[40:])
        second.send(inbound("clean start"))
        await connector.reply("clean start")
        self.assertEqual(len(connector.sent()), 1)

    async def test_line_of_four_mebibytes(self):
        connector, _, link = await self.connected(ECHO)
        link.send({**inbound("big one"), "padding": "x" * (4 * MIB)})
        await connector.reply("big one", limit=15)


class BadFrames(Scenario):
    async def survives(self, *payloads, opcode=websocket.TEXT):
        """After each payload the same socket still serves."""
        connector, gateway, link = await self.connected(ECHO)
        for number, payload in enumerate(payloads):
            link.send_raw(payload if isinstance(payload, bytes) else payload.encode(), opcode)
            link.send(inbound(f"after {number}"))
            await connector.reply(f"after {number}")
        self.assertEqual(len(connector.dials), 1)
        self.assertIsNone(link.over)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        return gateway

    async def test_f12_not_json(self):
        await self.survives("{\n", "hello\n", "{'a':1}\n", '{"type":"inbound"\n', "\x00\n", "}{\n", '{"type":"inbound",}\n')

    async def test_f12_json_but_no_object(self):
        await self.survives("[]\n", "null\n", "1\n", '"inbound"\n', "true\n", '[{"type":"inbound"}]\n')

    async def test_f12_event_null_missing_or_of_another_type(self):
        await self.survives('{"type":"inbound","event":null}\n', '{"type":"inbound"}\n', '{"type":"inbound","event":[]}\n',
                            '{"type":"inbound","event":"x"}\n', '{"type":"inbound","event":7}\n')

    async def test_f12_event_with_fields_of_other_types(self):
        good = event("x")
        changed = [{**good, "text": None}, {**good, "text": 5}, {**good, "source": None}, {**good, "source": []},
                   {**good, "message_id": {}}, {**good, "media_urls": "x"}, {**good, "media": [1, None, "x", {}]},
                   {**good, "source": {**good["source"], "chat_id": {"a": 1}}},
                   {**good, "source": {**good["source"], "chat_type": 3}}]
        await self.survives(*(line({"type": "inbound", "event": x}) for x in changed))

    async def test_f12_malformed_context_never_loses_the_event(self):
        connector, _, link = await self.connected(ECHO)
        for number, context in enumerate((None, "x", 1, {}, [1], [None], [{"text": 5}], [[]], [{"source": 1, "text": "t"}])):
            link.send({"type": "inbound", "event": event(f"context {number}", extra={"context": context})})
            await connector.reply(f"context {number}")

    async def test_f12_unknown_type_missing_type_and_types_of_other_types(self):
        await self.survives('{"type":"from_the_future","x":1}\n', "{}\n", '{"type":null}\n', '{"type":5}\n',
                            '{"type":["inbound"]}\n', '{"type":""}\n', '{"type":"hello","platform":"discord"}\n')

    async def test_f12_descriptor_without_fields(self):
        await self.survives('{"type":"descriptor"}\n', '{"type":"descriptor","descriptor":null}\n',
                            '{"type":"descriptor","descriptor":[]}\n', '{"type":"descriptor","descriptor":{}}\n',
                            line({"type": "descriptor", "descriptor": descriptor("discord", max_message_length="x", len_unit=3)}))

    async def test_f12_results_for_nobody_and_of_other_shapes(self):
        await self.survives('{"type":"outbound_result"}\n', '{"type":"outbound_result","requestId":"no","result":{"success":true}}\n',
                            '{"type":"outbound_result","requestId":7,"result":[]}\n',
                            '{"type":"outbound_result","requestId":null,"result":null}\n')

    async def test_f12_control_frames_of_other_shapes(self):
        await self.survives('{"type":"interrupt_inbound"}\n', '{"type":"interrupt_inbound","session_key":1,"chat_id":[]}\n',
                            '{"type":"going_idle_ack"}\n', '{"type":"passthrough_forward"}\n',
                            '{"type":"passthrough_forward","forward":null}\n',
                            '{"type":"passthrough_forward","forward":{"platform":"discord","headers":[1,["a"],["a",1]],"bodyB64":"%%"}}\n')

    async def test_f14_invalid_utf8_in_a_binary_message(self):
        await self.survives(b"\xff\xfe\xfa\n", b'{"type":"inbound","event":{"text":"\xc3\x28"}}\n', b"\xed\xa0\x80\n",
                            opcode=websocket.BINARY)

    async def test_f14_invalid_utf8_in_a_text_message_costs_at_most_the_connection(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send_raw(b'{"type":"x","a":"\xff"}\n')
        try:
            link.send(inbound("same socket"))
            await connector.reply("same socket", limit=1.5)
        except AssertionError:
            second = await connector.link(2, 2)
            second.send(inbound("next socket"))
            await connector.reply("next socket")
        self.assertTrue(gateway.running)

    async def test_nul_and_lone_surrogates_in_strings(self):
        await self.survives(b'{"type":"inbound","event":{"text":"a\\u0000b","source":{"chat_id":"\\u0000"}}}\n',
                            b'{"type":"inbound","event":{"text":"\\ud800","source":{"chat_id":"\\udfff"}}}\n',
                            b'{"type":"\\ud83e"}\n')

    async def test_huge_numbers(self):
        await self.survives('{"type":"descriptor","descriptor":{"platform":"discord","max_message_length":1e999}}\n',
                            '{"type":"descriptor","descriptor":{"platform":"discord","max_message_length":%s}}\n' % ("9" * 400),
                            '{"type":"descriptor","descriptor":{"platform":"discord","max_message_length":-9223372036854775809}}\n',
                            '{"type":"descriptor","descriptor":{"platform":"discord","contract_version":99999999999999999999}}\n',
                            '{"type":"inbound","event":{"text":"n","message_id":1e400,"source":{"chat_id":%s}}}\n' % ("1" * 5000))

    async def test_deep_nesting(self):
        deep = 200_000
        await self.survives("[" * deep + "\n", '{"type":"inbound","event":' + '{"a":' * deep + "1" + "}" * deep + "}\n",
                            '{"type":"x","a":' + "[" * deep + "]" * deep + "}\n")

    async def test_duplicate_keys(self):
        await self.survives('{"type":"inbound","type":"x","event":null,"event":{}}\n')

    async def test_bad_frames_are_counted(self):
        gateway = await self.survives("[]\n", "{\n", '{"type":"inbound","event":null}\n')
        counted = await gateway.metrics()
        refused = sum(v for k, v in counted.items() if k.startswith("relay_gateway_frames_refused_total"))
        self.assertEqual(refused, 3, sorted(counted))
        self.assertIn("warn", gateway.text)

    async def test_unknown_fields_are_ignored_and_missing_ones_defaulted(self):
        connector, _, link = await self.connected(ECHO)
        link.send({"type": "inbound", "new": 1, "event": {"text": "bare", "source": {"platform": "discord", "chat_id": "9"}}})
        found = await connector.reply("bare")
        self.assertEqual((found["platform"], found["action"]["chat_id"]), ("discord", "9"))

    async def test_f12_replayed_poison_does_not_stop_the_next_connection(self):
        connector, _, link = await self.connected(ECHO)
        link.send_raw(b'{"type":"inbound","event":null,"bufferId":"b1"}\n')
        link.drop()
        second = await connector.link(2, 2)
        second.send_raw(b'{"type":"inbound","event":null,"bufferId":"b1"}\n')
        second.send(inbound("after poison", buffer_id="b2"))
        await connector.reply("after poison")
        acks = await connector.until(lambda: [x["bufferId"] for x in second.of("inbound_ack")], "acks")
        self.assertIn("b2", acks + [x["bufferId"] for x in second.of("inbound_ack")])


class Oversized(Scenario):
    async def flood(self, link, message, fin=True, opcode=websocket.TEXT):
        """Writes the message until 96 MiB are out or the gateway ends the connection."""
        sent = 0
        try:
            while sent < 96 * MIB and link.over is None and not link.socket.writer.is_closing():
                link.send_raw(message, opcode if sent == 0 or fin else websocket.CONTINUATION, fin)
                await link.socket.flushed()
                sent += len(message)
        except ConnectionError:
            pass
        return sent

    async def comes_back(self, connector, gateway, link, before):
        if link.over is None:
            link.socket.writer.transport.abort()
        second = await connector.link(2, 2, limit=15)
        grown = gateway.rss() - before
        second.send(inbound("back again"))
        await connector.reply("back again")
        self.assertLess(grown, 60 * MIB)
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def watched(self, link, gateway, message, **more):
        """The flood, with the peak of resident memory seen on the way."""
        with open(f"/proc/{gateway.process.pid}/clear_refs", "w") as file:
            file.write("5")                                     # resets the high-water mark
        before = gateway.rss()
        await self.flood(link, message, **more)
        with open(f"/proc/{gateway.process.pid}/status") as lines:
            peak = next(int(x.split()[1]) * 1024 for x in lines if x.startswith("VmHWM"))
        self.assertLess(peak - before, 60 * MIB, "peak of memory during the flood")
        return before

    async def test_f13_endless_line_over_many_messages(self):
        connector, gateway, link = await self.connected(ECHO)
        before = await self.watched(link, gateway, b"x" * 65536)
        await self.comes_back(connector, gateway, link, before)

    async def test_f13_endless_line_in_fragments_of_one_message(self):
        connector, gateway, link = await self.connected(ECHO)
        before = await self.watched(link, gateway, b"x" * 65536, fin=False)
        await self.comes_back(connector, gateway, link, before)

    async def test_f13_endless_line_that_begins_like_a_frame(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send_raw(b'{"type":"inbound","event":{"text":"')
        before = await self.watched(link, gateway, b"y" * 262144)
        await self.comes_back(connector, gateway, link, before)

    async def test_f13_one_websocket_frame_that_claims_a_terabyte(self):
        connector, gateway, link = await self.connected(ECHO)
        before = gateway.rss()
        link.socket.writer.write(bytes([0x81, 127]) + struct.pack("!Q", 1 << 40) + b"x" * MIB)
        await connector.until(lambda: link.over, "the connection is ended")
        await self.comes_back(connector, gateway, link, before)

    async def test_oversized_frame_with_newline_has_a_defined_outcome(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_MAX_FRAME="64KiB")
        link.send({**inbound("too big"), "padding": "x" * 200_000})
        link.send(inbound("next"))
        try:
            await connector.reply("next", limit=2)
        except AssertionError:
            second = await connector.link(2, 2)
            second.send(inbound("after it"))
            await connector.reply("after it")
        self.assertEqual([x for x in connector.sent() if x["action"]["content"] == "too big"], [])
        self.assertTrue(gateway.running)

    async def test_garbage_after_the_upgrade(self):
        connector, gateway, link = await self.connected(ECHO, QUICK)
        link.socket.writer.write(b"\xff" * 4096)
        second = await connector.link(2, 2)
        second.send(inbound("alive"))
        await connector.reply("alive")
