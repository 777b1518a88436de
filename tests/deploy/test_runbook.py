"""runbook.md against the code: every alert, every log event at warn or above, every reason of /readyz."""
import re
import unittest

from tree import read, reference

def events_that_matter():
    """Ids of all log events that may be written at warn or error. One whose call chooses among levels counts in any case."""
    return {name for name, (levels, _) in reference().log_events().items() if levels & {"warn", "error"}}


def reasons():
    """Literal reasons of the link and of the health answers, and the names of the phases."""
    machine = read("actors", "link", "core", "link_state_machine.cpp")
    found = set(re.findall(r'reason_ = "([^"]+)"', machine)) | set(re.findall(r'close_now\([^;]*?"([^"]+)"', machine))
    found |= set(re.findall(r'why\.error\.empty\(\) \? "([^"]+)"', machine))
    found |= set(re.findall(r'reason_ = "([^"]+)"', read("actors", "link", "core", "link_state_machine.hpp")))
    found |= set(re.findall(r'reason = "([^"]+)"', read("actors", "supervision", "supervisor.cpp")))
    health = read("app", "admin", "status_json.cpp")
    for call in re.findall(r"state_json\(([^;]*)\)\};", health):
        found |= {text for text in re.findall(r'"([^"]+)"', call) if " " in text and not text.endswith(": ")}
    found |= set(re.findall(r'std::string\{"([^"]+)"\}', health))
    return found


def phases():
    text = read("messages", "control.hpp")
    body = re.search(r"enum class link_phase[^{]*\{(.*?)\};", text, re.S).group(1)
    return set(re.findall(r"^\s*(\w+)", re.sub(r"//.*", "", body), re.M))


def rows(section):
    """First cells of the tables of a section, each of them a list of names."""
    text = read("deploy", "monitoring", "runbook.md").split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    for line in text.splitlines():
        cells = [x.strip() for x in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and "`" in cells[0]:
            yield re.findall(r"`([^`]+)`", cells[0]), cells[1], cells[2]


class Runbook(unittest.TestCase):
    def test_log_events(self):
        written = {name for names, _, _ in rows("Log events") for name in names}
        self.assertGreater(len(written), 30)
        self.assertEqual(written, events_that_matter())

    def test_reasons_and_states_of_readyz(self):
        written = {name for names, _, _ in rows("Readiness") for name in names}
        self.assertGreaterEqual(len(phases()), 9)
        self.assertEqual(phases() - written, set())
        self.assertGreater(len(reasons()), 10)
        self.assertEqual(reasons() - written, set())

    def test_alerts(self):
        rules = re.findall(r"^\s*- alert: (\w+)", read("deploy", "monitoring", "alerts.yaml"), re.M)
        text = read("deploy", "monitoring", "runbook.md")
        headings = re.findall(r"^### (\w+)$", text, re.M)
        self.assertEqual(headings, list(dict.fromkeys(headings)))
        self.assertEqual(set(headings), set(rules))
        for part in re.split(r"^### ", text.split("\n## Log events\n")[0], flags=re.M)[1:]:
            self.assertRegex(part, r"(?s)Meaning: .*Action:\s", part.split("\n")[0])

    def test_every_line_says_what_to_do(self):
        for section in ("Log events", "Readiness"):
            for names, meaning, action in rows(section):
                self.assertTrue(meaning and action, names)
