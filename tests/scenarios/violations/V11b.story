# V11 (IPsec) 庁内で終わるVPN / an IPsec session that ends inside
city: soutei-city
hosts:
  vpn-far: {ip: 203.0.113.177, vlan: 399, mac: "02:00:ac:1f:1e:99", ttl: 52}
  pool: {ip: 10.99.7.7, vlan: 210, mac: "02:00:00:00:77:02", ttl: 127}
violation:
  - {at: 1s, from: lg-vdi, to: vpn-far, udp: 4500, send: 120, receive: 120, rounds: 20, gap: 5s}
  - {at: 40s, from: pool, to: lg-ad, tcp: 445, send: 200, receive: 300}
expect:
  - TUNNEL 10.220.40.2 203.0.113.177
  - ?TUNNEL
  - SEG-FORBIDDEN 10.99.7.7 10.220.10.5
twin:
  - {at: 1s, from: net-pc, to: vpn-far, tcp: 443, send: 120, receive: 120, rounds: 3, gap: 5s, seen: responder, family: ipv4}
