#!/usr/bin/python3
"""An agent that the gateway starts itself (--agent 'exec:...'): the same lines over standard input and output."""
import json
import sys


def answer(text):
    return f"You said: {text}"


def say(**frame):
    print(json.dumps(frame), flush=True)


say(type="hello", name="example")
for line in sys.stdin:
    frame = json.loads(line)
    if frame["type"] == "inbound":
        delivery, event = frame["delivery_id"], frame["event"]
        # An event that comes again gets the same request id, and so no second answer.
        say(type="action", request_id="answer-" + delivery, delivery_id=delivery,
            action={"op": "send", "chat_id": event["source"]["chat_id"], "content": answer(event["text"])})
        say(type="ack", delivery_id=delivery)
    elif frame["type"] == "result" and not frame["result"]["success"]:
        print("not sent:", frame["result"], file=sys.stderr)        # goes to the gateway's log
