"""`relay-connector conformance` finds what is wrong with a gateway, and nothing wrong with one that is not."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BIN = os.path.abspath(sys.argv.pop(1))
OURS = "relay-gateway run --agent echo --state-dir none"


def run(*options, description=None):
    with tempfile.TemporaryDirectory() as home:
        if description is not None:
            path = os.path.join(home, "gateway.yaml")
            with open(path, "w") as out:
                out.write(description)
            options += ("--describe", path)
        environment = {**os.environ, "PATH": BIN + os.pathsep + os.environ["PATH"]}
        done = subprocess.run([os.path.join(BIN, "relay-connector"), "conformance", "--json",
                               *(() if "--work-dir" in options else ("--work-dir", os.path.join(home, "work"))), *options],
                              capture_output=True, text=True, timeout=110, env=environment)
    verdicts = {x["id"]: x for x in json.loads(done.stdout)["clauses"]} if done.stdout else {}
    return done.returncode, verdicts, done.stderr


class Conformance(unittest.TestCase):
    def test_wrong_bot_ids_and_a_wrong_bearer_are_found(self):
        code, verdicts, _ = run("--only", "boot", description=f"command: {OURS}\nenvironment:\n  GATEWAY_RELAY_BOT_IDS: ''\n")
        self.assertEqual(code, 1)
        self.assertEqual({x["outcome"] for id, x in verdicts.items() if id in ("provision.order", "hello.order")}, {"fail"}, verdicts)
        self.assertEqual(verdicts["token.upgrade"]["outcome"], "pass")
        code, verdicts, _ = run("--only", "boot", description=f"command: {OURS}\nstart_timeout_s: 3\nenvironment:\n  GATEWAY_RELAY_ACCESS_TOKEN: wrong\n")
        self.assertEqual((code, verdicts["provision.identity"]["outcome"]), (1, "fail"))

    def test_a_gateway_that_waits_too_long_for_a_dead_peer_is_found(self):
        code, verdicts, _ = run("--only", "keepalive", description=f"command: {OURS}\nenvironment:\n  GATEWAY_PING_TIMEOUT: 70s\n  GATEWAY_PING_INTERVAL: 60s\n")
        self.assertEqual((code, verdicts["keepalive"]["outcome"]), (1, "fail"), verdicts)

    def test_a_gateway_that_does_not_start_fails_at_once_and_with_its_words(self):
        code, verdicts, told = run("--only", "drain", "--gateway", "echo nothing works; exit 7")
        self.assertEqual(code, 1)
        self.assertEqual({x["outcome"] for x in verdicts.values()}, {"fail"})
        self.assertIn("exit code 7", verdicts["drain.exit"]["why"])
        self.assertIn("nothing works", verdicts["drain.exit"]["why"])

    def test_what_an_earlier_run_left_is_not_used_again(self):
        with tempfile.TemporaryDirectory() as used:
            open(os.path.join(used, "boot.log"), "w").close()
            code, verdicts, told = run("--gateway", "false", "--work-dir", used)
        self.assertEqual((code, verdicts), (2, {}))
        self.assertIn("new or empty", told)

    def test_an_exit_code_counts(self):
        code, verdicts, _ = run("--only", "drain", "--gateway", f"{OURS}; exit 3")
        self.assertEqual((code, verdicts["drain.exit"]["outcome"]), (1, "fail"), verdicts)
        self.assertEqual(verdicts["drain.going_idle"]["outcome"], "pass")

    def test_an_agent_that_only_echoes_offers_no_actions(self):
        for options, wanted in ((("--only", "sessions"), 0), (("--only", "sessions", "--strict"), 1)):
            code, verdicts, _ = run("--gateway", "false", *options)
            self.assertEqual((code, {x["outcome"] for x in verdicts.values()}), (wanted, {"not offered"}))
            self.assertIn("session.key", verdicts)

    def test_an_agent_that_does_not_do_what_it_is_told_is_found(self):
        code, verdicts, _ = run("--gateway", OURS, "--actions", "--only", "actions")
        self.assertEqual((code, verdicts["action.fields"]["outcome"]), (1, "fail"), verdicts)
        self.assertIn("did not do what it was told", verdicts["action.fields"]["why"])

    def test_what_is_not_offered_is_no_failure(self):
        code, verdicts, _ = run(description="command: 'false'\nnot_offered: {slack.flat: no Slack here}\n", *("--only", "slack.flat"))
        self.assertEqual((code, verdicts["slack.flat"]["outcome"], verdicts["slack.flat"]["why"]), (0, "not offered", "no Slack here"))

    def test_a_bad_description_is_one_line(self):
        for text, part in (("comand: x\n", "unknown key 'comand'"), ("name: x\n", "'command' is missing"), ("- x\n", "a description is a map"),
                           ("command: x\nnot_offered: {slack.repl: y}\n", "no clause 'slack.repl'"), ("command: x\nstart_timeout_s: soon\n", "1 to 600")):
            code, _, told = run(description=text)
            self.assertEqual((code, len(told.splitlines())), (78, 1), text)
            self.assertIn(part, told)


if __name__ == "__main__":
    unittest.main()
