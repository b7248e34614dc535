# V21 (IPv6・別の回線) 別の回線へ出るIPv6 / IPv6 that leaves by another line
city: soutei-city
hosts:
  one: {ip: ["10.230.21.21", "fd30:230:0:21::21"], vlan: 321, ttl: 128}
  site: {ip: ["203.0.113.201", "2001:db8:21d::80"], vlan: 399, mac: "02:00:00:00:21:dd", ttl: 52}
  site-by-sc: {ip: ["203.0.113.202", "2001:db8:21e::80"], vlan: 399, mac: "02:00:ac:1f:1e:99", ttl: 52}
routers:
  boundary:
    legs:
      321: {ip: [10.230.21.1, "fd30:230:0:21::1"]}
      399: {ip: [10.230.254.2, "fd30:230:0:254::2"]}
violation:
  - {at: 1s, from: one, to: site, tcp: 443, send: 300, receive: 900, family: ipv6}
  - {at: 20s, from: one, to: site, udp: 443, send: 900, receive: 900, family: ipv4}
expect:
  - EGRESS-BYPASS fd30:230:0:21::21 2001:db8:21d::80
  - EGRESS-BYPASS 10.230.21.21 203.0.113.201
  - ?IPV6-LEAK
twin:
  - {at: 1s, from: one, to: site-by-sc, tcp: 443, send: 300, receive: 900, family: ipv6}
  - {at: 20s, from: one, to: site-by-sc, udp: 443, send: 900, receive: 900, family: ipv4}
