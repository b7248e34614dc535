#!/usr/bin/env python3
"""account.py FOLDER: what a sensor's answers in FOLDER (status, flows, matrix, alerts) say about the traffic, without times
and numbers that no two runs share: one line a fact, sorted."""
import json
import sys

status, flows, matrix, alerts = (json.load(open(f"{sys.argv[1]}/{name}.json")) for name in ("status", "flows", "matrix", "alerts"))
facts = []


def fact(kind, *words):
    facts.append(kind + " " + " ".join(str(word) for word in words))


packets = status["packets"]
for name in ("packets_read", "packets_in_flows", "packets_carriers", "bytes_read", "mirror_stripped", "flows_opened", "flows_forbidden", "events_lost",
             "closes"):
    fact("total", name, packets[name])
for name, count in packets["reasons"].items():
    if count:
        fact("reason", name, count)
for name, count in packets["fragments"].items():
    fact("fragments", name, count)
fact("total", "icmp_errors_joined", status["flows"]["icmp_errors_joined"])

for row in flows["flows"]:
    judged, flow = row["sekimori"], row["flow"]
    places = sorted((place["tap"], str(place.get("vlan")), place["ttl"], place["direction"], place["packets"]) for place in judged.get("seen_at", []))
    fact("flow", row["src_ip"], row.get("src_port"), row["dest_ip"], row.get("dest_port"), row["proto"], row.get("tunnel", {}).get("type"), judged["from"],
         judged["to"], judged["verdict"], judged["finding"], judged["stage"], judged["passed"], flow.get("history"), flow["pkts_toserver"],
         flow["pkts_toclient"], flow["bytes_toserver"], flow["bytes_toclient"], flow["copies"], flow["duplicates"], places)

for pair in matrix["pairs"]:
    fact("pair", *(f"{name}={value}" for name, value in sorted(pair.items())))

stages = ["attempt", "refused", "answered", "established", "data"]
incidents = {}
for row in alerts["alerts"]:
    judged = row["sekimori"]
    if "src_ip" not in row:
        continue  # of no conversation: the sensor's health is that of each run
    key = (row["src_ip"], judged["from"], judged["to"], judged["finding"], row["alert"]["category"])
    incidents[key] = max(incidents.get(key, 0), stages.index(judged["stage_highest"]))
for key, highest in incidents.items():
    fact("incident", *key, stages[highest])

print("\n".join(sorted(facts)))
