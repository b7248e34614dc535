#!/usr/bin/env python3
"""Shows a capture as another wire would: the same story in a tunnel, in fragments, out of order, in other words.

    lens.py IN.pcap OUT.pcap LINE...

Each line alters what it names and leaves everything else as it is. A and B are two hosts of the story that talk.

    tunnel KIND FROM TO A B     what A and B say goes between FROM (A's end) and TO; KIND is gre, ipip, 6in4, vxlan, teredo
    protocol NUMBER A B         what A and B say is of another IP protocol; what was a UDP header is its payload
    fragment OCTETS A           A's IPv4 packets come in fragments of at most so many octets of payload
    backwards OCTETS A          the same, the last fragment first
    order                       frames within half a millisecond come in the opposite order, as some mirrors show them
    sni NAME A                  A's first data segment of each TCP connection is a TLS greeting that asks for NAME
    dns NAME A                  what A sends to port 53 or 5355 asks for NAME
    untagged                    the VLAN tags are gone
"""
import ipaddress
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kit"))
from checksum import checksum  # noqa: E402  shared by what writes frames


def packed(text):
    return ipaddress.ip_address(text).packed


class Frame:
    """Link header with its tags, then an IP packet; `ip` is None where there is none."""

    def __init__(self, time, octets):
        self.time = time
        at = 12
        while octets[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
            at += 4
        kind = octets[at:at + 2]
        self.link, self.ip = octets[:at], None
        self.rest = octets[at:]
        if kind in (b"\x08\x00", b"\x86\xdd"):
            self.ip = octets[at + 2:]

    def octets(self):
        if self.ip is None:
            return self.link + self.rest
        return self.link + (b"\x08\x00" if self.ip[0] >> 4 == 4 else b"\x86\xdd") + self.ip

    def ends(self):
        if self.ip is None:
            return None
        if self.ip[0] >> 4 == 4:
            return self.ip[12:16], self.ip[16:20]
        return self.ip[8:24], self.ip[24:40]

    def parts(self):
        """Protocol and payload of an IP packet."""
        if self.ip[0] >> 4 == 4:
            head = (self.ip[0] & 15) * 4
            return self.ip[9], self.ip[head:struct.unpack(">H", self.ip[2:4])[0]]
        return self.ip[6], self.ip[40:40 + struct.unpack(">H", self.ip[4:6])[0]]

    def between(self, a, b):
        ends = self.ends()
        return ends is not None and ends in ((packed(a), packed(b)), (packed(b), packed(a)))


def ip_packet(source, target, protocol, payload, ttl=64, number=0, part=0):
    """`part`: the field of flags and offset."""
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, ttl) + source + target + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), number, part, ttl, protocol, 0) + source + target
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(source, target, ports, payload):
    head = struct.pack(">HHHH", *ports, 8 + len(payload), 0)
    pseudo = source + target + struct.pack(">HH", 17, 8 + len(payload))
    return head[:6] + struct.pack(">H", checksum(pseudo + head + payload) or 0xffff) + payload


def again(frame, payload, protocol=None):
    """The packet of a frame with another payload."""
    was, _ = frame.parts()
    source, target = frame.ends()
    if len(source) == 16:
        frame.ip = ip_packet(source, target, protocol or was, payload, frame.ip[7])
    else:
        number = struct.unpack(">H", frame.ip[4:6])[0]
        frame.ip = ip_packet(source, target, protocol or was, payload, frame.ip[8], number)


def tunnel(frames, kind, here, there, a, b):
    for number, frame in enumerate(frames):
        if not frame.between(a, b):
            continue
        source, target = (here, there) if frame.ends()[0] == packed(a) else (there, here)
        source, target = packed(source), packed(target)
        inner = frame.ip
        if kind == "gre":
            protocol, payload = 47, b"\0\0" + (b"\x08\x00" if inner[0] >> 4 == 4 else b"\x86\xdd") + inner
        elif kind in ("ipip", "6in4"):
            protocol, payload = (4 if inner[0] >> 4 == 4 else 41), inner
        elif kind == "vxlan":
            link = bytes.fromhex("020000000001020000000002") + (b"\x08\x00" if inner[0] >> 4 == 4 else b"\x86\xdd")
            protocol, payload = 17, udp(source, target, (50001, 4789), b"\x08\0\0\0\0\0\x07\0" + link + inner)
        elif kind == "teredo":
            protocol, payload = 17, udp(source, target, (3544, 3544), inner)
        else:
            sys.exit(f"no tunnel {kind}")
        frame.ip = ip_packet(source, target, protocol, payload, 64, number + 1)
    return frames


def protocol(frames, number, a, b):
    for frame in frames:
        if frame.between(a, b):
            again(frame, frame.parts()[1], int(number))
    return frames


def fragment(frames, size, a, backwards=False):
    size = int(size) // 8 * 8
    out = []
    for number, frame in enumerate(frames):
        if frame.ip is None or frame.ip[0] >> 4 != 4 or frame.ends()[0] != packed(a) or len(frame.parts()[1]) <= size:
            out.append(frame)
            continue
        kind, payload = frame.parts()
        pieces = []
        for at in range(0, len(payload), size):
            more = 0x2000 if at + size < len(payload) else 0
            piece = Frame(frame.time, frame.octets())
            piece.ip = ip_packet(*frame.ends(), kind, payload[at:at + size], frame.ip[8], 7000 + number, more | at // 8)
            pieces.append(piece)
        out += reversed(pieces) if backwards else pieces
    return out


def order(frames):
    at = 0
    while at < len(frames):
        end = at
        while end < len(frames) and frames[end].time - frames[at].time < 500_000:
            end += 1
        times = [frame.time for frame in frames[at:end]]
        frames[at:end] = frames[at:end][::-1]
        for frame, time in zip(frames[at:end], times):
            frame.time = time
        at = end
    return frames


def greeting(name, size):
    """A ClientHello that asks for `name`, filled up to `size` octets."""
    host = name.encode()
    ask = struct.pack(">HBH", len(host) + 3, 0, len(host)) + host
    extensions = struct.pack(">HH", 0, len(ask)) + ask
    fixed = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    pad = size - (5 + 4 + len(fixed) + 2 + len(extensions)) - 4
    if pad < 0:
        sys.exit(f"sni: {size} octets are too few for {name}")
    extensions += struct.pack(">HH", 21, pad) + bytes(pad)
    body = fixed + struct.pack(">H", len(extensions)) + extensions
    body = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(body)) + body


def sni(frames, name, a):
    met = {}
    for frame in frames:
        if frame.ip is None or frame.ends()[0] != packed(a):
            continue
        kind, payload = frame.parts()
        if kind != 6:
            continue
        head = (payload[12] >> 4) * 4
        if len(payload) == head:
            continue
        # A copy beyond the router is the same segment.
        first = met.setdefault((frame.ends()[1], payload[:4]), payload[4:8])
        if payload[4:8] != first:
            continue
        data = payload[:16] + b"\0\0" + payload[18:head] + greeting(name, len(payload) - head)
        source, target = frame.ends()
        length = struct.pack(">I", len(data)) if len(source) == 16 else struct.pack(">H", len(data))
        check = checksum(source + target + length + b"\0\x06" + data)
        again(frame, data[:16] + struct.pack(">H", check) + data[18:])
    return frames


def dns(frames, name, a):
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\x01\0\x01"
    for number, frame in enumerate(frames):
        if frame.ip is None or frame.ends()[0] != packed(a):
            continue
        kind, payload = frame.parts()
        if kind != 17 or payload[2:4] not in (b"\0\x35", b"\x14\xeb"):
            continue
        ports = struct.unpack(">HH", payload[:4])
        again(frame, udp(*frame.ends(), ports, struct.pack(">HHHHHH", ports[0], 0x100, 1, 0, 0, 0) + question))
    return frames


def untagged(frames):
    for frame in frames:
        frame.link = frame.link[:12]
    return frames


LENSES = {"tunnel": tunnel, "protocol": protocol, "fragment": fragment, "order": order, "sni": sni, "dns": dns,
          "untagged": untagged, "backwards": lambda frames, size, a: fragment(frames, size, a, True)}


def look(source, target, lines):
    octets = source.read_bytes()
    head, at = octets[:24], 24
    unit = {b"\xd4\xc3\xb2\xa1": 1000, b"\x4d\x3c\xb2\xa1": 1}[head[:4]]
    frames = []
    while at < len(octets):
        seconds, part, kept, _ = struct.unpack("<IIII", octets[at:at + 16])
        frames.append(Frame(seconds * 1_000_000_000 + part * unit, octets[at + 16:at + 16 + kept]))
        at += 16 + kept
    for line in lines:
        word, *rest = line.split()
        frames = LENSES[word](frames, *rest)
    with open(target, "wb") as out:
        out.write(head)
        for frame in frames:
            data = frame.octets()
            out.write(struct.pack("<IIII", frame.time // 1_000_000_000, frame.time % 1_000_000_000 // unit,
                                  len(data), len(data)) + data)


if __name__ == "__main__":
    look(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:])
