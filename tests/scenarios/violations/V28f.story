# V28 (量の境) 届け出た量をちょうど越えた利用 / an exception used beyond its volume, and just within it
city: kakuu-city
exceptions:
  - id: EX-VOLUME
    reason: 文書管理システムの引継ぎデータの受取り
    approver: 最高情報統括責任者
    ticket: 架空情例第8-98号
    from: 2026-04-01
    until: 2027-03-31
    volume: {bytes: 1MiB, per: 24h}
    source: {addresses: [100.64.9.21]}
    destination: {addresses: [10.20.10.13]}
    protocol: tcp
    ports: [443]
hosts:
  partner: {ip: 100.64.9.21, vlan: 299, mac: "02:00:64:40:02:99", ttl: 120}
violation:
  - {at: 1s, from: partner, to: lg-document, tcp: 443, send: 1000, receive: 50000, rounds: 21, pause: 2s}
expect:
  - EXC-VOLUME EX-VOLUME
twin:
  - {at: 1s, from: partner, to: lg-document, tcp: 443, send: 1000, receive: 45000, rounds: 21, pause: 2s}
