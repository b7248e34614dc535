"""A wire of its own: two network namespaces, a sender at one end and a sensor at the other, and a syslog receiver."""
import ctypes
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time


class Lab:
    """Two namespaces and the wire between them. Everything ends with the processes that hold it."""

    def __init__(self):
        self.holders = [subprocess.Popen(["unshare", "--net", "sleep", "infinity"]) for _ in range(2)]
        own = os.readlink("/proc/self/ns/net")
        for holder in self.holders:
            for _ in range(500):
                if os.readlink(f"/proc/{holder.pid}/ns/net") != own:
                    break
                time.sleep(0.01)
        tx, rx = self.holders
        self.run(tx, "ip", "link", "add", "tx0", "type", "veth", "peer", "name", "rx0", "netns", str(rx.pid))
        for holder, name in ((tx, "tx0"), (rx, "rx0")):
            self.run(holder, "ip", "link", "set", "lo", "up")
            # No address of its own, so that nothing but the sender's frames is on the wire.
            self.run(holder, "ip", "link", "set", name, "mtu", "1600", "addrgenmode", "none")
            self.run(holder, "ip", "link", "set", name, "up", "promisc", "on")

    def entered(self, holder, *command):
        return ["nsenter", "-t", str(holder.pid), "-n", *command]

    def run(self, holder, *command):
        subprocess.run(self.entered(holder, *command), check=True)

    def sender(self, place, words):
        return self.entered(self.holders[0], "taskset", "-c", "0", place.program("sekimori-bench-send"), "tx0", *words)

    def receiver(self, *command):
        return self.entered(self.holders[1], "taskset", "-c", "1", *command)

    def close(self):
        for holder in self.holders:
            holder.kill()
            holder.wait()


class Sink(threading.Thread):
    """A syslog receiver on the receiver's side: when the first alert about each marker arrived, by the kernel."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.arrived, self.going = {}, True
        with open(f"/proc/{lab.holders[1].pid}/ns/net") as there, open("/proc/self/ns/net") as here:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.setns(there.fileno(), 0x40000000) != 0:
                sys.exit("cannot enter the namespace")
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
            libc.setns(here.fileno(), 0x40000000)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def run(self):
        marker = re.compile(rb"10\.128\.(\d+)\.(\d+)")
        while self.going:
            try:
                text, extra, _, _ = self.socket.recvmsg(16_384, 64)
            except TimeoutError:
                continue
            found = marker.search(text)
            if found:
                seconds, part = struct.unpack("qq", extra[0][2][:16])
                self.arrived.setdefault(int(found[1]) * 256 + int(found[2]), seconds * 10**9 + part)
