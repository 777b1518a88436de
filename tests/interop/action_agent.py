"""The agent of relay-gateway.yaml, over `exec:`. It answers every message with its text, and carries out what a message
`/relay-action {...}` says: any action, in the chat or the session of the message unless it names another one."""
import json
import sys
import uuid


def say(frame):
    sys.stdout.write(json.dumps(frame) + "\n")
    sys.stdout.flush()


def answer_to(delivery):
    event = delivery["event"]
    text = event.get("text") or ""
    mark, _, order = text.partition(" ")
    action = json.loads(order) if mark == "/relay-action" else {"op": "send", "content": text}
    if action["op"] == "follow_up":
        action.setdefault("session_key", delivery["session_key"])
    else:
        action.setdefault("chat_id", event["source"].get("chat_id") or "")
    if action["op"] == "prompt":
        action.setdefault("prompt_id", uuid.uuid4().hex[:8])
    return action


say({"type": "hello", "name": "conformance", "media": "path"})
for line in sys.stdin.buffer:
    frame = json.loads(line)
    if frame["type"] != "inbound":
        continue
    say({"type": "action", "request_id": uuid.uuid4().hex, "delivery_id": frame["delivery_id"], "action": answer_to(frame)})
    say({"type": "ack", "delivery_id": frame["delivery_id"]})
