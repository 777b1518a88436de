"""The compose file, as far as a machine without container networks can run it: on the host's network."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from engine import IMAGES, Containers, call

HERE = os.path.dirname(os.path.abspath(__file__))
FILE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "deploy/container/compose.yaml")
PODMAN = os.path.join(HERE, "podman-on-host")


@unittest.skipUnless(shutil.which("podman-compose"), "podman-compose is not installed (deploy/setup image)")
class Compose(Containers):
    def compose(self, *arguments):
        done = subprocess.run(["podman-compose", "--podman-path", PODMAN, "-p", "relay-image-test", "-f", FILE, "-f", self.override,
                               *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_up_a_conversation_and_down(self):
        services = {"connector": {"image": IMAGES["gateway"]}, "gateway": {"image": IMAGES["exec-agent"]}}
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"services": services}, file)     # JSON is YAML
            file.flush()
            self.override = file.name
            self.addCleanup(subprocess.run, ["podman", "volume", "rm", "--force", "relay-image-test_state"], check=False,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.names += ["relay-image-test_connector_1", "relay-image-test_gateway_1"]
            self.compose("up", "--detach", "--no-build")
            gateway, connector = "http://127.0.0.1:9480", "http://127.0.0.1:9490"
            self.until(lambda: call(gateway + "/readyz")[0] == 200, "the gateway is ready")
            self.tell(connector, "hello compose")
            self.echoed(connector, "hello compose")
            self.assertEqual(call(gateway + "/v1/status")[0], 401)
            status, said = call(gateway + "/v1/status", token="trial")
            self.assertEqual((status, json.loads(said)["gateway_id"]), (200, "gw-compose"))
            self.compose("down")
