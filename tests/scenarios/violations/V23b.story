# V23 (IPv6・UDP・拒否) 拒否され続ける探索 / a sweep that is refused, by IPv6
city: reiji-city
hosts:
  pc: {ip: "fd20:130:0:21::66", vlan: 321, ttl: 128}
  targets: {ip: "fd20:130:0:10::100-fd20:130:0:10::150", vlan: 310}
violation:
  - {at: 1s, from: pc, to: targets, tcp: 3389, outcome: refused, gap: 500ms}
expect:
  - SCAN-INSIDE fd20:130:0:21::66
twin:
  - {at: 1s, from: pc, to: net-file, tcp: 3389, outcome: refused, count: 3, every: 10s, family: ipv6}
