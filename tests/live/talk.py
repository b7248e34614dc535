#!/usr/bin/env python3
"""talk.py serve PORT | talk.py ask HOST PORT RATE | talk.py listen ADDRESS PORT | talk.py shout IFACE COUNT: ordinary
traffic, made by the kernel.

serve, ask: RATE short conversations a second, each a request and an answer of some kilobytes.
listen: takes what comes and forgets it (a syslog receiver over TCP).
shout: COUNT frames out of an interface that should be silent.
"""
import socket
import sys
import threading
import time


def serve(port):
    with socket.create_server(("0.0.0.0", port), backlog=64) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(b"a" * 6000)


def ask(host, port, rate):
    begin, n = time.monotonic(), 0
    while True:
        try:
            with socket.create_connection((host, port), timeout=1) as peer:
                peer.sendall(b"q" * 200)
                while peer.recv(65536):
                    pass
        except OSError:
            pass
        n += 1
        time.sleep(max(0.0, begin + n / rate - time.monotonic()))


def drink(peer):
    while peer.recv(65536):
        pass


def listen(address, port):
    with socket.create_server((address, port), reuse_port=True) as server:
        while True:
            threading.Thread(target=drink, args=(server.accept()[0],), daemon=True).start()


def shout(interface, count):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind((interface, 0))
    for _ in range(count):
        sock.send((b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 0x77]) + b"\x88\xb5").ljust(60, b"\0"))  # 88b5: for experiments


word, rest = sys.argv[1], sys.argv[2:]
if word == "serve":
    serve(int(rest[0]))
elif word == "ask":
    ask(rest[0], int(rest[1]), float(rest[2]))
elif word == "listen":
    listen(rest[0], int(rest[1]))
else:
    shout(rest[0], int(rest[1]))
