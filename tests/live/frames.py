#!/usr/bin/env python3
"""frames.py story IFACE1 IFACE2 | frames.py burst IFACE COUNT | frames.py strangers IFACE FIRST COUNT RATE: frames for a
sensor, sent as they are.

story: conversations between two segments as two mirror ports show them: in VLANs, under two tags, routed from one tap to
the other, in fragments of either order, answered by ICMP errors of routers, over IPv4 and IPv6, in a tunnel and in a
remote mirror. Prints how many frames it sent on each interface.
burst: COUNT frames as fast as possible.
strangers: COUNT connection attempts into the My Number segment, each by another address (the FIRSTth and on), RATE a second:
so many incidents, and so many alerts.
"""
import pathlib
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kit"))
from checksum import checksum  # noqa: E402  shared by what writes frames

CONVERSATIONS = 48
MIRROR = "192.0.2.250"  # mirror_receivers of the configuration


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ipv4(source, destination, protocol, payload, ident=0, offset=0, more=False, ttl=64):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, (0x2000 if more else 0) | offset // 8, ttl, protocol,
                       0, address(source), address(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, protocol, payload, hops=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, hops, address(source), address(destination)) + payload


def ip(source, destination, protocol, payload, ident=0, ttl=64):
    if ":" in source:
        return ipv6(source, destination, protocol, payload, ttl)
    return ipv4(source, destination, protocol, payload, ident, ttl=ttl)


def fragments(source, destination, datagram, ident):
    """A UDP datagram in three parts."""
    parts = []
    for offset in (0, 400, 800):
        piece, more = datagram[offset:offset + 400], offset < 800
        if ":" in source:
            head = struct.pack("!BBHI", 17, 0, offset | (1 if more else 0), ident)
            parts.append(ipv6(source, destination, 44, head + piece))
        else:
            parts.append(ipv4(source, destination, 17, piece, ident, offset, more))
    return parts


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0x1234) + payload


def tcp(sport, dport, flags, sequence, payload=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, sequence, 1 if flags & 16 else 0, 0x50, flags, 8192, sequence & 0xFFFF, 0) + payload


def ethernet(packet, source, destination, tags=()):
    frame = bytes([2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source])
    for tpid, vlan in tags:
        frame += struct.pack("!HH", tpid, vlan)
    return frame + struct.pack("!H", 0x0800 if packet[0] >> 4 == 4 else 0x86DD) + packet


def story():
    """Steps of (tap, frame), each to be over before the next begins. MACs: 1 and 2 the hosts, 3 the router between them."""
    steps = [[] for _ in range(14)]

    def step(number, tap, packet, source, destination, tags=()):
        steps[number].append((tap, ethernet(packet, source, destination, tags)))

    right = ((0x8100, 20),)
    for i in range(CONVERSATIONS):
        left = [((0x8100, 10),), (), ((0x88A8, 100), (0x8100, 10)), ((0x8100, 100), (0x8100, 10), (0x8100, 11))][i % 4]
        for family in (4, 6):
            port, far = 20000 + i, 7 * i % 200 + 1
            if family == 4:
                a, b, router, icmp, unreachable = f"10.77.1.{i + 1}", f"10.77.3.{far}", f"10.77.{i + 100}.1", 1, 3
            else:
                a, b, router, icmp, unreachable = f"fd77:0:0:1::{i + 1:x}", f"fd77:0:0:3::{far:x}", f"fd77:0:0:{i + 100:x}::1", 58, 1

            # TCP, each packet before the router on one tap and behind it on the other: another VLAN, other MACs, a hop less.
            syn, answer, data = tcp(port, 445, 2, 100), tcp(445, port, 18, 900), tcp(port, 445, 24, 101, b"x" * 40)
            step(0, 0, ip(a, b, 6, syn, 3 * i + 1), 1, 3, left)
            step(1, 1, ip(a, b, 6, syn, 3 * i + 1, 63), 3, 2, right)
            step(2, 1, ip(b, a, 6, answer, 3 * i + 2), 2, 3, right)
            step(3, 0, ip(b, a, 6, answer, 3 * i + 2, 63), 3, 1, left)
            step(4, 0, ip(a, b, 6, data, 3 * i + 3), 1, 3, left)
            step(5, 1, ip(a, b, 6, data, 3 * i + 3, 63), 3, 2, right)

            # UDP in fragments, in order, and on the other tap the other way round.
            for part in fragments(a, b, udp(port, 5060, bytes(1000)), 1000 + i):
                step(6, 0, part, 1, 3, left)
            for part in reversed(fragments(a, b, udp(port + 1000, 5060, bytes(1000)), 2000 + i)):
                step(7, 1, part, 3, 2, right)

            # A query that a router refuses: the error quotes it and goes to its sender. The same from a router to somebody
            # who has sent nothing is a conversation of its own.
            query = ip(a, b, 17, udp(port + 2000, 161, b"q" * 20), 3000 + i)
            step(8, 0, query, 1, 3, left)
            error = struct.pack("!BBHI", unreachable, 1, 0xABCD, 0) + query[:60]
            step(9, 1, ip(router, a, icmp, error, 4000 + i), 3, 1, right)
            step(10, 0, ip(router, b, icmp, error, 5000 + i), 3, 2)

        # In a tunnel between segments; and one more packet of the TCP conversation through a remote mirror.
        inner = ipv4(f"10.77.2.{i + 1}", "10.77.3.9", 6, tcp(30000 + i, 22, 2, 5), 6000 + i)
        step(11, 0, ipv4(f"10.77.1.{i + 1}", "10.77.3.8", 4, inner, 7000 + i), 1, 3)
        more = ipv4(f"10.77.1.{i + 1}", f"10.77.3.{7 * i % 200 + 1}", 6, tcp(20000 + i, 445, 24, 141, b"y" * 30), 8000 + i)
        erspan = struct.pack("!HHIII", 0x1000, 0x88BE, i, 0x100A << 16, 0) + ethernet(more, 1, 3, ((0x8100, 10),))
        step(12, 1, ipv4("192.0.2.9", MIRROR, 47, erspan, 9000 + i), 8, 9)
        steps[13].append((1, bytes([255] * 6 + [2, 0, 0, 0, 0, 1]) + struct.pack("!H", 0x0806) + bytes(46)))
    return steps


def open_socket(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    return sock


def strangers(sock, first, count, rate):
    begin = time.monotonic()
    for n in range(count):
        number = first + n
        source = f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        packet = ip(source, "10.77.1.10", 6, tcp(1024 + number % 60000, 445, 2, number * 7919 & 0xFFFFFFFF), ident=number & 0xFFFF)
        sock.send(ethernet(packet, 9, 1).ljust(60, b"\0"))
        time.sleep(max(0.0, begin + (n + 1) / rate - time.monotonic()))


def main():
    if sys.argv[1] == "burst":
        sock, count = open_socket(sys.argv[2]), int(sys.argv[3])
        frame = ethernet(ipv4("10.77.1.1", "10.77.3.1", 17, udp(1, 2, bytes(1000))), 1, 2)
        for _ in range(count):
            sock.send(frame)
        print(count)
        return
    if sys.argv[1] == "strangers":
        strangers(open_socket(sys.argv[2]), *(int(word) for word in sys.argv[3:6]))
        return
    socks = [open_socket(name) for name in sys.argv[2:4]]
    sent = [0, 0]
    for frames in story():
        for tap, frame in frames:
            socks[tap].send(frame.ljust(60, b"\0"))
            sent[tap] += 1
        time.sleep(0.15)  # twice a block's time-out, and the sensor's turn
    print(*sent)


main()
