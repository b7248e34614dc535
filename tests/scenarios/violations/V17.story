# V17 IPv6の漏れ / IPv6 that nobody planned
city: kakuu-city
hosts:
  stray-router: {ip: "fd66:1::1", vlan: 121, mac: "02:00:66:00:00:01"}
  mn-one: {ip: 10.10.21.79, vlan: 121, ttl: 128}
  teredo-far: {ip: 203.0.113.54, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
  lg-gateway: {ip: ["10.20.21.1", "fd10:20:0:21::1"], vlan: 221, mac: "02:fe:01:00:00:dd"}
violation:
  - {at: 1s, from: stray-router, ra: "2001:db8:66::/64"}
  - {at: 20s, from: mn-one, to: teredo-far, udp: 3544, outcome: dropped, send: 61, tries: 2}
expect:
  - ROGUE-RA 02:00:66:00:00:01
  - SEG-FORBIDDEN|TUNNEL 10.10.21.79 203.0.113.54
twin:
  - {at: 1s, from: lg-gateway, ra: "fd10:20:0:21::/64"}
