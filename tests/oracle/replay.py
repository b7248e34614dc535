"""Runs `sekimori replay` over captures and holds what must be true of each run, whatever the capture."""
import concurrent.futures
import csv
import dataclasses
import ipaddress
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import frames  # noqa: E402

PROTOCOLS = {"hopopt": 0, "icmp": 1, "igmp": 2, "ip-encap": 4, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "rdp": 27,
             "dccp": 33, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
             "icmpv6": 58, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89,
             "etherip": 97, "pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132,
             "mobility-header": 135, "udplite": 136, "mpls-in-ip": 137, "hip": 139}


def protocol(text):
    """-1: a name that is not known here, or none: no flow has that."""
    number = PROTOCOLS.get(str(text).lower())
    if number is None:
        number = int(text) if str(text).isdigit() else -1  # the rest is written as its number
    return number


def packed(text):
    return ipaddress.ip_address(text).packed


@dataclasses.dataclass
class Flow:
    """A flow event: `source` opened it. `counts` = packets and octets of frames to the server, and to the client."""
    protocol: int
    source: tuple  # address, port or None
    destination: tuple
    vlans: tuple
    counts: tuple
    event: dict

    @property
    def ours(self):
        return self.event["sekimori"]

    @property
    def carrier(self):  # the outer layer of a tunnel: what it carries is in flows of its own
        return self.ours.get("carrier", False)

    @property
    def carries(self):  # the tunnel whose packets this flow is, also where it could not be opened; "" = none
        return self.ours.get("carries", "")

    @property
    def inside(self):  # the tunnel around it, "" = none
        return self.event["tunnel"]["type"] if self.depth else ""

    @property
    def depth(self):  # IP layers around it
        return self.event["tunnel"]["depth"] if "tunnel" in self.event else 0


def flow_of(event):
    figures = event["flow"]
    return Flow(protocol(event["proto"]), (packed(event["src_ip"]), event.get("src_port")),
                (packed(event["dest_ip"]), event.get("dest_port")), tuple(event.get("vlan", ())),
                (figures["pkts_toserver"], figures["bytes_toserver"], figures["pkts_toclient"], figures["bytes_toclient"]),
                event)


@dataclasses.dataclass
class Run:
    code: int
    told: str
    flows: list
    stats: dict

    @property
    def reasons(self):
        return self.stats["reasons"] if self.stats else {}

    def reason_sum(self, *beginnings):
        return sum(n for name, n in self.reasons.items() if name.startswith(beginnings))


class Captures:
    """The captures of a folder and their tables; every (capture, options) is run once."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.manifest = {row["file"]: row for row in self.table("MANIFEST.tsv")}
        self.names = sorted(path.name for path in folder.iterdir() if path.name in self.manifest)
        self.runs, self.problems, self._frames = {}, [], {}

    def table(self, name):
        with open(self.folder / name, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    def frames(self, name):
        if name not in self._frames:
            self._frames[name] = frames.read(self.folder / name)
        return self._frames[name]

    def run_all(self, wanted):
        """wanted: pairs of name and options, as often as they come. Keeps all processors busy."""
        wanted = sorted(set(wanted))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for (name, options), (run, problems) in zip(wanted, pool.map(lambda pair: self._run(*pair), wanted)):
                self.runs[(name, options)] = run
                self.problems += [f"{name} {' '.join(options)}: {problem}" for problem in problems]

    def run(self, name, options=()):
        return self.runs[(name, options)]

    def _run(self, name, options):
        command = [self.program, "replay", "--no-timeouts", *options, "--emit", "flows", "--emit", "stats",
                   "--format", "eve", self.folder / name]
        try:
            process = subprocess.run(command, capture_output=True, timeout=120)
            told, flows, stats = process.stderr.decode(errors="replace"), [], None
            for line in process.stdout.decode().splitlines():
                event = json.loads(line)
                if event["event_type"] == "flow":
                    flows.append(flow_of(event))
                elif event["event_type"] == "stats":
                    stats = event["stats"]
        except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
            return Run(-1, "", [], None), [f"{type(error).__name__} {error}"]
        run = Run(process.returncode, told, flows, stats)
        return run, list(self._problems(name, options, run))

    def _problems(self, name, options, run):
        """What must be true of every run."""
        if run.code not in (0, 1, 3):
            yield f"exit code {run.code}: {run.told[-2000:]}"
        if any(word in run.told for word in ("Sanitizer", "runtime error")):
            yield run.told[-4000:]
        if run.stats is None:
            # A file that cannot be opened at all has no books, and says why.
            if run.code != 1 or run.flows or not run.told.strip():
                yield f"no stats event (exit code {run.code})"
            return
        stats = run.stats
        if stats["packets_read"] != stats["in_flows"] + sum(stats["reasons"].values()) or not stats["closes"]:
            yield f"the books do not close: {stats}"
        in_events = sum(flow.counts[0] + flow.counts[2] for flow in run.flows)
        if "--outer-layers" not in options and in_events != stats["in_flows"]:
            yield f"flows hold {in_events} packets, the books say {stats['in_flows']}"
        # What the file holds is known: reading all of a readable one is the least.
        packets = self.manifest[name]["packets"]
        if run.code != 1 and packets.isdigit() and stats["packets_read"] != int(packets):
            yield f"read {stats['packets_read']} packets, the file holds {packets}"
