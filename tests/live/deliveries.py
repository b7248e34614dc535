#!/usr/bin/env python3
"""deliveries.py FOLDER WAY...: what rsyslog wrote into FOLDER/WAY.log against what eve.json says there was to be sent: the
alerts, and what the sensor said of itself meanwhile (a destination that is down is told to the others, and is numbered like
everything else). Prints a line of figures for each way, and ends with 1 if on one of them something is missing or out of
order. UDP promises nothing: only its order is held.

Out of order: an alert whose first arrival comes after that of a later one.

The sensor speaks of itself at times of its own (a silent tap, a clock): what it has just written into eve.json is still on
its way to the others, and is no loss. So what is missing is waited for, ten seconds at most; what is lost never comes.
"""
import json
import re
import sys
import time

folder, ways = sys.argv[1], sys.argv[2:]
patience = time.monotonic() + 10


def arrived_at(way):
    return [int(number) for line in open(f"{folder}/{way}.log", errors="replace")
            for number in re.findall(r'sequenceId="(\d+)"', line)]


events = [json.loads(line) for line in open(f"{folder}/eve.json")]
records = [event for event in events if "sequence" in event["sekimori"]]
sent = [record["sekimori"]["sequence"] for record in records]
own = sum(record["event_type"] != "alert" for record in records)
status = {row["name"]: row for row in json.load(open(f"{folder}/status.json"))["destinations"]}
bad = sent != list(range(1, len(sent) + 1))
print(f"sent: {len(sent) - own} alerts and {own} of the sensor itself, numbered {sent[0]} to {sent[-1]}" + (" WITH GAPS" if bad else ""))
print(f"{'way':8}{'arrived':>9}{'missing':>9}{'repeated':>10}{'disorder':>10}{'resent':>8}{'failures':>10}{'refused':>9}")
for way in ways:
    arrived = arrived_at(way)
    while way != "udp" and set(sent) - set(arrived) and time.monotonic() < patience:
        time.sleep(0.2)
        arrived = arrived_at(way)
    first, disorder, highest = set(), 0, 0
    for number in arrived:
        if number in first:
            continue
        first.add(number)
        disorder += number < highest
        highest = max(highest, number)
    missing = len(set(sent) - first)
    if missing and way != "udp":
        print(f"{way}: missing {sorted(set(sent) - first)[:20]}")
    row = status[way]
    print(f"{way:8}{len(arrived):9}{missing:9}{len(arrived) - len(first):10}{disorder:10}{row['resent']:8}{row['failures']:10}"
          f"{row['dropped']:9}")
    bad = bad or disorder or (missing and way != "udp") or row["dropped"] or not first
sys.exit(1 if bad else 0)
