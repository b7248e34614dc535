"""A daemon with a journal, its receivers, and what they say together. Run inside the sensor's network."""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

HEAD_SLOT = 128
WINDOW = {"eve": 64, "tcp": 512}  # docs/ALERTS.md: what a crash may repeat


class Receiver(threading.Thread):
    """Takes syslog over TCP (octet counting) and keeps the sequence numbers in the order of their arrival, with a None
    where a connection began."""

    def __init__(self, port=5514):
        super().__init__(daemon=True)
        self.arrived, self.listener = [], socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed: nobody listens any more
            self.arrived.append(None)
            with connection:
                self.read(connection)

    def read(self, connection):
        pending = b""
        while True:
            try:
                octets = connection.recv(1 << 16)
            except ConnectionResetError:
                octets = b""
            if not octets:
                return
            pending += octets
            while (blank := pending.find(b" ")) > 0:
                length = int(pending[:blank])
                if len(pending) < blank + 1 + length:
                    break
                message, pending = pending[blank + 1:blank + 1 + length], pending[blank + 1 + length:]
                found = re.search(rb'sequenceId="(\d+)"', message)
                if found:
                    self.arrived.append(int(found[1]))


class Daemon:
    """sekimorid, started and ended as systemd would."""

    def __init__(self, binaries, config, folder, log="sensor.log", wrap=()):
        self.binaries, self.config, self.folder, self.wrap = binaries, config, folder, list(wrap)
        self.log = open(f"{folder}/{log}", "ab")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{folder}/notify.sock"
        if os.path.exists(path):
            os.unlink(path)
        self.socket.bind(path)
        self.environment = {**os.environ, "NOTIFY_SOCKET": path}
        self.process = None

    def start(self, wait=30.0):
        """Milliseconds until it said READY."""
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(4096)
        except BlockingIOError:
            pass
        begin = time.monotonic()
        command = [*self.wrap, f"{self.binaries}/sekimorid", "--config", self.config]
        self.process = subprocess.Popen(command, stderr=self.log, env=self.environment)
        while True:
            self.socket.settimeout(max(0.01, begin + wait - time.monotonic()))
            if b"READY=1" in self.socket.recv(4096):
                return (time.monotonic() - begin) * 1000

    def end(self, number=signal.SIGKILL, wait=30):
        self.process.send_signal(number)
        return self.process.wait(wait)

    def said(self):
        """What it has told systemd since it was READY."""
        self.socket.setblocking(False)
        out = []
        try:
            while True:
                out.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return out

    def status(self):
        answer = subprocess.run([f"{self.binaries}/sekimori", "status", "--json", "--socket", f"{self.folder}/control.sock"],
                                stdout=subprocess.PIPE, check=True, timeout=30)
        return json.loads(answer.stdout)

    def behind(self):
        return max(row["behind"] for row in self.status()["destinations"])

    def until(self, question, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if question():
                    return True
            except (subprocess.SubprocessError, OSError, ValueError):
                pass
            time.sleep(0.1)
        return False


def committed(journal):
    """The sequence that the head file calls committed: the newest whole one of its two slots."""
    try:
        octets = open(f"{journal}/head", "rb").read()
    except FileNotFoundError:
        return 0
    slots = [octets[at:at + HEAD_SLOT] for at in (0, HEAD_SLOT) if octets[at:at + 8] == b"SKMHEAD1"]
    return max((struct.unpack("<QQ", slot[8:16] + slot[24:32]) for slot in slots), default=(0, 0))[1]


def eve_sequences(path):
    """Sequence numbers of the alerts in an EVE file, and how many lines were cut by a kill."""
    out, cut = [], 0
    for line in open(path, errors="replace"):
        try:
            event = json.loads(line)
        except ValueError:
            cut += 1
            continue
        if "sequence" in event.get("sekimori", {}):
            out.append(event["sekimori"]["sequence"])
    return out, cut


def told_twice(path):
    """What was told as new although it had been told and was not over: incidents and notices in an EVE file."""
    rows = {}
    for line in open(path, errors="replace"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        ours = event.get("sekimori", {})
        if "sequence" in ours and "kind" in ours:
            key = (ours["finding"], ours["subject"]) if "subject" in ours else (event["src_ip"], ours["from"], ours["to"])
            rows[ours["sequence"]] = (key, ours["kind"])
    lasting, twice = set(), []
    for _, (key, kind) in sorted(rows.items()):
        if kind == "opened" and key in lasting:
            twice.append(key)
        if kind == "opened":
            lasting.add(key)
        elif kind == "closed":
            lasting.discard(key)
    return twice


def words_at(body, at, count):
    """So many words behind a length of one octet each."""
    out = []
    for _ in range(count):
        out.append(body[at + 1:at + 1 + body[at]].decode())
        at += 1 + body[at]
    return out


def journal_alerts(journal):
    """What is on disk, by the layout of daemon/journal/frame.hpp and not by our own reader: (sequence, incident, kind) of each
    alert. What a failed write left behind, and the next segment has in its place, is no part of it."""
    out = {}
    for name in sorted(name for name in os.listdir(journal) if name.startswith("alerts-") and name.endswith(".skj")):
        octets = open(f"{journal}/{name}", "rb").read()
        at = 128
        while at + 72 <= len(octets) and octets[at:at + 4] == b"\xf5SKJ":
            length, sequence = struct.unpack_from("<I", octets, at + 4)[0], struct.unpack_from("<Q", octets, at + 24)[0]
            body = octets[at + 72:at + 72 + length]
            if len(body) < length:
                break
            if octets[at + 12] == 1:
                _, kind, incident = words_at(body, 10, 3)
                out[sequence] = (sequence, incident, kind)
            at += 72 + length
    return [out[sequence] for sequence in sorted(out)]


def verified(binaries, journal):
    answer = subprocess.run([f"{binaries}/sekimori", "verify", "--lang", "en", journal], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return answer.returncode, answer.stdout.decode().strip().splitlines()[0]


def disorder(arrived):
    """First arrivals that come after that of a later alert."""
    seen, highest, count = set(), 0, 0
    for number in arrived:
        if number is None or number in seen:
            continue
        seen.add(number)
        count += number < highest
        highest = max(highest, number)
    return count


def repeats(arrived):
    """Arrivals of what had arrived before, and how far back the farthest of them reaches."""
    seen, count, reach, highest = set(), 0, 0, 0
    for number in arrived:
        if number is None:
            continue
        if number in seen:
            count += 1
            reach = max(reach, highest - number + 1)
        seen.add(number)
        highest = max(highest, number)
    return count, reach
