# V9 自動更新・利用状況送信の直接通信 / updates and telemetry going straight out
city: kakuu-city
hosts:
  pc: {ip: 10.20.21.51, vlan: 221, ttl: 128}
  update: {ip: 203.0.113.90, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 51}
violation:
  - {at: 1s, from: pc, to: update, tcp: 443, outcome: dropped, tries: 3}
  - {at: 60s, from: pc, to: update, tcp: 80, outcome: dropped, tries: 3}
expect:
  - ?UPDATE-DIRECT 10.20.21.51
  - SEG-FORBIDDEN 10.20.21.51 203.0.113.90
twin:
  - {at: 1s, from: pc, to: lg-wsus, tcp: 8530, send: 400, receive: 2000}
