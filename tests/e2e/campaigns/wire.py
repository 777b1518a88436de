"""Two network namespaces and what lies between them: each has a TUN device, and this process carries the packets from
one to the other, or does not. It does what `tc netem` does, by seeded rng, on kernels without netem, too."""
import asyncio
import concurrent.futures
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def possible():
    made = subprocess.run(["unshare", "-n", "ip", "tuntap", "add", "dev", "gw0", "mode", "tun"], capture_output=True)
    return made.returncode == 0


def enter_new_namespace():
    """This thread, and the processes that it starts, see another network from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    ip("link set lo up")


def ip(command):
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)


def tun(name, address):
    """A device in this thread's namespace; its packets come from, and go to, the descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    ip(f"addr add {address}/24 dev {name}")
    ip(f"link set {name} up")
    return device


@dataclass
class Conditions:
    """Shares of packets, seconds."""
    loss: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    twice: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0


class Way:
    """Packets in one direction."""

    def __init__(self, source, target, rng):
        self.source, self.target, self.rng = source, target, rng
        self.conditions = Conditions()
        self.last = 0.0             # when the packet before this one arrives
        self.carried = self.lost = self.garbled = 0

    def readable(self):
        for _ in range(64):
            try:
                packet = os.read(self.source, 65536)
            except OSError:         # nothing more, or the device is down
                return
            self.carry(packet)

    def carry(self, packet):
        conditions, rng = self.conditions, self.rng
        if rng.random() < conditions.loss:
            self.lost += 1
            return
        if rng.random() < conditions.corrupt:
            self.garbled += 1
            place = rng.randrange(len(packet))
            packet = packet[:place] + bytes([packet[place] ^ (1 << rng.randrange(8))]) + packet[place + 1:]
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = now + conditions.delay + conditions.jitter * rng.random()
        if rng.random() >= conditions.reorder:
            due = self.last = max(due, self.last)       # in order
        for _ in range(1 + (rng.random() < conditions.twice)):
            self.carried += 1
            self.write(packet) if due <= now else loop.call_at(due, self.write, packet)

    def write(self, packet):
        try:
            os.write(self.target, packet)
        except OSError:             # the device is down, or its queue is full
            self.lost += 1


class Wire:
    """The gateway's side is this thread's namespace, which must be one of its own; the connector's is another."""

    def __init__(self, number, rng):
        self.near, self.far = f"10.77.{number}.1", f"10.77.{number}.2"
        self.device, self.number = f"gw{number}", number
        self.there = concurrent.futures.ThreadPoolExecutor(1, initializer=enter_new_namespace)
        near = tun(self.device, self.near)
        far = self.there.submit(tun, f"co{number}", self.far).result(10)
        self.out, self.back = Way(near, far, rng), Way(far, near, rng)
        self.ends = [near, far]

    def listener(self, port=0):
        """A socket in the connector's namespace."""
        def make():
            made = socket.socket()
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self.far, port))
            return made
        return self.there.submit(make).result(10)

    def start(self):
        for way in (self.out, self.back):
            asyncio.get_running_loop().add_reader(way.source, way.readable)

    def stop(self):
        for way in (self.out, self.back):
            asyncio.get_running_loop().remove_reader(way.source)
        for end in self.ends:
            os.close(end)
        self.there.shutdown()

    def be(self, out=None, back=None):
        """The conditions of both directions; nothing named is no faults."""
        self.out.conditions, self.back.conditions = out or Conditions(), back or Conditions()
