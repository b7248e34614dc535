#!/usr/bin/env python3
"""web.py FOLDER PORT...: serves a folder over IPv4 and IPv6 on every port."""
import functools
import http.server
import socket
import sys
import threading


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6  # and IPv4 as mapped addresses
    request_queue_size = 16

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Not http.server's own: it would look the host's name up.
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "live", self.server_address[1]


handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
servers = [Server(("::", int(port)), handler) for port in sys.argv[2:]]
for server in servers[1:]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
servers[0].serve_forever()
