"""An agent of a worker pool: lines in, lines out, as under `--agent exec:` of a gateway."""
import json
import os
import sys


def say(**frame):
    print(json.dumps(frame), flush=True)


for line in sys.stdin:
    frame = json.loads(line)
    if frame["type"] != "inbound":
        continue
    event = frame["event"]
    # The request id comes of the delivery id: whichever worker answers, the answer goes out once.
    say(type="action", request_id="a-" + frame["delivery_id"], delivery_id=frame["delivery_id"],
        action={"op": "send", "chat_id": event["source"]["chat_id"],
                "content": f"{event['text']} (worker process {os.getppid()})"})
    say(type="ack", delivery_id=frame["delivery_id"])      # last: until then the event is given to another one if we die
