"""A second look at a capture, independent of sekimori: the frames of a pcap or pcapng file, and those that hold packets
between two addresses. No headers below IP are decoded: an IP header is found by its two addresses wherever it lies in
the frame, so that VLANs, labels and tunnels need no code here. Good enough to say in which terms two counts of the same
packets differ (octets of the frame or of the IP packet, fragments, damaged lengths); never a source of truth by itself:
who uses it has to find its sums equal to one of the two counts first.
"""
import dataclasses
import struct

ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
PORTS = {TCP: 20, UDP: 8, SCTP: 12}  # octets of the headers that have them
EXTENSIONS = {0, 43, 60}  # IPv6 headers in front of the transport: hop by hop, routing, destination (RFC 8200)
FRAGMENT, AUTHENTICATION = 44, 51


@dataclasses.dataclass
class Frame:
    wire: int
    data: bytes


@dataclasses.dataclass
class Entry:
    """A packet between two addresses, found in a frame."""
    forward: bool       # from the first of the two addresses to the second
    frame: Frame
    start: int          # of the IP header in the frame
    header: int         # octets of IP headers with options and extensions
    total: int          # octets of the IP packet as its header says
    protocol: int
    fragment: int = 0   # identification
    offset: int = 0     # octets
    more: bool = False

    @property
    def present(self):  # octets of the IP packet that the capture holds, padding of the frame included
        return len(self.frame.data) - self.start

    @property
    def transport(self):
        return self.frame.data[self.start + self.header:self.start + self.total]

    @property
    def beyond(self):  # the IP packet says that it is longer than the frame was on the wire
        return self.total > self.frame.wire - self.start

    @property
    def headless(self):  # there is no room for the whole transport header
        return self.offset == 0 and self.total - self.header < PORTS.get(self.protocol, 0)

    @property
    def fragmented(self):
        return self.more or self.offset > 0


def read(path):
    """The frames of a file as far as it can be read; [] for what is no capture."""
    data = path.read_bytes()
    magic = data[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        return list(_pcapng(data))
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
    return list(_pcap(data, order[magic])) if magic in order else []


def _pcap(data, order):
    version = struct.unpack_from(order + "HH", data, 4)
    at = 24
    while at + 16 <= len(data):
        captured, wire = struct.unpack_from(order + "II", data, at + 8)
        # Writers before version 2.3 put the two lengths the other way round.
        if version < (2, 3) or (version == (2, 3) and captured > wire):
            captured, wire = wire, captured
        at += 16
        if at + captured > len(data):
            return
        yield Frame(wire, data[at:at + captured])
        at += captured


def _pcapng(data):
    at, order = 0, "<"
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or at + length > len(data):
            return
        if kind in (2, 6) and length >= 32:  # packet and enhanced packet
            captured, wire = struct.unpack_from(order + "II", data, at + 20)
            yield Frame(wire, data[at + 28:at + 28 + min(captured, length - 32)])
        elif kind == 3 and length >= 16:  # simple packet
            (wire,) = struct.unpack_from(order + "I", data, at + 8)
            yield Frame(wire, data[at + 12:at + 12 + min(wire, length - 16)])
        at += length


def between(frames, protocol, first, second):
    """Packets of an IP protocol between two ends (address, port), addresses packed; port None = any.

    Later fragments have the ports of the first one of their datagram, wherever that is in the file. A header that an
    ICMP error quotes is no packet.
    """
    found = []
    unknown = first[1] == second[1] == 0  # ports: none could be read
    ends = ((first[0], None), (second[0], None)) if unknown else (first, second)
    for frame in frames:
        entry = _search(frame, protocol, ends, True)
        if entry is None and first[0] != second[0]:
            entry = _search(frame, protocol, ends[::-1], False)
        if entry is not None:
            found.append(entry)
    if first[1] is None:
        return found
    if unknown:
        named = {(e.forward, e.fragment) for e in found if e.offset == 0 and e.fragmented and _has_ports(e)}
        return [e for e in found if not (_has_ports(e) if e.offset == 0 else (e.forward, e.fragment) in named)]
    firsts = {(e.forward, e.fragment) for e in found if e.fragmented and e.offset == 0}
    return [e for e in found if e.offset == 0 or (e.forward, e.fragment) in firsts]


def _has_ports(entry):
    return not entry.headless and entry.transport[:4] != b"\0\0\0\0"


def _search(frame, protocol, ends, forward):
    (source, source_port), (destination, destination_port) = ends
    pattern, distance = source + destination, 12 if len(source) == 4 else 8
    at = frame.data.find(pattern)
    while at >= 0:
        if at >= distance:
            entry = _header(frame, at - distance, len(source), protocol, forward)
            if entry is not None and not _quoted(frame.data, entry.start):
                if source_port is None or entry.offset > 0 or protocol not in PORTS:
                    return entry
                ports = entry.transport[:4]
                if len(ports) == 4 and not entry.headless:
                    pair = struct.unpack(">HH", ports)
                    if pair == (source_port, destination_port):
                        return entry
                    if source == destination and pair == (destination_port, source_port):
                        entry.forward = False
                        return entry
        at = frame.data.find(pattern, at + 1)
    return None


def _header(frame, start, size, protocol, forward):
    data = frame.data
    if size == 4:
        header = (data[start] & 15) * 4
        if data[start] >> 4 != 4 or header < 20 or data[start + 9] != protocol:
            return None
        total, identification, offset = struct.unpack_from(">HHH", data, start + 2)
        # A length of 0 is an offloaded segment: what the frame holds.
        return Entry(forward, frame, start, header, total or len(data) - start, protocol, identification,
                     (offset & 0x1FFF) * 8, bool(offset & 0x2000))
    if data[start] >> 4 != 6:
        return None
    payload = struct.unpack_from(">H", data, start + 4)[0]
    entry = Entry(forward, frame, start, 40, 40 + payload if payload else len(data) - start, protocol)
    following = data[start + 6]
    while following != protocol and entry.offset == 0:
        at = start + entry.header
        if at + 8 > len(data):
            return None
        if following == FRAGMENT:
            bits, entry.fragment = struct.unpack_from(">HI", data, at + 2)
            entry.offset, entry.more = bits & 0xFFF8, bool(bits & 1)
            entry.header += 8
        elif following in EXTENSIONS:
            entry.header += 8 + data[at + 1] * 8
        elif following == AUTHENTICATION:
            entry.header += 8 + data[at + 1] * 4
        else:
            return None
        following = data[at]
    return entry if following == protocol else None


def _quoted(data, start):
    """Whether the IP header at `start` is what an ICMP error quotes (RFC 792, RFC 4443)."""
    if start >= 28 and data[start - 28] >> 4 == 4 and data[start - 28 + 9] == ICMP:
        return data[start - 8] in (3, 4, 5, 11, 12)
    return start >= 48 and data[start - 48] >> 4 == 6 and data[start - 48 + 6] == ICMPV6 and 0 < data[start - 8] < 128


def as_sent(entry):
    """The IP packet without what routers change: hop count, service class, header checksum."""
    data = bytearray(entry.frame.data[entry.start:entry.start + entry.total])
    if data[0] >> 4 == 4:
        data[1] = data[8] = data[10] = data[11] = 0
    else:
        data[0:4] = b"\x60\0\0\0"
        data[7] = 0
    return entry.forward, bytes(data)


def short_header(seen, source, destination):
    """Whether a frame has, between these addresses, an IPv4 header that says it is shorter than 20 octets."""
    for frame in seen:
        at = frame.data.find(source + destination)
        while at >= 0:
            if at >= 12 and frame.data[at - 12] >> 4 == 4 and frame.data[at - 12] & 15 < 5:
                return True
            at = frame.data.find(source + destination, at + 1)
    return False


def datagrams(entries):
    """Whole datagrams: (entry of the first fragment or of the whole packet, octets of IP header and payload), and
    fragments of those that are not complete: (whole, left over)."""
    whole, parts = [], {}
    for entry in entries:
        if entry.fragmented:
            parts.setdefault((entry.forward, entry.fragment), []).append(entry)
        else:
            whole.append((entry, entry.total))
    left = []
    for fragments in parts.values():
        fragments.sort(key=lambda e: e.offset)
        reach = 0
        for entry in fragments:
            if entry.offset > reach:
                break
            reach = max(reach, entry.offset + entry.total - entry.header)
        if not fragments[-1].more and reach >= fragments[-1].offset + fragments[-1].total - fragments[-1].header:
            whole.append((fragments[0], fragments[0].header + reach))
        else:
            left += fragments
    return whole, left


def checksums_good(entry):
    """IPv4 header and TCP, UDP or ICMP checksums, where the packet is whole; True where nothing can be said."""
    data = entry.frame.data[entry.start:entry.start + entry.total]
    v4 = data[0] >> 4 == 4
    if v4 and _sum(data[:entry.header]) != 0xFFFF:
        return False
    body = data[entry.header:]
    if entry.fragmented or len(data) < entry.total or entry.protocol not in (ICMP, TCP, UDP, ICMPV6):
        return True
    if entry.protocol == UDP and body[6:8] == b"\0\0":
        return True
    addresses = data[12:20] if v4 else data[8:40]
    pseudo = b"" if entry.protocol == ICMP else addresses + struct.pack(">II", len(body), entry.protocol)
    return _sum(pseudo + body) == 0xFFFF


def _sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
