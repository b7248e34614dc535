#!/usr/bin/env python3
"""Whole programs on the same capture files: sekimori beside the flow meters that Debian packages.

  offline.py [--only mixed,small_1M,...] [--without softflowd,...] [--extra NAME=COMMAND ...] [--pcaps FOLDER]

sekimori runs `replay --emit stats` with the whole example city (alpha model, every packet judged, alerts on) and has
to find packets, bytes and flows exactly as they were made. The others run as flow meters without any policy; those
that are not installed are left out. --extra adds a program of yours, `{pcap}` in its command stands for the file.
--pcaps adds real captures: all Ethernet ones of a folder, one behind the other, whole frames only.
Ratios above 1: sekimori is faster. "wall" is what a person waits, "cpu" is user + system time over all threads.
"""
import os
import pathlib
import shlex
import shutil
import struct
import sys
import tempfile

import runs

INPUTS = {
    "mixed": ["mixed", "--flows", 1_000_000],
    "small_10k": ["small", "--flows", 10_000],
    "small_1M": ["small", "--flows", 1_000_000],
    "elephant": ["elephant"],
    "flood": ["flood"],
}
# (must, aim) of sekimori's speed over the peer's, where there is one.
GOALS = {
    ("mixed", "nfpcapd"): (10, 14), ("small_1M", "nfpcapd"): (10, 14),
    ("mixed", "softflowd"): (10, 14), ("small_1M", "softflowd"): (10, 14),
    ("elephant", "tcpdump"): (1.0, 1.3),
}


def peers(scratch):
    softflowd = "softflowd -6 -T full -m 20000000 -p {out}/pid -t maxlife=300"
    for timeout in ("tcp", "tcp.rst", "tcp.fin", "udp", "icmp", "general"):
        softflowd += f" -t {timeout}=15"
    return {
        "softflowd": softflowd + " -r {pcap}",
        "nfpcapd": "nfpcapd -r {pcap} -w {out} -e 300,15 -t 3600",
        "argus": "argus -X -S 300 -r {pcap} -w {out}/argus",
        "tcpdump": "tcpdump -nr {pcap} -w /dev/null",
    }


def records(path):
    """(seconds, nanoseconds, octets, length on the wire) of a classic capture of Ethernet; nothing of any other."""
    data = path.read_bytes()
    order, fine = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000), b"\x4d\x3c\xb2\xa1": ("<", 1),
                   b"\xa1\xb2\x3c\x4d": (">", 1)}.get(data[:4], (None, 0))
    if order is None or len(data) < 24 or struct.unpack_from(order + "I", data, 20)[0] & 0xffff != 1:
        return
    at = 24
    while at + 16 <= len(data):
        seconds, part, size, wire = struct.unpack_from(order + "IIII", data, at)
        at += 16
        if size > 262_144 or at + size > len(data):
            return
        if size == wire:
            yield seconds, part * fine, data[at:at + size], wire
        at += size


def join(folder, out, packets):
    """Real captures behind each other until there are so many packets; each begins when the one before it ended."""
    files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    count, now = 0, 1_795_136_400
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262_144, 1))
        while count < packets:
            before = count
            for path in files:
                first = None
                latest = now
                for seconds, part, octets, wire in records(path):
                    first = seconds if first is None else first
                    moment = now + max(0, seconds - first) % 86_400
                    latest = max(latest, moment)
                    file.write(struct.pack("<IIII", moment, part // 1000, len(octets), wire) + octets)
                    count += 1
                now = latest + 1
            if count == before:
                sys.exit(f"no Ethernet captures in {folder}")
    print(f"  {count:,} packets of {len(files)} files")
    return str(out)


def options(arguments):
    arguments.add_argument("--only", default="", help="inputs, by name")
    arguments.add_argument("--without", default="", help="peers to leave out")
    arguments.add_argument("--extra", action="append", default=[], metavar="NAME=COMMAND")
    arguments.add_argument("--pcaps", help="folder with real captures")


def compare(place, chosen, name, capture, truth, config):
    print(f"\n{name}")
    commands = {"sekimori": place.replay(config, capture)}
    scratch = tempfile.mkdtemp(dir=place.folder)
    every = peers(scratch)
    every.update(extra.split("=", 1) for extra in chosen.extra)
    for peer, words in every.items():
        command = [word.replace("{pcap}", capture).replace("{out}", scratch) for word in shlex.split(words)]
        if peer not in chosen.without.split(",") and shutil.which(command[0]):
            commands[peer] = command
    results = runs.in_turn(commands, place.runs, codes=None)
    shutil.rmtree(scratch, ignore_errors=True)
    ours = results.pop("sekimori")
    if truth:
        runs.check_truth(ours[-1], truth, name)
    elif not ours[-1].event("stats")["stats"]["closes"]:
        sys.exit("the books do not close")
    packets = truth["packets"] if truth else ours[-1].event("stats")["stats"]["packets_read"]
    print(f"  sekimori: {runs.median(ours) / packets * 1e9:.0f} ns of cpu a packet, spread {runs.spread(ours)}")
    for peer, theirs in results.items():
        if theirs[-1].code != 0:
            print(f"{peer:58} ended with {theirs[-1].code}")
            continue
        must, aim = GOALS.get((name, peer), (None, None))
        runs.verdict(f"{name}: {peer}, wall", runs.median(theirs, "wall") / runs.median(ours, "wall"), must, aim)
        runs.verdict(f"{name}: {peer}, cpu", runs.median(theirs) / runs.median(ours))


def main():
    place, chosen = runs.place(__doc__, extra=options)
    with place:
        config = place.city()
        for name, words in INPUTS.items():
            if chosen.only and name not in chosen.only.split(","):
                continue
            # Large frames: a fifth of the packets is as many octets.
            packets = place.packets // 5 if name == "elephant" else place.packets
            if name == "flood":
                config = place.city("flood", flows_max=packets + packets // 8)
            capture, truth = place.traffic(name, *words, packets=packets)
            compare(place, chosen, name, capture, truth, config)
            place.drop(capture)
        if chosen.pcaps:
            print("\nreal captures")
            capture = join(chosen.pcaps, place.folder / "real.pcap", place.packets)
            compare(place, chosen, "real", capture, None, place.city())
            os.remove(capture)


if __name__ == "__main__":
    main()
