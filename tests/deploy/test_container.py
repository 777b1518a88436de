"""The Containerfile, the compose file and the agent beside it, as far as they can be judged without building an image; that is
what tests/image/run does."""
import json
import re
import subprocess
import sys
import unittest

from tree import needs_yaml, path, read, version, yaml


class Container(unittest.TestCase):
    def setUp(self):
        self.stages = re.split(r"^FROM ", read("deploy", "container", "Containerfile"), flags=re.M)

    def test_what_runs_is_no_root_and_can_be_asked_and_stopped(self):
        for stage in (self.stages[-1], next(x for x in self.stages if x.split("\n")[0].endswith("AS exec-agent"))):
            self.assertIn("\nUSER 65532:65532\n", stage)
            self.assertIn("\nSTOPSIGNAL SIGTERM\n", stage)
            self.assertRegex(stage, r'HEALTHCHECK .*CMD \["/usr/bin/relay-gateway", "probe", "live"\]')
            self.assertIn("\nVOLUME /var/lib/relay-gateway\n", stage)

    def test_the_image_begins_with_nothing(self):
        self.assertTrue(self.stages[-1].startswith("scratch\n"))

    def test_every_base_is_the_argument(self):
        for stage in self.stages[1:-1]:
            self.assertRegex(stage, r"^(\$\{BASE\} AS |scratch AS package\n|\$\{PACKAGE\} AS ready\n)")

    def test_the_package_is_built_unless_another_is_named(self):
        self.assertIn("\nARG PACKAGE=package\n", self.stages[0])
        for name in ("exec-agent", "root"):
            self.assertIn("\nCOPY --from=ready ", next(x for x in self.stages if x.split("\n")[0].endswith(f"AS {name}")))


@needs_yaml
class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load(read("deploy", "container", "compose.yaml"))["services"]

    def test_a_stand_in_and_a_gateway_that_runs_its_agent(self):
        self.assertEqual(self.services["connector"]["entrypoint"], ["/usr/bin/relay-connector"])
        gateway = self.services["gateway"]["environment"]
        self.assertEqual(gateway["GATEWAY_RELAY_URL"], "http://connector:9490")
        self.assertTrue(gateway["GATEWAY_AGENT"].startswith("exec:"))
        json.loads(gateway["GATEWAY_RELAY_BOT_IDS"])
        self.assertTrue(gateway["GATEWAY_RELAY_ID"], "or the container's random name would be the id")

    def test_nothing_is_published_to_other_machines(self):
        for name, service in self.services.items():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), name)

    def test_both_run_with_as_little_as_they_need(self):
        for service in self.services.values():
            self.assertIs(service["read_only"], True)
            self.assertEqual(service["cap_drop"], ["ALL"])
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"])

    def test_the_stop_waits_longer_than_the_grace(self):
        self.assertGreater(float(self.services["gateway"]["stop_grace_period"].rstrip("s")), 28)


class Agent(unittest.TestCase):
    def test_it_answers_each_message_with_its_text(self):
        event = {"text": "hello", "source": {"chat_id": "42"}}
        given = "".join(json.dumps(x) + "\n" for x in ({"type": "ready"}, {"type": "inbound", "delivery_id": "d1", "event": event}))
        done = subprocess.run([sys.executable, "-u", path("deploy", "container", "echo_agent.py")], input=given,
                              capture_output=True, text=True, check=True)
        frames = [json.loads(x) for x in done.stdout.splitlines()]
        self.assertEqual([x["type"] for x in frames], ["hello", "action", "ack"])
        self.assertEqual(frames[1]["action"], {"op": "send", "chat_id": "42", "content": "hello"})


class Version(unittest.TestCase):
    def test_everything_has_that_of_the_project(self):
        ours = version()
        self.assertEqual(subprocess.run([path("deploy", "version")], capture_output=True, text=True, check=True).stdout.strip(), ours)
        self.assertIn(f"\nARG VERSION={ours}\n", read("deploy", "container", "Containerfile"))
        self.assertEqual(set(re.findall(r"image: localhost/[a-z-]+:(\S+)", read("deploy", "container", "compose.yaml"))), {ours})
        self.assertIn(f"newTag: {ours}\n", read("deploy", "kubernetes", "kustomization.yaml"))
        self.assertTrue(read("deploy", "debian", "changelog").startswith(f"relay-gateway ({ours}) "))
