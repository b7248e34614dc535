"""The rows of TOTALS.tsv: one number that a source states for a capture, against ours.

Each function returns (outcome, ours or reason): "exact", "explained", "deviating" or "apart" (nothing of ours is meant
by that number; the reason says why, and is the same for all rows of that kind).
"""
import datetime
import re

import frames
from replay import protocol

OUTER = ("--count-copies", "--icmp-errors-apart", "--icmp-by-type", "--outer-layers")
DAMAGE = ("truncated_", "bad_", "vlan_too_deep", "tunnel_too_deep")
REFUSES = "libpcap reads no file whose interfaces have several link types: refused with a clean error"


def value_of(row):
    return int(row["value"])


def same(ours, row):
    return ("exact" if ours == value_of(row) else "deviating"), ours


def damaged(run):
    """How many frames the books call damaged or cut, in any way."""
    stats = run.stats
    return (run.reason_sum(*DAMAGE) + stats["packets_cut"] + stats["packets_malformed"] +
            sum(stats["unopened"].values()))


def packets(run, wanted):
    return sum(flow.counts[0] + flow.counts[2] for flow in run.flows if wanted(flow))


def refused(run):
    return run.code == 1 and bool(run.told.strip())


def tcpdump(row, run):
    if row["metric"] == "packets_printed":
        return same(run.stats["packets_read"], row)
    if value_of(row) == 0:
        return "apart", "tcpdump's output calls nothing damaged: no claim"
    ours = damaged(run)
    return ("exact" if ours > 0 else "deviating"), f"{ours} damaged, cut or unopened"


def libpcap_open(row, run):
    if run.code == 0 and run.stats and run.stats["packets_read"] == 0:
        return "explained", "the libpcap of this system opens it; no packet is in it, and nothing is told"
    return ("exact" if refused(run) and run.stats is None else "deviating"), f"exit code {run.code}"


def libpcap_filter(row, run):
    metric = row["metric"]
    if metric == "packets":
        return same(run.stats["packets_read"], row)
    chain = re.fullmatch(r"match\{(ip6?) protochain (\d+)\}", metric)
    if chain:
        return protochain(row, run, 6 if chain[1] == "ip6" else 4, int(chain[2]))
    plain = re.fullmatch(r"match\{(ip|ip6|tcp|udp|sctp|icmp|icmp6)\}", metric)
    if plain:
        wanted = {"ip": lambda f: f.event["ip_v"] == 4, "ip6": lambda f: f.event["ip_v"] == 6}.get(
            plain[1], lambda f: f.protocol == protocol({"icmp6": "icmpv6"}.get(plain[1], plain[1])))
        return same(packets(run, lambda f: f.depth == 0 and wanted(f)), row)
    if metric == "match{vlan}" and not run.reason_sum(""):
        return same(packets(run, lambda f: f.depth == 0 and f.vlans), row)
    return "apart", "replay takes no filter expression, and flows alone do not answer this one"


def protochain(row, run, version, number):
    """Packets with this protocol anywhere among the headers behind the IP header."""
    ours = packets(run, lambda f: f.event["ip_v"] == version and f.protocol == number)
    if number in (4, 41):  # what the authentication header carries is IP: no flow of the protocol in between
        ours += packets(run, lambda f: f.inside in ("ah", "esp") and f.event["ip_v"] == (4 if number == 4 else 6))
    state, told = same(ours, row)
    if state == "exact":
        return state, told
    if sum(run.stats["unopened"].values()) >= value_of(row) - ours > 0:
        return "explained", f"ours {ours}: behind the authentication header of {value_of(row)} packets, told as unopened"
    beyond = packets(run, lambda f: f.protocol in (0, 43, 44, 60))
    if version == 6 and beyond >= value_of(row) - ours > 0 and run.stats["packets_malformed"]:
        return "explained", f"ours {ours}: behind more than 16 extension headers, told as malformed and by the header reached"
    return state, told


def pcpp(row, run):
    metric, stats = row["metric"], run.stats
    if run.code == 1 and refused(run):
        return "explained", REFUSES
    fragments = stats["fragments"]
    reassembled = fragments["datagrams"] - fragments["incomplete"]
    if metric == "packets":
        return same(stats["packets_read"], row)
    if metric in ("ipv4", "ipv6", "ip"):
        return same(packets(run, lambda f: f.depth == 0 and metric in ("ip", f"ipv{f.event['ip_v']}")), row)
    if metric in ("tcp", "udp"):
        return same(packets(run, lambda f: f.protocol == protocol(metric)), row)
    if metric == "fragments":
        return same(fragments["seen"], row)
    if metric == "reassembled":
        return same(reassembled, row)
    if metric == "packets_after_reassembly":
        return same(stats["packets_read"] - fragments["seen"] + reassembled, row)
    if metric in ("first_ts_sec", "first_ts_nsec"):
        first = min((datetime.datetime.fromisoformat(f.event["flow"]["start"]) for f in run.flows), default=None)
        if first is None:
            return "deviating", "no flow"
        if metric == "first_ts_sec":
            return same(int(first.timestamp() // 1), row)
        return ("exact" if first.microsecond == value_of(row) // 1000 else "deviating"), f"{first.microsecond} us"
    return "apart", "counted by link type, which our books do not tell apart"


# stats.decoder.*: which of our flows' packets that decoder would have run on.
DECODERS = {
    "ipv4": lambda f: f.event["ip_v"] == 4, "ipv6": lambda f: f.event["ip_v"] == 6,
    **{name: (lambda f, number=number: f.protocol == number)
       for name, number in {"tcp": 6, "udp": 17, "icmpv4": 1, "icmpv6": 58, "sctp": 132, "gre": 47, "esp": 50}.items()},
    "vlan": lambda f: len(f.vlans) == 1, "vlan_qinq": lambda f: len(f.vlans) == 2, "vlan_qinqinq": lambda f: len(f.vlans) == 3,
    **{name: (lambda f, tunnel=tunnel: f.carries == tunnel)
       for name, tunnel in {"vxlan": "vxlan", "geneve": "geneve", "teredo": "teredo", "erspan": "erspan"}.items()}}
LINKS = {"ethernet": "EN10MB", "sll": "LINUX_SLL", "sll2": "LINUX_SLL2", "ppp": "PPP", "raw": "RAW", "null": "NULL",
         "chdlc": "C_HDLC"}


def suricata(row, run, manifest):
    name = row["metric"].removeprefix("stats.decoder.")
    if name == row["metric"]:
        return "apart", "no figure of its decoders"
    if name in DECODERS:
        return same(packets(run, DECODERS[name]), row)
    if name in LINKS and manifest["linktype"] == LINKS[name]:
        return same(run.stats["packets_read"], row)
    if name == "pkts":
        return same(run.stats["packets_read"] + run.stats["packets_carriers"], row)
    if name == "too_many_layers" and run.reasons.get("mpls"):
        return "explained", "labels in frames in labels to a depth that nobody opens: counted as mpls, in no flow"
    if name in ("invalid", "too_many_layers"):
        ours = damaged(run)
        return ("exact" if (ours > 0) == (value_of(row) > 0) else "deviating"), f"{ours} damaged, cut or unopened"
    return "apart", "a decoder that our books do not tell apart"


def small_fragment(run, seen):
    """Zeek calls each fragment but the last one small that is below 64 octets; here tiny is one without a whole transport
    header (RFC 1858)."""
    for flow in run.flows:
        for entry in frames.between(seen, flow.protocol, (flow.source[0], None), (flow.destination[0], None)):
            if entry.more and entry.total < 64 and not entry.headless:
                return True
    return False


# What others call by these names shows in our books as ...
WEIRD = [
    (r"frag.*overlap|fragment_inconsistency|fragment_size_inconsistency|fragment_overlap",
     lambda s: s["fragments"]["overlaps"] + s["fragments"]["repeated"]),
    (r"excessively_small_fragment", lambda s: s["fragments"]["tiny"]),
    (r"excessively_large_fragment|fragment_protocol_inconsistency", lambda s: s["fragments"]["too_long"]),
    (r"incompletely_captured_fragment", lambda s: s["packets_cut"]),
]


def weird(row, run, seen):
    metric = row["metric"].split(".", 1)[1]
    if "max_depth" in metric:
        return "apart", "that test lowers the depth to which tunnels are opened"
    if "useless_fh" in metric or "dupl_fh" in metric:
        return "apart", "an atomic fragment (RFC 6946) is a whole packet, with one or with several fragment headers: no damage"
    for pattern, figure in WEIRD:
        if re.search(pattern, metric):
            ours = figure(run.stats)
            if not ours and "small" in metric and small_fragment(run, seen):
                return "explained", "a fragment below 64 octets that has the whole transport header: Zeek's limit, not RFC 1858's"
            return ("exact" if ours > 0 else "deviating"), ours
    if re.search(r"truncated|trunc_|too_small|bad_|invalid|malformed|_len|short", metric):
        ours = damaged(run)
        return ("exact" if ours > 0 else "deviating"), f"{ours} damaged, cut or unopened"
    return "apart", "an event of a protocol above those that are decoded here"


def pcapng(row, run):
    if row["metric"] != "packets":
        return "apart", "blocks other than packets are the reader's business"
    if refused(run):
        return "explained", REFUSES
    return same(run.stats["packets_read"], row)


def community_id(row, run):
    directions = {(f.event["community_id"], back) for f in run.flows for back in (0, 1) if f.counts[2 * back]}
    return same(len(directions), row)


def judged(row, captures):
    """(outcome, ours or reason) of a row that does not come out of FLOWS.tsv."""
    run, oracle = captures.run(row["file"], OUTER), row["oracle"]
    if oracle == "libpcap-open":
        return libpcap_open(row, run)
    if oracle == "pcpp-fuzz":
        return "exact", "ended by itself"  # what did not is a fault already
    if oracle == "pcapng-gen":
        return pcapng(row, run)
    if oracle == "pcpp":
        return pcpp(row, run)
    if run.stats is None:
        return "deviating", f"could not be read (exit code {run.code})"
    if oracle == "suricata":
        return suricata(row, run, captures.manifest[row["file"]])
    if oracle in ("zeek-weird", "zeek-weird-multi", "suricata-decode-event"):
        return weird(row, run, captures.frames(row["file"]))
    simple = {"tcpdump": tcpdump, "libpcap-filter": libpcap_filter, "community-id": community_id}
    return simple[oracle](row, run) if oracle in simple else ("apart", "no rule reads this source")
