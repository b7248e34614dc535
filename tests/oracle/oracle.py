#!/usr/bin/env python3
"""oracle.py SEKIMORI [EXPECTED]: our flows against what other tools published about the same captures.

The captures and tables are not part of the project: SEKIMORI_PCAPS names their folder (default: ../shared/pcaps beside
the project). Every capture is replayed: the program must end by itself with exit code 0, 1 or 3, without a word from a
sanitizer, with books that close. Then flows are compared, oracle by oracle, with FLOWS.tsv: both sides folded to one
record a conversation (protocol and the two endpoints, without order), packets and bytes of both directions added up.

EXPECTED (expected.tsv beside this script) lists, for captures with plain Ethernet, VLAN and IP content, how many rows
agree, and why where not all do. Fewer than that is a fault; more is said, so that the number is raised.

  oracle.py SEKIMORI --print   prints the lines of expected.tsv as they would be now, reasons empty
"""
import collections
import concurrent.futures
import csv
import ipaddress
import json
import os
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
program = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(os.environ.get("SEKIMORI_PCAPS") or here.parent.parent.parent / "shared" / "pcaps")
if not (folder / "FLOWS.tsv").exists():
    print(f"SKIPPED: no captures at {folder} (SEKIMORI_PCAPS names their folder)")
    sys.exit(77)

# zeek and ipfixprobe count IP octets, not frames: packets only. suricata's and community-id's rows state neither fully.
COUNTS_FRAMES = {"arkime", "ndpi"}
# arkime and ndpi keep one record a VLAN; our key has none, so rows are added up over VLANs on both sides.
PROTOCOLS = {"hopopt": 0, "icmp": 1, "igmp": 2, "ip-encap": 4, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "rdp": 27,
             "dccp": 33, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
             "icmpv6": 58, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89,
             "etherip": 97, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132,
             "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "hip": 139}
PORTS = {6, 17, 132}
faults = []


def table(name):
    with open(folder / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def conversation(proto, ip_a, port_a, ip_b, port_b, oracle=""):
    number = PROTOCOLS.get(str(proto).lower())
    if number is None:
        number = int(proto)  # the rest is written as its number
    # Ports of anything but TCP and UDP are written in as many ways as there are oracles (and ndpi has none for SCTP).
    ports = number in PORTS and not (number == 132 and oracle in ("ndpi", "arkime"))
    ends = sorted((ipaddress.ip_address(ip).packed, int(port or 0) if ports else 0)
                  for ip, port in ((ip_a, port_a), (ip_b, port_b)))
    return (number, *ends)


def replay(path):
    """The events of one capture: flows, the books, and how the program ended."""
    run = subprocess.run([program, "replay", "--no-timeouts", "--emit", "flows", "--emit", "stats", "--format", "eve", path],
                         capture_output=True, timeout=120)
    told = run.stderr.decode(errors="replace")
    flows, stats = [], None
    for line in run.stdout.decode().splitlines():
        event = json.loads(line)
        if event["event_type"] == "flow":
            flows.append(event)
        elif event["event_type"] == "stats":
            stats = event["stats"]
    return run.returncode, told, flows, stats


def replayed(path):
    problems = []
    try:
        code, told, flows, stats = replay(path)
    except (subprocess.TimeoutExpired, ValueError) as error:
        return [], [f"{path.name}: {error}"], None
    if code not in (0, 1, 3):
        problems.append(f"{path.name}: exit code {code}: {told[-2000:]}")
    if any(word in told for word in ("Sanitizer", "runtime error")):
        problems.append(f"{path.name}: {told[-4000:]}")
    # A file that cannot be opened at all has no books, and says why.
    if stats is None:
        if code != 1 or flows or not told.strip():
            problems.append(f"{path.name}: no stats event (exit code {code})")
    else:
        if stats["packets_read"] != stats["in_flows"] + sum(stats["reasons"].values()) or not stats["closes"]:
            problems.append(f"{path.name}: the books do not close: {stats}")
        in_events = sum(e["flow"]["pkts_toserver"] + e["flow"]["pkts_toclient"] for e in flows)
        if in_events != stats["in_flows"]:
            problems.append(f"{path.name}: flows hold {in_events} packets, the books say {stats['in_flows']}")
    return flows, problems, (code, stats)


manifest = {row["file"]: row for row in table("MANIFEST.tsv")}
captures = sorted(path for path in folder.iterdir() if path.name in manifest)
with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
    results = dict(zip((path.name for path in captures), pool.map(replayed, captures)))
unreadable = 0
for name, (_, problems, end) in sorted(results.items()):
    faults += problems
    unreadable += end is not None and end[0] == 1
    # What the file holds is known: reading all of a readable one is the least.
    packets = manifest[name]["packets"]
    if end and end[0] != 1 and end[1] and packets.isdigit() and end[1]["packets_read"] != int(packets):
        faults.append(f"{name}: read {end[1]['packets_read']} packets, the file holds {packets}")
print(f"{len(results)} captures replayed, {unreadable} of them refused or cut", file=sys.stderr if "--print" in sys.argv else sys.stdout)

rows = collections.defaultdict(list)
for row in table("FLOWS.tsv"):
    rows[(row["file"], row["oracle"])].append(row)


def score(name, oracle):
    """(conversations, exact in packets, exact in bytes as well, differences) of one capture for one oracle."""
    theirs, ours = {}, {}
    for row in rows[(name, oracle)]:
        if row["listing"] != "all" or not row["ip_a"] or not row["proto"]:
            continue
        try:
            key = conversation(row["proto"], row["ip_a"], row["port_a"], row["ip_b"], row["port_b"], oracle)
        except ValueError:
            continue  # ndpi writes some malformed IPv6 addresses with two "::": nothing can be compared
        total = theirs.setdefault(key, collections.Counter())
        total["packets"] += int(row["pkts_ab"] or 0) + int(row["pkts_ba"] or 0)
        total["bytes"] += int(row["bytes_ab"] or 0) + int(row["bytes_ba"] or 0)
    for event in results[name][0]:
        key = conversation(event["proto"], event["src_ip"], event.get("src_port"), event["dest_ip"],
                           event.get("dest_port"), oracle)
        total = ours.setdefault(key, collections.Counter())
        total["packets"] += event["flow"]["pkts_toserver"] + event["flow"]["pkts_toclient"]
        total["bytes"] += event["flow"]["bytes_toserver"] + event["flow"]["bytes_toclient"]
    packets = octets = 0
    differences = []
    for key, total in theirs.items():
        mine = ours.get(key)
        same = mine is not None and mine["packets"] == total["packets"]
        packets += same
        octets += same and (oracle not in COUNTS_FRAMES or mine["bytes"] == total["bytes"])
        if not same or (oracle in COUNTS_FRAMES and mine["bytes"] != total["bytes"]):
            ends = " - ".join(f"{ipaddress.ip_address(ip)}:{port}" for ip, port in key[1:])
            differences.append(f"{key[0]} {ends}: theirs {dict(total)}, ours {dict(mine) if mine else None}")
    return len(theirs), packets, octets, differences


def plain(name, oracle):
    return oracle in ("arkime", "ndpi", "zeek", "ipfixprobe") and not any(row["tunnel"] for row in rows[(name, oracle)])


expected_path = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] != "--print" else here / "expected.tsv"
if "--print" in sys.argv:
    print("#file\toracle\tconversations\tpackets\tbytes\treason")
    for name, oracle in sorted(rows):
        if plain(name, oracle):
            total, packets, octets, differences = score(name, oracle)
            if total:
                print(f"{name}\t{oracle}\t{total}\t{packets}\t{octets}\t")
                for difference in differences[:3]:
                    print(f"    {difference}", file=sys.stderr)
    sys.exit(0)

sums = collections.defaultdict(collections.Counter)
for line in expected_path.read_text().splitlines():
    if not line or line.startswith("#"):
        continue
    name, oracle, total, packets, octets, reason = line.split("\t")
    if name not in results:
        faults.append(f"{name}: not among the captures")
        continue
    now = score(name, oracle)
    sums[oracle].update(captures=1, conversations=now[0], packets=now[1], bytes=now[2])
    if now[0] != int(total):
        faults.append(f"{name} {oracle}: {now[0]} conversations in the table, {total} expected")
    if now[1] < int(packets) or now[2] < int(octets):
        faults.append(f"{name} {oracle}: {now[1]} exact in packets and {now[2]} in bytes, were {packets} and {octets}: " +
                      "; ".join(now[3][:5]))
    elif now[1] > int(packets) or now[2] > int(octets):
        print(f"better than expected.tsv says: {name} {oracle}: {now[1]} and {now[2]} of {now[0]}")
    if now[2] < now[0]:
        print(f"{name} {oracle}: {now[0] - now[2]} of {now[0]} differ: {reason}")
        if not reason:
            faults.append(f"{name} {oracle}: differences without a reason in expected.tsv: " + "; ".join(now[3][:3]))

print(f"{'oracle':12} captures conversations exact-packets exact-bytes")
for oracle, s in sorted(sums.items()):
    octets = s["bytes"] if oracle in COUNTS_FRAMES else "-"
    print(f"{oracle:12} {s['captures']:8} {s['conversations']:13} {s['packets']:13} {octets:>11}")
for fault in faults:
    print("FAULT " + fault)
sys.exit(1 if faults else 0)
