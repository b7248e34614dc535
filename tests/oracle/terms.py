"""In which terms each source counts, and how our flows are put into them.

A source's rows and our flows meet in groups: one protocol, two ends, without order of the ends. In a group every row
looks for a record of ours with the same packets and octets in each direction. Where the sums differ because the source
counts other packets than we do (fragments, damaged lengths, checksums), or other octets (of the IP packet), the frames
of the group are looked up in the capture itself (frames.py): what they add up to in our terms has to be our sum, and in
the source's terms the source's. Only then is a difference explained.
"""
import collections
import dataclasses
import ipaddress
import itertools

import frames
from replay import packed, protocol

AS_SEEN = ("--count-copies", "--icmp-errors-apart", "--icmp-by-type", "--outer-layers")
NOT_IP = {2, 89, 103}  # arkime has sessions of other kinds for IGMP, OSPF, PIM: rows like those of frames that are no IP


@dataclasses.dataclass
class Counted:
    """What a group's frames add up to in a source's terms."""
    sums: tuple = (0, 0, 0, 0)
    rules: set = dataclasses.field(default_factory=set)

    def add(self, forward, octets):
        sums = list(self.sums)
        sums[0 if forward else 2] += 1
        sums[1 if forward else 3] += octets
        self.sums = tuple(sums)


def count_ours(entries, terms, note):
    counted = Counted()
    for entry in entries:
        if not entry.beyond:  # these are counted as bad_ip_total_length
            counted.add(entry.forward, entry.frame.wire)
    return counted


def count_ndpi(entries, terms, note):
    counted = Counted()
    for entry in entries:
        if entry.offset > 0:
            counted.rules.add("leaves later fragments out")
        elif entry.total > entry.present:
            counted.rules.add("leaves packets out whose IP length is beyond the capture")
        else:
            counted.add(entry.forward, len(entry.frame.data))
    return counted


def count_arkime(entries, terms, note):
    counted = Counted()
    whole, left = frames.datagrams(entries)
    for entry, octets in whole:
        if entry.fragmented:
            counted.rules.add("counts a datagram in fragments once, reassembled")
        counted.add(entry.forward, len(entry.frame.data) - (entry.total if entry.fragmented else 0) +
                    (octets if entry.fragmented else 0))
    if left:
        counted.rules.add("leaves incomplete datagrams out")
    return counted


def count_zeek(entries, terms, note):
    counted = Counted()
    if "bad_checksums_dropped" in note:
        good = [entry for entry in entries if frames.checksums_good(entry)]
        if len(good) != len(entries):
            counted.rules.add("leaves packets with bad checksums out")
        entries = good
    whole, left = frames.datagrams(entries)
    for entry, octets in whole:
        if entry.fragmented:
            counted.rules.add("counts a datagram in fragments once, reassembled")
        counted.add(entry.forward, octets)
    if left:
        counted.rules.add("leaves incomplete datagrams out")
    return counted


def count_ip(entries, terms, note):
    counted = Counted()
    for entry in entries:
        counted.add(entry.forward, entry.total)
    return counted


@dataclasses.dataclass(frozen=True)
class Terms:
    options: tuple          # of our run
    opens: frozenset        # tunnels that it looks into, by our names
    count: object           # entries -> Counted
    frame_octets: bool      # octets of whole captured frames; else of the IP packet
    ports: frozenset        # protocols whose ports are in its key
    vlan: str = ""          # "innermost": a row says it; "hidden": in the key, but not in the row; "": not in the key
    outer: frozenset = frozenset()  # protocols of tunnels whose own flows are rows beside those inside


ALL_PORTS = frozenset({6, 17, 132})
TERMS = {
    "ndpi": Terms((*AS_SEEN, "--vlan-in-key"), frozenset({"ipip", "gre", "vxlan", "gtp_u", "tzsp", "capwap"}), count_ndpi,
                  True, frozenset({6, 17}), "innermost"),
    "arkime": Terms((*AS_SEEN, "--vlan-in-key"), frozenset({"ipip", "gre", "erspan", "vxlan", "geneve", "gtp_u"}),
                    count_arkime, True, ALL_PORTS, "hidden"),
    "zeek": Terms(AS_SEEN, frozenset({"ipip", "gre", "erspan", "vxlan", "geneve", "teredo", "gtp_u"}), count_zeek, False,
                  ALL_PORTS, "", frozenset({17})),
    "ipfixprobe": Terms((*AS_SEEN, "--vlan-in-key"), frozenset(), count_ip, False, ALL_PORTS, "innermost"),
}


@dataclasses.dataclass
class Record:
    """A row of theirs, or a flow of ours: counts = packets, octets in the direction of the group, then the other way."""
    counts: tuple
    vlan: object = None
    row: dict = None
    flows: list = dataclasses.field(default_factory=list)


def addresses(text, known):
    """ndpi writes some IPv6 addresses with two "::": the reading of such a text that is known to us, else the
    last; b"" for what is no address."""
    try:
        return packed(text)
    except ValueError:
        pieces = [[group for group in piece.split(":") if group] for piece in text.split("::")]
        zeros, reading = 8 - sum(map(len, pieces)), b""
        for cuts in itertools.product(range(zeros + 1), repeat=len(pieces) - 1):
            if sum(cuts) == zeros:
                groups = pieces[0] + [g for cut, piece in zip(cuts, pieces[1:]) for g in ["0"] * cut + piece]
                reading = ipaddress.ip_address(":".join(groups)).packed
                if reading in known:
                    break
        return reading


def group_key(number, first, second, terms):
    """(protocol, end, end) in order, and whether the first end given comes first."""
    ports = number in terms.ports
    ends = [(address, int(port or 0) if ports else 0) for address, port in (first, second)]
    return (number, *sorted(ends)), ends[0] <= ends[1]


def oriented(counts, forward, key):
    if not forward:
        counts = (counts[2], counts[3], counts[0], counts[1])
    if key[1] == key[2]:  # one address and port at both ends: there are no directions to tell apart
        counts = (counts[0] + counts[2], counts[1] + counts[3], 0, 0)
    return counts


def plus(one, other):
    return tuple(a + b for a, b in zip(one, other))


def total(records):
    sums = (0, 0, 0, 0)
    for record in records:
        sums = plus(sums, record.counts)
    return sums


def seen_by(flows, terms):
    """(flow, VLANs) of those of our flows that the source sees: it opens what carries them, and not what they carry. A
    frame without tags inside a tunnel is on the VLAN on which the tunnel is."""
    by_tuple = collections.defaultdict(list)
    for flow in flows:
        by_tuple[frozenset((flow.source, flow.destination)), flow.protocol].append(flow)
    seen = []
    for flow in flows:
        around, vlans, at = [], flow.vlans, flow
        while at is not None and at.depth > 0:
            around.append(at.inside)
            outer = at.event["tunnel"]
            ends = frozenset((packed(outer[f"{side}_ip"]), outer.get(f"{side}_port")) for side in ("src", "dest"))
            at = next((f for f in by_tuple[ends, protocol(outer["proto"])] if f.depth == at.depth - 1), None)
            vlans = vlans or (at.vlans if at else ())
        if any(tunnel not in terms.opens for tunnel in around):
            continue
        if flow.carrier and flow.carries in terms.opens and flow.protocol not in terms.outer:
            continue
        seen.append((flow, vlans))
    return seen


def groups_of(rows, flows, terms):
    """key -> (records of theirs, records of ours)."""
    groups = collections.defaultdict(lambda: ([], []))
    known = {end[0] for flow, _ in flows for end in (flow.source, flow.destination)}
    for row in rows:
        number = protocol(row["proto"])
        ends = [(addresses(row[f"ip_{side}"], known), row[f"port_{side}"]) for side in "ab"]
        key, forward = group_key(number, *ends, terms)
        counts = tuple(int(row[cell] or 0) for cell in ("pkts_ab", "bytes_ab", "pkts_ba", "bytes_ba"))
        groups[key][0].append(Record(oriented(counts, forward, key), row["vlan"], row))
    for flow, vlans in flows:
        key, forward = group_key(flow.protocol, flow.source, flow.destination, terms)
        vlan = {"innermost": ",".join(map(str, vlans[-1:])), "hidden": vlans, "": ""}[terms.vlan]
        ours = groups[key][1]
        record = next((r for r in ours if r.vlan == vlan), None)
        if record is None:
            record = Record((0, 0, 0, 0), vlan)
            ours.append(record)
        record.counts = plus(record.counts, oriented(flow.counts, forward, key))
        record.flows.append(flow)
    return groups


def packets_of(counts):
    return counts[0], counts[2]


def shown(key):
    number, *ends = key
    return f"{number} " + " - ".join(f"{ipaddress.ip_address(address) if address else '?'}:{port}" for address, port in ends)


@dataclasses.dataclass
class Outcome:
    """Of one row, or (row None) of a flow of ours that the source does not list."""
    key: tuple
    row: dict
    packets: bool = False  # exact
    octets: bool = False
    rule: str = ""         # why not, or in which way so; "" = not known
    theirs: tuple = None
    ours: tuple = None

    @property
    def exact(self):
        return self.packets and self.octets


def compare(key, theirs, ours, terms, entries, note, cut):
    """Outcomes of one group. `entries`: makes the frames of the group, when they are needed. `cut`: frames of the
    capture are shorter than on the wire."""
    outcomes, left, free = [], list(theirs), list(ours)
    direct = terms.frame_octets and not cut
    # A row that says its VLAN wants a record of that VLAN.
    for same in (lambda r, o: r.counts == o.counts and direct,
                 lambda r, o: packets_of(r.counts) == packets_of(o.counts)):
        for row in list(left):
            record = next((o for o in free if same(row, o) and (terms.vlan != "innermost" or o.vlan == row.vlan)), None)
            if record is not None:
                left.remove(row)
                free.remove(record)
                outcomes.append(Outcome(key, row.row, True, direct and row.counts == record.counts, "", row.counts,
                                        record.counts))
    if left or free or not all(outcome.octets for outcome in outcomes):
        settle(key, theirs, ours, terms, entries(), note, outcomes, left, free)
    return outcomes


def settle(key, theirs, ours, terms, found, note, outcomes, left, free):
    """What direct comparison left: by the sums of the whole group, in the source's own terms."""
    confirmed = oriented(count_ours(found, terms, note).sums, True, key) == total(ours)
    counted = terms.count(found, terms, note)
    counted.sums = oriented(counted.sums, True, key)
    agree = confirmed and counted.sums == total(theirs)
    rule = "; ".join(sorted(counted.rules))
    if agree and not counted.rules and not left and not free:
        for outcome in outcomes:
            outcome.octets = True
        return
    if not rule and len(theirs) > 1:
        same = total(theirs) == total(ours) if terms.frame_octets else agree
        rule = "ends a record at its own timeouts, or at a SYN, and begins another: the sums are equal" if same else ""
        agree = agree or same
    for outcome in outcomes:
        if agree and not outcome.octets:
            outcome.rule = rule
    for row in left:
        outcomes.append(Outcome(key, row.row, False, False, rule if agree else "", row.counts, total(free) if free else None))
    if not left:
        outcomes += [Outcome(key, None, rule=rule if agree else "", ours=record.counts) for record in free]


def impossible(address):
    """No host can have it as its own (RFC 1122 section 3.2.1.3, RFC 4291 section 2.7)."""
    ip = ipaddress.ip_address(address)
    return ip.is_multicast or ip == ipaddress.ip_address("255.255.255.255")


def other_rule(outcome, source, run, seen, manifest):
    """Reasons that the frames of a group do not tell."""
    row = outcome.row
    if outcome.key[0] == -1 or not all(address for address, _ in outcome.key[1:]):
        return ""
    if source == "ndpi" and row is not None and outcome.ours is None:
        if run.reasons.get("bad_ip_header_length") and any(
                frames.short_header(seen, *pair) for pair in itertools.permutations(end[0] for end in outcome.key[1:])):
            return "takes an IPv4 header that says it is shorter than 20 octets for one; here it is bad_ip_header_length"
        if manifest["linktype"] == "NULL" and run.reasons.get("link_protocol_other"):
            return "takes every loopback frame that is not IPv4 for IPv6; here its family is link_protocol_other"
    if outcome.row is not None and outcome.ours is None and impossible(packed(outcome.row["ip_a"])):
        packets = int(outcome.row["pkts_ab"] or 0)
        if run.reasons.get("bad_ip_source", 0) >= packets:
            return "a packet from an address that no host can have is in no flow here, but counted as bad_ip_source"
    return ""
