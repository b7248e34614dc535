# V12 (二階層) 外部から事務局の端末への遠隔操作 / remote control of a My Number terminal from outside, in two tiers
city: two-tier-union
violation:
  - {at: 1s, from: resident, to: mn-server, tcp: 3389, send: 300, receive: 900}
  - {at: 20s, from: mn-pc, to: web, udp: 51820, send: 148, receive: 92, count: 1, gap: 5m}
expect:
  - REMOTE|SEG-FORBIDDEN 198.51.100.201 192.168.10.5
  - TUNNEL|SEG-FORBIDDEN 192.168.10.21 203.0.113.10
  - ?TUNNEL
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: resident, to: net-web, tcp: 443, send: 300, receive: 900}
  - {at: 20s, from: mn-pc, to: mn-server, udp: 51820, send: 148, receive: 92, count: 1, gap: 5m}
