"""An agent for `exec:`: answers each message with its text. One JSON object a line on standard input and output."""
import json
import sys


def say(**frame):
    print(json.dumps(frame), flush=True)


say(type="hello", name="echo")
for line in sys.stdin:
    frame = json.loads(line)
    if frame["type"] == "inbound":
        event = frame["event"]
        say(type="action", request_id="answer-" + frame["delivery_id"], delivery_id=frame["delivery_id"],
            action={"op": "send", "chat_id": event["source"]["chat_id"], "content": event["text"]})
        say(type="ack", delivery_id=frame["delivery_id"])
