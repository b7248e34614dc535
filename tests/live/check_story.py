#!/usr/bin/env python3
"""check_story.py FOLDER MIRRORED: holds what sekimorid said against what was driven.

FOLDER has driven.tsv (story lines with the time at which each program was started), alerts.jsonl (what rsyslog
received), eve.json, and the answers status, flows, matrix and alerts. MIRRORED is the number of packets that the mirror
interface received, by the kernel's count. Prints every difference; exit 1 if there is any.
"""
import collections
import datetime
import json
import pathlib
import re
import sys

folder, mirrored = pathlib.Path(sys.argv[1]), int(sys.argv[2])
faults = []
STAGES = ["attempt", "refused", "answered", "established", "data"]
LIMIT_SECONDS = 1.0


def expect(truth, sentence):
    if not truth:
        faults.append(sentence)
    return truth


def read(name):
    return json.loads((folder / f"{name}.json").read_text())


Line = collections.namedtuple(
    "Line", "id family began src dst program port verdict segments stage cell reasons basis")
lines = [Line(*row.split()) for row in (folder / "driven.tsv").read_text().splitlines()]
PROTO = {"ping": ("ICMP", "IPv6-ICMP"), "dns": ("UDP", "UDP")}


def key_of(line):
    """What tells one conversation of the story from another, in events and in syslog alike."""
    proto = PROTO.get(line.program, ("TCP", "TCP"))[0 if line.family == "4" else 1]
    return (line.src, line.dst, proto.upper(), "" if line.port == "-" else line.port)


def event_key(event):
    return (event["src_ip"], event["dest_ip"], event["proto"].upper(), str(event.get("dest_port", "")))


story = {key_of(line): line for line in lines}
expect(len(story) == len(lines) >= 30, f"the story repeats itself: {len(story)} of {len(lines)} lines differ")

# ---- flows -------------------------------------------------------------------------------------------------------
answer = read("flows")
expect(answer["complete"], "flows: the answer is not complete")
flows = collections.defaultdict(list)
for event in answer["flows"]:
    flows[event_key(event)].append(event)
for key in flows.keys() - story.keys():
    faults.append(f"flows: nobody drove {key}")
for key, line in story.items():
    name = f"{line.id} (IPv{line.family})"
    if not expect(len(flows[key]) == 1, f"{name}: {len(flows[key])} flows"):
        continue
    ours = flows[key][0]["sekimori"]
    told = {
        "verdict": "forbid" if ours["verdict"] == "forbid" else
                   "exception" if ours["basis"] == "exception" else "permit",
        "segments": f"{ours['from']}>{ours['to']}",
        "stage": ours["stage"],
        "cell": ours["cell"],
        "reasons": ",".join(ours["reasons"]) or "-",
    }
    for word, value in told.items():
        expect(value == getattr(line, word), f"{name}: {word} is {value}, the story says {getattr(line, word)}")
    kind, _, entry = line.basis.partition(":")
    if kind == "miss":
        expect(ours.get("near_miss", {}).get("id") == entry, f"{name}: near miss {ours.get('near_miss')}, not {entry}")
    elif kind != "-":
        expect(ours["basis"] == kind and (not entry or ours.get(kind) == entry), f"{name}: basis {ours['basis']}")

# ---- totals ------------------------------------------------------------------------------------------------------
status = read("status")
books = status["packets"]
expect(books["closes"], f"the books do not close: {books}")
expect(books["packets_read"] == mirrored, f"read {books['packets_read']} packets, the mirror carried {mirrored}")
expect(status["taps"][0]["dropped_kernel"] == 0, "packets were dropped")
expect(books["events_lost"] == 0, "events were lost")


def sums(events):
    total = collections.defaultdict(lambda: collections.Counter())
    for event in events:
        ours, flow = event["sekimori"], event["flow"]
        pair = total[(ours["from"], ours["to"])]
        forbidden = ours["verdict"] == "forbid"
        pair["flows"] += 1
        pair["flows_forbidden"] += forbidden
        pair["flows_exception"] += ours["basis"] == "exception"
        for unit, figure in (("packets", "pkts"), ("bytes", "bytes")):
            amount = flow[f"{figure}_toserver"] + flow[f"{figure}_toclient"]
            pair[unit] += amount
            pair[f"{unit}_forbidden"] += amount * forbidden
    return total


by_flows = sums(answer["flows"])
matrix = {(pair["from"], pair["to"]): pair for pair in read("matrix")["pairs"]}
expect(matrix.keys() == by_flows.keys(), f"matrix: pairs {sorted(matrix)}, flows have {sorted(by_flows)}")
for pair, row in matrix.items():
    for figure in ("flows", "packets", "bytes", "flows_forbidden", "packets_forbidden", "bytes_forbidden",
                   "flows_exception"):
        expect(row[figure] == by_flows[pair][figure],
               f"matrix {pair}: {figure} {row[figure]}, the flows add up to {by_flows[pair][figure]}")
driven_pairs = collections.Counter(tuple(line.segments.split(">")) for line in lines)
for pair, count in driven_pairs.items():
    expect(matrix.get(pair, {}).get("flows") == count, f"matrix {pair}: {count} conversations were driven")
in_flows = sum(row["packets"] for row in matrix.values())
expect(in_flows == books["packets_in_flows"], f"matrix: {in_flows} packets, the books have {books['packets_in_flows']}")

# ---- alerts over syslog ------------------------------------------------------------------------------------------
ways = collections.defaultdict(list)
own = collections.defaultdict(list)
for text in (folder / "alerts.jsonl").read_text().splitlines():
    message = json.loads(text)
    elements = dict(re.findall(r'\[(\S+?)((?: \S+?="(?:[^"\\]|\\.)*")*)\]', message["data"]))
    message["params"] = dict(re.findall(r' (\S+?)="((?:[^"\\]|\\.)*)"', elements.get("sekimori@32473", "")))
    message["sequence"] = dict(re.findall(r' (\S+?)="([^"]*)"', elements.get("meta", ""))).get("sequenceId")
    # What the sensor says of itself (a machine whose clock is not synchronised, a heartbeat) is not of the story.
    if message["msgid"] not in ("VIOLATION", "VIOLATION-UPDATE", "VIOLATION-CLOSE", "EXCEPTION"):
        own[message["way"]] += [int(message["sequence"])] if message["sequence"] else []
        continue
    ways[message["way"]].append(message)
expect(sorted(ways) == ["tcp", "udp", "unix"], f"rsyslog heard by {sorted(ways)}")
slowest = 0.0
for way, messages in sorted(ways.items()):
    heard = collections.defaultdict(list)
    stage = collections.defaultdict(lambda: STAGES[0])
    for message in messages:
        p = message["params"]
        expect(message["app"] == "sekimori" and int(message["priority"]) // 8 == 20, f"{way}: header of {message}")
        expect(message["text"].strip("\ufeff").startswith("【"), f"{way}: no Japanese text in {message}")
        heard[(p.get("src"), p.get("dst"), p.get("proto", "").upper(), p.get("dport", ""))].append(message)
        incident = (p.get("src"), p.get("from"), p.get("to"), p.get("verdict"))
        stage[incident] = max(stage[incident], p.get("stage_highest", "attempt"), key=STAGES.index)
    sequence = sorted([int(message["sequence"]) for message in messages] + own[way])
    expect(sequence == list(range(1, len(sequence) + 1)), f"{way}: sequence numbers {sequence}")
    for key in heard.keys() - story.keys():
        faults.append(f"{way}: an alert about {key}, which nobody drove")
    for key, line in story.items():
        name = f"{way}: {line.id} (IPv{line.family})"
        if line.verdict == "permit":
            expect(key not in heard, f"{name}: permitted, yet told {len(heard[key])} times")
            continue
        if not expect(key in heard, f"{name}: not a word"):
            continue
        p = heard[key][0]["params"]
        kind, _, entry = line.basis.partition(":")
        expect(f"{p['from']}>{p['to']}" == line.segments, f"{name}: {p['from']}>{p['to']}")
        expect(p["cell"] == line.cell, f"{name}: cell {p['cell']}")
        expect(p["reasons"] == line.reasons, f"{name}: reasons {p['reasons']}")
        expect(bool(p.get("clause")), f"{name}: no clause")
        if line.verdict == "exception":
            expect(heard[key][0]["msgid"] == "EXCEPTION" and p.get("exception") == entry, f"{name}: {p}")
        else:
            expect(p["verdict"] == "forbid" and heard[key][0]["msgid"].startswith("VIOLATION"), f"{name}: {p}")
            furthest = max((other.stage for other in lines if other.verdict == "forbid" and other.src == line.src and
                            other.segments == line.segments), key=STAGES.index)
            highest = stage[(line.src, p["from"], p["to"], "forbid")]
            expect(highest == furthest, f"{name}: highest stage told {highest}, the story says {furthest}")
        if kind == "miss":
            expect(p.get("near_miss_id") == entry, f"{name}: near miss {p.get('near_miss_id')}")
        arrived = datetime.datetime.fromisoformat(heard[key][0]["arrived"]).timestamp()
        delay = arrived - float(line.began)
        slowest = max(slowest, delay)
        expect(0 <= delay <= LIMIT_SECONDS, f"{name}: told {delay:.3f} s after the program was started")

eve = [json.loads(text) for text in (folder / "eve.json").read_text().splitlines()]
eve_alerts = [event_key(event) for event in eve if event["event_type"] == "alert"]
expect(collections.Counter(eve_alerts) == collections.Counter(
    (m["params"]["src"], m["params"]["dst"], m["params"]["proto"].upper(), m["params"].get("dport", ""))
    for m in ways["unix"]), "the EVE file and syslog tell different alerts")
asked = [event for event in read("alerts")["alerts"] if event["event_type"] == "alert"]
expect(collections.Counter(map(event_key, asked)) == collections.Counter(eve_alerts),
       "`sekimori alerts` and the EVE file tell different alerts")

for fault in faults:
    print("  " + fault)
print(f"  {len(lines)} conversations, {mirrored} packets, {len(ways['unix'])} messages by each of {len(ways)} ways, "
      f"slowest alert {slowest * 1000:.0f} ms after its program was started")
sys.exit(1 if faults else 0)
