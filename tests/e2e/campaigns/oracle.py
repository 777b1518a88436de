"""What must hold whatever happens between a connector, a gateway and its agents (protocol.md, agent-link.md).

    * every event reaches an agent, and none that an agent has had comes as new a second time;
    * per chat the events come in order;
    * an event that was acked to the connector reaches an agent, though nobody sends it again;
    * every action gets an outcome; `done` was applied exactly once, a definite failure never, an unknown one at most
      once; the outcomes that one request id is told never contradict each other;
    * every reply goes out with the platform, bot, user and scope of its own turn.

It keeps books only and touches nothing; whoever plays connector and agents tells it what was seen.
"""
import collections

BOTS = {"discord": "bot-d", "telegram": "bot-t"}
CHATS = [(platform, str(number)) for platform in BOTS for number in range(4)]


def user_of(chat):
    return f"u-{chat[0]}-{chat[1]}"


def scope_of(chat):
    return "g-" + chat[1] if chat[0] == "discord" else None


class Oracle:
    """`definite`: whether an action may fail for good, as it may when no link came within `egress_hold`."""

    def __init__(self, say, definite=False):
        self.say, self.definite = say, definite
        self.violations = []
        self.chat_of, self.place_of = {}, {}                # text -> its chat; its place among that chat's texts
        self.order = collections.defaultdict(list)          # chat -> texts as they were made
        self.next_of = collections.Counter()                # chat -> how many of its texts came
        self.new, self.seen, self.acked = collections.Counter(), set(), set()
        self.applied = collections.Counter()                # text -> how often its reply was carried out
        self.outcomes = collections.defaultdict(list)       # text -> done, definite, unknown, as told
        self.awaited = set()                                # texts whose reply has no outcome yet
        self.redelivered = 0

    def wrong(self, what):
        self.violations.append(what)
        self.say(what)

    # -- what is seen -------------------------------------------------------------------------------------------------

    def made(self, text, chat):
        self.chat_of[text] = chat
        self.place_of[text] = len(self.order[chat])
        self.order[chat].append(text)

    def acknowledged(self, text):
        self.acked.add(text)

    def delivered(self, text, redelivered):
        chat, place = self.chat_of[text], self.place_of[text]
        if redelivered:
            self.redelivered += 1
        else:
            self.new[text] += 1
            if self.new[text] > 1 or text in self.seen:
                self.wrong(f"{text} was given to the agent as new twice")
        if place > self.next_of[chat]:
            self.wrong(f"{text} overtook {self.order[chat][self.next_of[chat]]}")
        if place < self.next_of[chat] and not redelivered:
            self.wrong(f"{text} came again, unmarked")
        self.next_of[chat] = max(self.next_of[chat], place + 1)
        self.seen.add(text)

    def asked(self, text):
        """The agent asked for the reply to that text."""
        if text not in self.outcomes:
            self.awaited.add(text)

    def carried_out(self, text, platform, bot, chat_id, user, scope):
        """The connector got the reply to that text, so addressed."""
        self.applied[text] += 1
        chat = self.chat_of[text]
        told, due = (platform, bot, chat_id, user, scope), (chat[0], BOTS[chat[0]], chat[1], user_of(chat), scope_of(chat))
        if told != due:
            self.wrong(f"the reply to {text} went out as {told}, not as {due}")

    def told(self, text, result):
        """The outcome that an agent heard."""
        kind = "done" if result.get("success") else "unknown" if result.get("ambiguous") else "definite"
        before = set(self.outcomes[text])
        if (kind == "done" and "definite" in before) or (kind == "definite" and before & {"done", "unknown"}):
            self.wrong(f"the reply to {text} was told {kind} after {before}")
        if kind == "definite" and not self.definite:
            self.wrong(f"the reply to {text} failed although the link always came back in time: {result}")
        self.outcomes[text].append(kind)
        self.awaited.discard(text)

    # -- the verdict --------------------------------------------------------------------------------------------------

    @property
    def missing(self):
        return len(self.chat_of) - len(self.seen)

    def not_converged(self, held):
        """`held`: how many entries the connector still keeps."""
        lost = [x for x in self.chat_of if x not in self.seen]
        self.wrong(f"did not converge: {held} not acked, {len(self.awaited)} without an outcome {sorted(self.awaited)[:5]}, "
                   f"{len(lost)} never delivered {lost[:5]} (acked: {[x in self.acked for x in lost[:5]]})")

    def verdict(self):
        """When all is over: what was told against what was carried out."""
        for text, times in self.applied.items():
            told = self.outcomes[text]
            if times > 1:
                self.wrong(f"the reply to {text} was carried out {times} times, told {told}")
            if "definite" in told:
                self.wrong(f"the reply to {text} was carried out, told {told}")
        for text, told in self.outcomes.items():
            if "done" in told and not self.applied[text]:
                self.wrong(f"the reply to {text} was told done and never carried out")

    def kinds(self):
        """How many actions ended how."""
        return dict(collections.Counter(told[0] for told in self.outcomes.values() if told))
