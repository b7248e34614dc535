# V1 (IPv6) 重要システムのサーバーの誤接続 / a critical server's cable in a terminal's socket, IPv6 alone
city: soutei-city
hosts:
  stray: {ip: "fd30:231:0:13::77", vlan: 333, ttl: 64}
  near: {ip: "fd30:231:0:13::78", vlan: 333, ttl: 64}
violation:
  - {at: 1s, from: stray, to: near, on: 321, ndp: solicitation}
  - {at: 2s, from: stray, to: near, on: 321, udp: 137, outcome: unanswered, send: 50}
expect:
  - L2-MIX
twin:
  - {at: 1s, from: stray, to: near, ndp: solicitation}
  - {at: 2s, from: stray, to: near, udp: 137, outcome: unanswered, send: 50}
