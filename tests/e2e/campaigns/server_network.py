"""Servers that have a network namespace each, on a bridge of the campaign's own: one of them can be cut off, and goes on running."""
import subprocess

from .wire import enter_new_namespace, ip

BRIDGE, NETWORK = "pool", "10.231.0"


def possible():
    return subprocess.run(["unshare", "-n", "ip", "link", "add", BRIDGE, "type", "bridge"], capture_output=True).returncode == 0


class ServerNetwork:
    """From here on this thread and what it starts are in a network without any way out."""

    def __init__(self):
        self.holders = []
        enter_new_namespace()
        ip(f"link add {BRIDGE} type bridge")
        ip(f"addr add {NETWORK}.254/24 dev {BRIDGE}")
        ip(f"link set {BRIDGE} up")

    def join(self, number):
        """Address of a further server, and what its command begins with."""
        holder = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdin.write(b"there\n")
        holder.stdin.flush()
        holder.stdout.readline()          # cat runs in the new namespace
        self.holders.append(holder)
        inside = ["nsenter", "-t", str(holder.pid), "-n"]
        ip(f"link add server{number} type veth peer name eth0 netns {holder.pid}")
        ip(f"link set server{number} master {BRIDGE}")
        ip(f"link set server{number} up")
        address = f"{NETWORK}.{number + 1}"
        for command in ("link set lo up", f"addr add {address}/24 dev eth0", "link set eth0 up"):
            subprocess.run([*inside, "ip", *command.split()], check=True, capture_output=True)
        return address, inside

    def cut(self, number, off):
        ip(f"link set server{number} {'down' if off else 'up'}")

    def end(self):
        for x in self.holders:
            x.stdin.close()
            x.wait()
            x.stdout.close()
