#!/usr/bin/python3
"""An agent on the gateway's WebSocket: answers each message. Usage: agent.py [ws://HOST:PORT/v1/agent]"""
import asyncio
import json
import sys

import websockets       # Debian: python3-websockets


def answer(text):
    return f"You said: {text}"


async def serve(socket):
    async def say(**frame):
        await socket.send(json.dumps(frame))

    await say(type="hello", name="example")
    async for line in socket:
        frame = json.loads(line)
        if frame["type"] == "inbound":
            delivery, event = frame["delivery_id"], frame["event"]
            # An event that comes again gets the same request id, and so no second answer.
            await say(type="action", request_id="answer-" + delivery, delivery_id=delivery,
                      action={"op": "send", "chat_id": event["source"]["chat_id"], "content": answer(event["text"])})
            await say(type="ack", delivery_id=delivery)
        elif frame["type"] == "result" and not frame["result"]["success"]:
            print("not sent:", frame["result"], file=sys.stderr)


async def main(url):
    async for socket in websockets.connect(url, max_size=None):     # again after each end, with growing pauses
        try:
            await serve(socket)
        except websockets.ConnectionClosed:
            pass


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:9480/v1/agent"))
