# V16 (二階層・時刻) 領域をまたぐ時刻と名前 / time and names across the two tiers, answers alone seen
city: two-tier-union
violation:
  - {at: 1s, from: mn-server, to: net-server, udp: 123, send: 48, receive: 48, only: responder}
  - {at: 20s, from: net-server, to: mn-server, tcp: 389, outcome: refused}
expect:
  - SEG-FORBIDDEN 192.168.10.5 192.168.1.5
  - SEG-FORBIDDEN 192.168.1.5 192.168.10.5
twin:
  - {at: 1s, from: mn-pc, to: mn-server, udp: 123, send: 48, receive: 48, only: responder, count: 1, gap: 5m}
  - {at: 20s, from: net-pc, to: net-server, tcp: 389, outcome: refused, gap: 5m}
