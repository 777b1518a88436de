"""deploy/reference/README.md is what the program and the sources say now; the pictures of README.md are there, and small."""
import os
import re
import unittest

from tree import path, program, read, reference


class Reference(unittest.TestCase):
    maxDiff = None

    def test_it_is_current(self):
        made = "\n".join(reference().reference(program("relay-gateway"))).rstrip("\n") + "\n"
        self.assertEqual(read("deploy", "reference", "README.md"), made,
                         f"make it anew: {path('deploy', 'reference', 'make')} PROGRAM > deploy/reference/README.md")

    def test_it_finds_what_is_known_to_be_there(self):
        events = reference().log_events()
        self.assertEqual(events["action.settled"][0], {"debug", "warn"})
        for name in ("request", "delivery", "epoch", "platform", "attempt", "ms"):
            self.assertIn(name, events["action.settled"][1])
        self.assertEqual(events["log.repeated"][1], ["of", "count", "seconds"])
        self.assertEqual(events["admin.command"][1], ["method", "path", "peer"])
        self.assertGreater(len(events), 90)


class Pictures(unittest.TestCase):
    def test_each_is_there_and_small(self):
        shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read("README.md"))
        self.assertTrue(shown)
        for name in shown:
            self.assertLess(os.path.getsize(path(*name.split("/"))), 200_000, name)
