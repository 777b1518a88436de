"""Which answers of a gateway may be unknown: those that its own store had on their way when it was killed, and no others.

The store is read once its process is gone and before the next one opens it, from a copy of its files.
"""
import json
import os
import re
import shutil
import sqlite3
import tempfile

FILES = ("relay.db", "relay.db-wal")


class StoredActions:
    """What the store says of actions, one dead process after the other."""

    def __init__(self, directory):
        self.directory = directory
        self.caught = {}        # token of an action that a kill caught -> its text
        self.looked = 0         # tokens up to here were judged

    def look(self, wrong):
        """After a kill: texts that were on their way, and how many others had been accepted. `wrong` is told of each outcome of
        before that is neither done nor unknown through an earlier kill."""
        with tempfile.TemporaryDirectory() as copy:
            for name in FILES:
                if os.path.exists(os.path.join(self.directory, name)):
                    shutil.copy(os.path.join(self.directory, name), copy)
            with sqlite3.connect(os.path.join(copy, FILES[0])) as store:
                open_now = store.execute("SELECT token, sending, request FROM action WHERE settled_at IS NULL").fetchall()
                settled = store.execute("SELECT token, result FROM action WHERE settled_at IS NOT NULL AND token > ?",
                                        (self.looked,)).fetchall()
            store.close()
        for token, result in settled:
            how = json.loads(result)["how"]
            if how != "done" and not (how == "unknown" and token in self.caught):
                wrong(f"action {token} has the outcome {how}, and no kill was its cause: {result[:300]}")
        # One that was open may get its outcome in the next life.
        tokens = [x[0] for x in open_now]
        self.looked = max([self.looked, *(x[0] for x in settled)]) if not tokens else min(tokens) - 1
        on_their_way = {token: text_of(request) for token, sending, request in open_now if sending}
        self.caught |= on_their_way
        return set(on_their_way.values()), len(open_now) - len(on_their_way)


def text_of(request):
    return re.search(r'"(gw-\d+-\d{6})"', request).group(1)
