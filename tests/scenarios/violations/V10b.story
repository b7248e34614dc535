# V10 (UDP・二段階) 事務局の端末からのメーカー送信 / phoning home from the My Number segment of two tiers
city: two-tier-union
hosts:
  maker: {ip: 203.0.113.200, vlan: 999, ttl: 51}
violation:
  - {at: 1s, from: mn-printer, to: maker, udp: 8883, outcome: dropped, send: 90, tries: 3}
expect:
  - SEG-FORBIDDEN 192.168.10.90 203.0.113.200
twin:
  - {at: 1s, from: net-printer, to: maker, udp: 8883, outcome: dropped, send: 90, tries: 3}
