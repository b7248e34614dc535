# V26 (逆方向・UDP) 学校のネットワークへの通信 / talking to a school's network, out of scope
city: reiji-city
hosts:
  school: {ip: 10.170.3.25, vlan: 321, ttl: 60}
violation:
  - {at: 1s, from: net-sangyo, to: school, udp: 161, outcome: dropped, send: 60, gap: 5m}
  - {at: 20s, from: mn-pc, to: school, tcp: 443, outcome: dropped, gap: 5m}
expect:
  - SEG-FORBIDDEN 10.130.22.11 10.170.3.25
  - SEG-FORBIDDEN 10.110.21.31 10.170.3.25
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: net-sangyo, to: net-wsus, udp: 161, outcome: dropped, send: 60, gap: 5m}
