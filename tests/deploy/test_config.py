"""config.example.yaml against the real binary's `check` and the catalogue of settings."""
import json
import os
import re
import subprocess
import tempfile
import unittest

from tree import needs_yaml, path, program, read, yaml

SECRETS = {"RELAY_SECRET": "a", "RELAY_DELIVERY_KEY": "b", "RELAY_ACCESS_TOKEN": "c", "IDP_CLIENT_SECRET": "d", "ADMIN_TOKEN": "e",
           "READ_TOKEN": "f", "MODEL_API_KEY": "g", "NATS_PASSWORD": "h", "NATS_TOKEN": "i"}
# Settings with an example in the place of a default.
EXAMPLES = {"gateway.relay_platforms", "gateway.relay_id", "gateway.state_dir", "platforms.relay.enabled"}


def catalogue_keys():
    """Paths of the settings that a config file may hold, as the program lists them."""
    done = subprocess.run([program("relay-gateway"), "settings", "--json"], capture_output=True, text=True, check=True)
    return {x["key"] for x in json.loads(done.stdout)["settings"] if x["yaml"]}


def checked(file, **environment):
    """Exit code and what `check --json` says."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run([program("relay-gateway"), "check", "--json", "--config", file], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": home, **environment}, check=False)
    return done.returncode, json.loads(done.stdout)


def rows(found):
    return {row["key"]: row for row in found["settings"]}


class Example(unittest.TestCase):
    def everything_set(self, folder):
        text = re.sub(r"^( *)#(?=[^ \n])", r"\1", read("deploy", "config.example.yaml"), flags=re.M)
        text = text.replace("/etc/relay-gateway", folder)
        for name in ("ca", "cert", "key"):
            with open(os.path.join(folder, name + ".pem"), "w") as file:
                file.write("a file that is there\n")
        file = os.path.join(folder, "config.yaml")
        with open(file, "w") as out:
            out.write(text)
        os.chmod(file, 0o600)
        return file

    def test_as_it_is_it_sets_nothing(self):
        code, found = checked(path("deploy", "config.example.yaml"))
        self.assertEqual((code, found["problems"]), (0, []))
        self.assertEqual([x["key"] for x in found["settings"] if x["source"] != "default"], [])

    def test_with_every_line_taken_it_is_valid_and_names_every_setting(self):
        with tempfile.TemporaryDirectory() as folder:
            file = self.everything_set(folder)
            code, found = checked(file, **SECRETS)
        self.assertEqual((code, found["problems"]), (0, []))
        set_here = {key for key, row in rows(found).items() if row["source"].startswith(file)}
        known = catalogue_keys()
        self.assertGreater(len(known), 60)
        self.assertEqual(known - set_here, set(), "settings that the example does not have")

    @needs_yaml
    def test_it_has_no_setting_that_there_is_not(self):
        def leaves(node, above):
            for key, value in node.items():
                name = f"{above}.{key}" if above else key
                if name in known or not isinstance(value, dict):
                    yield name
                else:
                    yield from leaves(value, name)
        known = catalogue_keys()
        with tempfile.TemporaryDirectory() as folder, open(self.everything_set(folder)) as file:
            found = set(leaves(yaml.safe_load(file), ""))
        relevance = {"discord.require_mention", "discord.free_response_channels"}  # of each platform: in no catalogue
        self.assertEqual(found - known, relevance)

    def test_what_is_called_a_default_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            _, found = checked(self.everything_set(folder), **SECRETS)
        _, bare = checked(path("deploy", "config.example.yaml"))
        theirs, ours = rows(bare), rows(found)
        for key in catalogue_keys() - EXAMPLES:
            usual = theirs[key]["value"]
            if usual:
                self.assertEqual(ours[key]["value"], usual, key)
