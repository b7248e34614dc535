#!/usr/bin/env python3
"""The daemon on a wire: what it loses at the sender's full speed, what it costs, how soon an alert is out.

  live.py [--seconds 60] [--traffic "mixed --flows 200000"] [--peers] [--buffer 64MiB]     (root)

Two network namespaces joined by a veth pair; they are held by processes of this script and are gone when it ends.
Sender on processor 0, receiver on processor 1 (a veth's receive path runs in the sender's context). Part one: full
speed, while `sekimori status`, `flows` and `matrix` ask all the time and the policy is reloaded every two seconds.
Part two: half that rate, and every 10 ms a packet of an initiator that was never seen before and may not do what it
does; its alert's arrival at a syslog socket is timed by the kernel. --peers: the flow meters of Debian and tcpdump
at full speed after it, one after the other.
"""
import json
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

import runs
from lab import Lab, Sink

PEERS = {  # how to start it, and where it says how many packets it has taken
    "tcpdump": ("tcpdump -i rx0 -B 65536 -w /dev/null", r"(\d+) packets captured"),
    "nfpcapd": ("nfpcapd -i rx0 -b 64 -w {out} -e 300,15 -t 3600", r"Total: Processed: (\d+)"),
    "softflowd": ("softflowd -d -i rx0 -B 67108864 -6 -m 4000000 -p {out}/pid -c {out}/ctl", r"Packets processed: (\d+)"),
}
TICKS = os.sysconf("SC_CLK_TCK")


class Daemon:
    def __init__(self, place, lab, sink, buffer):
        self.socket = str(place.folder / "control.sock")
        self.tool = place.program("sekimori")
        settings = [f"flows: {{max: 1000000}}", f'control: {{socket: "{self.socket}"}}',
                    f"capture: {{taps: [{{name: t1, interface: rx0, buffer: {buffer}}}]}}",
                    f"alerts: {{destinations: [{{name: sink, type: syslog-udp, host: 127.0.0.1, port: {sink.port}}}]}}"]
        config = runs.city.make(place.folder / "live", settings=settings)
        # The city's other taps are not captured here.
        text = config.read_text().replace("    taps: [t2]\n", "").replace("    taps: [t3]\n", "")
        config.write_text(text.replace("    taps: [t1]\n", ""))
        self.log = open(place.folder / "daemon.log", "wb")
        self.process = subprocess.Popen(lab.receiver(place.program("sekimorid"), "--config", str(config)),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(200):
            if self.ask("status") is not None:
                return
            time.sleep(0.05)
        sys.exit("the daemon does not answer:\n" + (place.folder / "daemon.log").read_text()[-2000:])

    def ask(self, *words):
        asked = subprocess.run([self.tool, *words, "--socket", self.socket, "--json"], capture_output=True, text=True)
        return json.loads(asked.stdout) if asked.returncode == 0 and asked.stdout.startswith("{") else None

    def tap(self):
        def find(value):
            if isinstance(value, dict):
                if "dropped_kernel" in value:
                    return value
                value = list(value.values())
            return next(filter(None, map(find, value)), None) if isinstance(value, list) else None
        return find(self.ask("status"))

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def drained(self, sent):
        """The tap's figures when everything sent was delivered or counted as lost, or nothing moves any more."""
        for _ in range(50):
            tap = self.tap()
            if tap["delivered"] + tap["dropped_kernel"] >= sent:
                break
            time.sleep(0.1)
        return tap

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class Asking(threading.Thread):
    """Questions without a pause worth mentioning, and a reload every two seconds."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.asked, self.reloads, self.longest, self.failed, self.going, self.daemon_ = 0, 0, 0.0, 0, True, daemon

    def run(self):
        last = time.monotonic()
        while self.going:
            words = ["status", "flows", "matrix"][self.asked % 3]
            if time.monotonic() - last > 2:
                words, last = "reload", time.monotonic()
                self.reloads += 1
            begin = time.monotonic()
            self.failed += self.daemon_.ask(words) is None
            self.longest = max(self.longest, time.monotonic() - begin)
            self.asked += 1
            time.sleep(0.1)


def full_speed(place, lab, daemon, words):
    asking = Asking(daemon)
    asking.start()
    before, begin = daemon.cpu(), time.monotonic()
    sent = json.loads(subprocess.run(lab.sender(place, words), capture_output=True, text=True, check=True).stdout)
    spent = (daemon.cpu() - before) / (time.monotonic() - begin)
    asking.going = False
    asking.join()
    tap = daemon.drained(sent["sent"])
    rate = sent["sent"] / sent["seconds"]
    lost = sent["sent"] - tap["delivered"]
    print(f"  sent {sent['sent']:,} in {sent['seconds']:.0f} s ({rate / 1e6:.3f} Mpps), delivered {tap['delivered']:,}, "
          f"dropped in the kernel {tap['dropped_kernel']:,}")
    print(f"  {asking.asked} questions ({asking.failed} unanswered, longest {asking.longest * 1000:.0f} ms), "
          f"{asking.reloads} reloads")
    runs.verdict("lost at full speed", lost, 0, unit="", at_least=False)
    runs.verdict("processor, of one core", 100 * spent, aim=35, unit=" %", at_least=False)
    return rate, lost


def latency(place, lab, sink, words, rate):
    note = place.folder / "markers"
    subprocess.run(lab.sender(place, [*words, "--pps", str(rate), "--markers", str(note)]), check=True,
                   capture_output=True)
    time.sleep(2)
    sent = {int(number): int(moment) for number, moment in (line.split() for line in note.read_text().splitlines())}
    waits = sorted((sink.arrived[number] - moment) / 1e6 for number, moment in sent.items() if number in sink.arrived)
    print(f"  {len(sent)} forbidden initiators at {rate / 1e6:.3f} Mpps, {len(waits)} alerts")
    if len(waits) < len(sent) or not waits:
        print(f"  {len(sent) - len(waits)} WITHOUT AN ALERT")
    if waits:
        runs.verdict("frame to alert, p50", statistics.median(waits), unit=" ms", at_least=False)
        runs.verdict("frame to alert, p99", waits[int(len(waits) * 0.99)], 10, 2, unit=" ms", at_least=False)
        runs.verdict("frame to alert, longest", waits[-1], unit=" ms", at_least=False)


def peer(place, lab, name, words):
    command, pattern = PEERS[name]
    if not shutil.which(command.split()[0]):
        return
    out = place.folder / name
    out.mkdir(exist_ok=True)
    log = open(out / ".log", "w+b")
    process = subprocess.Popen(lab.receiver(*shlex.split(command.format(out=out))), stdin=subprocess.DEVNULL,
                               stdout=log, stderr=log)
    time.sleep(1.5)
    sent = json.loads(subprocess.run(lab.sender(place, words), capture_output=True, text=True, check=True).stdout)
    time.sleep(2)
    if name == "softflowd":
        told = subprocess.run(["softflowctl", "-c", str(out / "ctl"), "statistics"], capture_output=True, text=True).stdout
        process.kill()
    else:
        process.send_signal(signal.SIGINT)
        told = ""
    process.wait(timeout=60)
    log.seek(0)
    counts = re.findall(pattern, told + log.read().decode(errors="replace"))
    taken = int(counts[-1]) if counts else 0
    runs.verdict(f"{name}: lost at {sent['sent'] / sent['seconds'] / 1e6:.3f} Mpps",
                 100 * (1 - taken / sent["sent"]), unit=" %", at_least=False)
    shutil.rmtree(out, ignore_errors=True)


def options(arguments):
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--traffic", default="mixed --flows 200000")
    arguments.add_argument("--buffer", default="64MiB")
    arguments.add_argument("--peers", action="store_true")


def main():
    place, chosen = runs.place(__doc__, extra=options)
    if os.geteuid() != 0:
        sys.exit("network namespaces and capturing need root")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what follows is undone
    with place:
        lab = Lab()
        daemon = None
        try:
            words = [*shlex.split(chosen.traffic), "--seconds", str(chosen.seconds)]
            sink = Sink(lab)
            sink.start()
            daemon = Daemon(place, lab, sink, chosen.buffer)
            rate, _ = full_speed(place, lab, daemon, words)
            latency(place, lab, sink, words, rate / 2)
            daemon.close()
            daemon = None
            for name in PEERS if chosen.peers else ():
                peer(place, lab, name, words)
        finally:
            if daemon is not None:
                daemon.close()
            lab.close()


if __name__ == "__main__":
    main()
