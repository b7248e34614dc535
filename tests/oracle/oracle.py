#!/usr/bin/env python3
"""oracle.py SEKIMORI [--print]: our flows and books against what other tools published about the same captures.

The captures and their tables are not part of the project: SEKIMORI_PCAPS names their folder (default: ../shared/pcaps
beside the project). Every capture is replayed with the options that put us on each source's terms (terms.py); every row
of FLOWS.tsv and TOTALS.tsv is compared, and each one that is not exact is told with its reason:

  explained  a rule says in which terms the source counts otherwise, and the numbers, brought into these terms out of the
             capture itself, are equal; or deviations.tsv says in words who is right
  deviating  neither

expected.tsv holds what was exact for each capture and source that it knows: less is a fault, and so is a deviation there.
Of captures that it does not know, deviations are told and the thresholds decide. --print writes it anew.
"""
import collections
import datetime
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True
import frames  # noqa: E402
import replay  # noqa: E402
import terms as theirs_  # noqa: E402
import totals  # noqa: E402

here = pathlib.Path(__file__).resolve().parent
ROWS_SHARE = 0.95       # of all rows of a source: exact or explained
EVERY = {"tcpdump totals"}  # sources of which every compared row has to be exact
SURICATA = ("--count-copies", "--outer-layers", "--vlan-in-key")


def source_of(oracle):
    return oracle.split("#")[0]


def lines_of(name):
    for line in (here / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


class Flows:
    """FLOWS.tsv, one capture and oracle after the other."""

    def __init__(self, captures):
        self.captures = captures
        self.rows = collections.defaultdict(list)
        for row in captures.table("FLOWS.tsv"):
            self.rows[(row["file"], row["oracle"])].append(row)
        self.notes = {(row["file"], row["oracle"]): row["note"] for row in captures.table("TOTALS.tsv")}
        self.said = []  # (file, oracle, row, what, theirs, ours)

    def wanted(self):
        for name, oracle in self.rows:
            yield name, self.options(source_of(oracle))

    def options(self, source):
        if source in theirs_.TERMS:
            return theirs_.TERMS[source].options
        return SURICATA if source == "suricata" else totals.OUTER

    def outcomes(self, name, oracle):
        source = source_of(oracle)
        rows, run = self.rows[(name, oracle)], self.captures.run(name, self.options(source_of(oracle)))
        if source == "community-id":
            return [self.with_id(row, run) for row in rows]
        listed = [row for row in rows if row["listing"] == "all"]
        outcomes = [part(row, run) for row in rows if row["listing"] != "all"]
        if listed and source not in theirs_.TERMS:
            return outcomes + [theirs_.Outcome(("?",), row) for row in listed]
        return outcomes + (self.listed(name, oracle, listed, run) if listed else [])

    def listed(self, name, oracle, rows, run):
        terms, note = theirs_.TERMS[source_of(oracle)], self.notes.get((name, oracle), "")
        plain = [row for row in rows if row["ip_a"] and replay.protocol(row["proto"]) not in theirs_.NOT_IP]
        flows = theirs_.seen_by(run.flows, terms)
        outcomes = []
        if source_of(oracle) == "arkime":
            outcomes += not_ip([row for row in rows if row not in plain],
                               [flow for flow, _ in flows if flow.protocol in theirs_.NOT_IP], run)
            flows = [(flow, vlans) for flow, vlans in flows if flow.protocol not in theirs_.NOT_IP]
        else:
            plain = rows
        seen = self.captures.frames(name)
        cut = any(len(frame.data) != frame.wire for frame in seen)
        for key, (records, ours) in theirs_.groups_of(plain, flows, terms).items():
            number, *ends = key
            if number < 0 or not all(address for address, _ in ends):
                outcomes += [theirs_.Outcome(key, record.row, theirs=record.counts) for record in records]
                continue
            ends = [(address, port if number in terms.ports else None) for address, port in ends]
            found = theirs_.compare(key, records, ours, terms, lambda: frames.between(seen, number, *ends), note, cut)
            for outcome in found:
                if not outcome.exact and not outcome.rule:
                    outcome.rule = theirs_.other_rule(outcome, source_of(oracle), run, seen, self.captures.manifest[name])
            outcomes += found
            self.words(name, oracle, records, ours)
        return outcomes

    def words(self, name, oracle, records, ours):
        """What a row says besides figures, and what we say of the same flow: only where there is one of each."""
        if len(records) != 1 or len(ours) != 1 or len(ours[0].flows) != 1:
            return
        row, flow = records[0].row, ours[0].flows[0]
        extra = json.loads(row["extra"] or "{}")
        event, figures = flow.event, flow.event["flow"]
        if "community_id" in extra and flow.protocol in theirs_.ALL_PORTS:
            self.said.append((name, oracle, row, "community_id", extra["community_id"], event["community_id"]))
        if source_of(oracle) == "zeek":
            self.said.append((name, oracle, row, "initiator", replay.packed(row["ip_a"]), flow.source[0]))
            if row["vlan"]:
                self.said.append((name, oracle, row, "vlan", row["vlan"], ",".join(map(str, flow.vlans))))
            for word in ("conn_state", "history"):
                if word in extra and (word == "conn_state" or flow.protocol == frames.TCP):
                    self.said.append((name, oracle, row, word, extra[word], figures.get(word)))
        if "first_ms" in extra:
            for word, mine in (("first_ms", "start"), ("last_ms", "end")):
                self.said.append((name, oracle, row, word, extra[word], milliseconds(figures[mine])))

    def with_id(self, row, run):
        """A directed tuple and its community id."""
        ends = [replay.packed(row["ip_a"]), replay.packed(row["ip_b"])]
        wanted = row["extra"].split('"community_id": "')[1].split('"')[0]
        found = [f for f in run.flows if f.event["community_id"] == wanted and f.protocol == replay.protocol(row["proto"])]
        seen = any((f.counts[0] and [f.source[0], f.destination[0]] == ends) or
                   (f.counts[2] and [f.destination[0], f.source[0]] == ends) for f in found)
        key = (replay.protocol(row["proto"]), *((end, row[f"port_{side}"]) for end, side in zip(ends, "ab")))
        return theirs_.Outcome(key, row, seen, seen)


def milliseconds(timestamp):
    moment = datetime.datetime.fromisoformat(timestamp)
    return (moment - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def not_ip(rows, flows, run):
    """Rows of frames that are no IP, and of protocols which arkime keeps apart from IP: as many as we have under reasons
    and in flows of these protocols, in octets as well."""
    if not rows and not flows:
        return []
    packets = sum(int(row["pkts_ab"] or 0) + int(row["pkts_ba"] or 0) for row in rows)
    octets = sum(int(row["bytes_ab"] or 0) + int(row["bytes_ba"] or 0) for row in rows)
    apart = [flow for flow in run.flows if flow.protocol in theirs_.NOT_IP and not flow.carrier]
    in_flows = sum(f.counts[1] + f.counts[3] for f in run.flows if not f.carrier and f not in apart)
    ours = (sum(run.reasons.values()) + sum(f.counts[0] + f.counts[2] for f in apart), run.stats["bytes_read"] - in_flows)
    return [theirs_.Outcome(("no IP",), row, ours[0] == packets, ours == (packets, octets), "", (packets, octets, 0, 0),
                            (*ours, 0, 0)) for row in rows] or [theirs_.Outcome(("no IP",), None, ours=(*ours, 0, 0))]


def part(row, run):
    """A row that says how many flows have what its cells say."""
    ids = row["vlan"].split(",")
    short = ",".join([ids[0], ids[-1]]) if len(ids) > 2 else ""

    def cells(flow, ends):
        (a, b), counts = ends
        event = flow.event
        said = {"proto": lambda v: replay.protocol(v) == flow.protocol,
                "ip_a": lambda v: replay.packed(v) == a[0], "ip_b": lambda v: replay.packed(v) == b[0],
                "port_a": lambda v: int(v) == (a[1] or 0), "port_b": lambda v: int(v) == (b[1] or 0),
                "vlan": lambda v: ",".join(map(str, flow.vlans)) in (v, short),
                "pkts_ab": lambda v: int(v) == counts[0], "bytes_ab": lambda v: int(v) == counts[1],
                "pkts_ba": lambda v: int(v) == counts[2], "bytes_ba": lambda v: int(v) == counts[3]}
        extra = json.loads(row["extra"] or "{}")
        for name in ("ip_v", "flow.age", "flow.state"):
            value = event
            for step in name.split("."):
                value = value[step]
            if name in extra and extra[name] != value:
                return False
        return all(check(row[cell]) for cell, check in said.items() if row[cell])

    def matches(flow):
        turned = (*flow.counts[2:], *flow.counts[:2])
        return (cells(flow, ((flow.source, flow.destination), flow.counts)) or
                cells(flow, ((flow.destination, flow.source), turned)))

    found = sum(map(matches, run.flows))
    good = found == int(row["count"])
    rule = "a flow here shows the outermost and the innermost VLAN of a longer stack" if good and short else ""
    good = good and not short
    return theirs_.Outcome(("part",), row, good, good, rule, (int(row["count"]), 0, 0, 0), (found, 0, 0, 0))


def copies(captures):
    """Faults: packets called duplicates or copies of which the capture has no second one. Only of flows whose packets are
    all found by their addresses, and whole."""
    for name in captures.names:
        for flow in captures.run(name).flows:
            told = flow.event["flow"]["duplicates"] + flow.event["flow"]["copies"]
            ends = (flow.source, flow.destination)
            found = frames.between(captures.frames(name), flow.protocol, *ends) if told else []
            whole = all(len(entry.frame.data) == entry.frame.wire for entry in found)
            if told and whole and len(found) == told + flow.counts[0] + flow.counts[2]:
                again = len(found) - len({frames.as_sent(entry) for entry in found})
                if again < told:
                    yield f"{name}: {theirs_.shown((flow.protocol, *ends))}: {told} packets told as seen again, {again} are"


def totals_of(row, captures, outcomes):
    """A row of TOTALS.tsv: sums over the rows of FLOWS.tsv, or a number of its own."""
    metric, oracle = row["metric"], row["oracle"]
    if metric not in ("flows", "packets", "bytes") or source_of(oracle) not in theirs_.TERMS:
        return totals.judged(row, captures)
    if not outcomes and int(row["value"]) == 0:
        return "exact", 0
    differing = [o for o in outcomes if not (o.packets if metric == "packets" else o.exact) or o.row is None]
    if not outcomes:
        return "deviating", "no rows"
    if not differing:
        return "exact", row["value"]
    if all(o.rule for o in differing):
        return "explained", "; ".join(sorted({o.rule for o in differing}))
    return "deviating", f"{sum(not o.rule for o in differing)} rows deviate"


class Report:
    def __init__(self):
        self.sums = collections.defaultdict(collections.Counter)
        self.pairs = collections.defaultdict(collections.Counter)  # the same by capture and oracle
        self.told, self.deviating, self.apart = [], [], collections.Counter()
        self.beside = set()  # sources of what rows say besides figures: no threshold

    def count(self, source, name, oracle, **figures):
        for sums in (self.sums[source], self.pairs[(name, oracle)]):
            sums.update(figures)

    def flow(self, name, oracle, outcome):
        source = source_of(oracle)
        state = "exact" if outcome.exact else "explained" if outcome.rule else "deviating"
        if outcome.row is None:
            self.count(source + " unlisted", name, oracle + " unlisted", rows=1, **{state: 1})
        else:
            self.count(source, name, oracle, rows=1, packets=outcome.packets, octets=outcome.exact, **{state: 1})
        if state != "exact":
            row = f"row {outcome.row['n']}" if outcome.row else "ours"
            key = theirs_.shown(outcome.key) if len(outcome.key) == 3 and isinstance(outcome.key[0], int) else outcome.key[0]
            line = f"{name} {oracle} {row}: {key}: theirs {outcome.theirs}, ours {outcome.ours}"
            (self.told if outcome.rule else self.deviating).append((name, f"{line}: {outcome.rule}" if outcome.rule else line))

    def word(self, name, oracle, row, what, theirs, ours, reason):
        state = "exact" if theirs == ours else "explained" if reason else "deviating"
        self.beside.add(f"{source_of(oracle)} {what}")
        self.count(f"{source_of(oracle)} {what}", name, f"{oracle} {what}", rows=1, octets=state == "exact",
                   packets=state == "exact", **{state: 1})
        if state != "exact":
            line = f"{name} {oracle} row {row['n']} {what}: theirs {theirs}, ours {ours}"
            (self.told if reason else self.deviating).append((name, f"{line}: {reason}" if reason else line))

    def total(self, row, state, ours):
        source, name = source_of(row["oracle"]) + " totals", row["file"]
        if state == "apart":
            self.apart[f"{source_of(row['oracle'])}: {ours}"] += 1
            return
        self.count(source, name, row["oracle"] + " totals", rows=1, packets=state == "exact", octets=state == "exact",
                   **{state: 1})
        if state != "exact":
            line = f"{name} {row['oracle']} {row['metric']} {row['value']}: {ours}"
            (self.told if state == "explained" else self.deviating).append((name, line))


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(os.environ.get("SEKIMORI_PCAPS") or here.parent.parent.parent / "shared" / "pcaps")
    if not (folder / "FLOWS.tsv").exists():
        print(f"SKIPPED: no captures at {folder} (SEKIMORI_PCAPS names their folder)")
        return 77
    captures = replay.Captures(program, folder)
    flows = Flows(captures)
    captures.run_all([(name, options) for name in captures.names for options in ((), totals.OUTER)] + list(flows.wanted()))
    faults = captures.problems + list(copies(captures))
    ends = collections.Counter(captures.run(name).code for name in captures.names)
    print(f"{len(captures.names)} captures, {len(captures.runs)} runs; {ends[1]} captures refused or cut")

    listed = {(row["file"], row["oracle"], row["row"]): row["reason"]
              for row in (dict(zip(("file", "oracle", "row", "reason"), line)) for line in lines_of("deviations.tsv"))}
    report, outcomes = Report(), {}
    for name, oracle in sorted(flows.rows):
        found = outcomes[(name, oracle)] = flows.outcomes(name, oracle)
        for outcome in found:
            if not outcome.exact and not outcome.rule:
                outcome.rule = listed.pop((name, oracle, outcome.row["n"] if outcome.row else theirs_.shown(outcome.key)), "")
            report.flow(name, oracle, outcome)
    for name, oracle, row, what, theirs, ours in flows.said:
        reason = "" if theirs == ours else listed.pop((name, oracle, f"{row['n']} {what}"), "")
        if what == "history" and theirs != ours and "".join(dict.fromkeys(theirs))[:12] == ours:
            reason = "Zeek writes a letter again at each power of ten of what it counts; a letter here stands for the first time"
        report.word(name, oracle, row, what, theirs, ours, reason)
    for row in captures.table("TOTALS.tsv"):
        state, ours = totals_of(row, captures, outcomes.get((row["file"], row["oracle"]), []))
        if state == "deviating" and (row["file"], row["oracle"], row["metric"]) in listed:
            state, ours = "explained", f"ours {ours}: " + listed.pop((row["file"], row["oracle"], row["metric"]))
        report.total(row, state, ours)
    return finish(captures, report, listed, faults)


def finish(captures, report, listed, faults):
    columns = ("rows", "packets", "octets", "explained", "deviating")
    if "--print" in sys.argv:
        with open(here / "expected.tsv", "w", encoding="utf-8") as file:
            file.write(EXPECTED_HEAD)
            for (name, oracle), sums in sorted(report.pairs.items()):
                file.write("\t".join([name, oracle, *(str(int(sums[c])) for c in columns[:4])]) + "\n")
    known = {}
    for name, oracle, *figures in lines_of("expected.tsv"):
        known[(name, oracle)] = dict(zip(columns[:4], map(int, figures)))
    ours = {name for name, _ in known} & set(captures.names)

    print(f"\n{'source':30} {'rows':>5} {'exact-packets':>13} {'exact-bytes':>11} {'explained':>9} {'deviating':>9}")
    for source, s in sorted(report.sums.items()):
        print(f"{source:30} {s['rows']:5} {s['packets']:13} {s['octets']:11} {s['explained']:9} {s['deviating']:9}")
    print("\nexplained:")
    for _, line in report.told:
        print("  " + line)
    print("\nnot compared, because nothing of ours is meant:")
    for reason, count in sorted(report.apart.items()):
        print(f"  {count:3} {reason}")
    print("\ndeviating:")
    for name, line in report.deviating:
        print("  " + line)
        if name in ours:
            faults.append("a deviation without a reason: " + line)

    for (name, oracle), floor in sorted(known.items()):
        if name not in ours:
            continue
        now = report.pairs.get((name, oracle), collections.Counter())
        if now["rows"] != floor["rows"] or any(now[c] < floor[c] for c in ("packets", "octets")):
            faults.append(f"{name} {oracle}: rows, exact in packets, in bytes: {[int(now[c]) for c in columns[:3]]}, "
                          f"were {[floor[c] for c in columns[:3]]}")
        elif any(now[c] > floor[c] for c in ("packets", "octets")):
            print(f"better than expected.tsv says: {name} {oracle}")
    faults += [f"deviations.tsv: {' '.join(place)} does not deviate" for place in listed if place[0] in ours]
    faults += thresholds(captures, report)
    for fault in faults:
        print("FAULT " + fault)
    return 1 if faults else 0


def thresholds(captures, report):
    faults = []
    print("\nthresholds:")
    verified = collections.defaultdict(collections.Counter)
    for row in captures.table("VERIFY.tsv") if (captures.folder / "VERIFY.tsv").exists() else []:
        s = report.pairs[(row["file"], row["oracle"])]
        equal, spare = int(row["rows_equal"]), int(row["rows"]) - int(row["rows_equal"])
        verified[row["oracle"]].update(equal=equal, exact=min(equal, s["octets"]),
                                       missed=max(0, s["deviating"] - spare))
        if s["deviating"] > spare:
            faults.append(f"{row['file']} {row['oracle']}: {s['deviating']} rows deviate; only {spare} may: an independent "
                          f"checker reproduces the others")
    ids = report.sums["community-id"]
    verified["community-id"].update(equal=ids["rows"], exact=ids["octets"], missed=ids["deviating"])
    for oracle, s in sorted(verified.items()):
        print(f"  {oracle}: {s['equal']} rows are known to be reproducible: {s['exact']} exact, "
              f"{s['equal'] - s['exact'] - s['missed']} explained, {s['missed']} missed (0 may be)")
    for source, s in sorted(report.sums.items()):
        if source.endswith("unlisted") or source in report.beside:
            continue
        share = (s["rows"] - s["deviating"]) / s["rows"]
        least = 1 if source in EVERY else ROWS_SHARE
        print(f"  {source}: {100 * share:.1f} % of {s['rows']} rows exact or explained ({100 * least:.0f} % needed)")
        if share < least:
            faults.append(f"{source}: {100 * share:.1f} % of the rows are exact or explained, {100 * least:.0f} % needed")
    return faults


EXPECTED_HEAD = """\
# What was exact, by capture and source, when these lines were written by oracle.py --print: floors. Every capture that has
# a line here is known: its deviations need a rule (terms.py) or a line in deviations.tsv.
#file\toracle\trows\tpackets\tbytes\texplained
"""

if __name__ == "__main__":
    sys.exit(main())
