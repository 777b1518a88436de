"""The Debian package, installed and removed in a chroot of the base image."""
import os
import shutil
import subprocess
import tempfile
import unittest

from engine import IMAGES, podman


def unpack(image, folder, *parts):
    """The file system of an image, or some files of it."""
    name = podman("create", image, "none").strip()
    try:
        export = subprocess.Popen(["podman", "export", name], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", folder, *parts], stdin=export.stdout, check=True)
        export.wait()
    finally:
        podman("rm", name)


class Chroot(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="relay-chroot-")
        self.addCleanup(shutil.rmtree, self.root)
        unpack(IMAGES["base"], self.root)
        unpack(IMAGES["package"], self.root, "relay-gateway.deb")
        shutil.copy("/etc/resolv.conf", os.path.join(self.root, "etc/resolv.conf"))
        # Nothing may start a service in here.
        with open(os.path.join(self.root, "usr/sbin/policy-rc.d"), "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(file.name, 0o755)

    def run_in(self, *command, code=0):
        # A namespace of its own for /proc, so that nothing stays mounted.
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" "$@"',
                               self.root, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"})
        self.assertEqual(done.returncode, code, f"{' '.join(command)}\n{done.stdout}")
        return done.stdout

    def there(self, name):
        return os.path.lexists(os.path.join(self.root, name))

    def test_installed_tried_removed_purged(self):
        self.run_in("apt-get", "update", "-qq")
        self.run_in("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/relay-gateway.deb")
        self.assertEqual(self.run_in("dpkg", "--verify", "relay-gateway"), "")
        for name in ("usr/bin/relay-gateway", "usr/bin/relay-connector", "lib/systemd/system/relay-gateway.service",
                     "etc/relay-gateway/config.yaml"):
            self.assertTrue(self.there(name), name)
        self.assertFalse(self.there("etc/systemd/system/multi-user.target.wants/relay-gateway.service"), "not enabled by itself")
        self.run_in("relay-gateway", "check", "--config", "/etc/relay-gateway/config.yaml")
        said = self.run_in("relay-gateway", "demo", "--once")
        self.assertIn("discord", said)

        with open(os.path.join(self.root, "etc/relay-gateway/config.yaml"), "a") as file:
            file.write("gateway: {grace: 20s}\n")
        self.run_in("dpkg", "--install", "--force-confdef", "/relay-gateway.deb")   # as an upgrade does
        with open(file.name) as kept:
            self.assertIn("grace: 20s", kept.read(), "what was configured stays")

        os.makedirs(os.path.join(self.root, "var/lib/private/relay-gateway"))
        self.run_in("apt-get", "remove", "-y", "-qq", "relay-gateway")
        self.assertFalse(self.there("usr/bin/relay-gateway"))
        self.assertTrue(self.there("etc/relay-gateway/config.yaml"), "a configuration stays until the purge")
        self.assertTrue(self.there("var/lib/private/relay-gateway"), "and so does the state")
        self.run_in("apt-get", "purge", "-y", "-qq", "relay-gateway")
        for name in ("etc/relay-gateway", "var/lib/private/relay-gateway", "usr/share/relay-gateway", "usr/share/doc/relay-gateway"):
            self.assertFalse(self.there(name), name)
        self.assertEqual(self.run_in("dpkg", "--audit"), "")
