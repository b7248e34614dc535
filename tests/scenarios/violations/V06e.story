# V6 (TCPでもUDPでもない) 境界を越えるほかのIPプロトコル / another IP protocol across the boundary
city: kakuu-city
lens:
  - protocol 103 10.20.22.11 10.10.10.30
  - protocol 132 10.20.22.12 10.10.10.30
  - protocol 103 10.20.22.11 10.20.10.13
  - protocol 132 10.20.22.12 10.20.10.13
hosts:
  one: {ip: 10.20.22.11, vlan: 222, ttl: 128}
  two: {ip: 10.20.22.12, vlan: 222, ttl: 128}
violation:
  - {at: 1s, from: one, to: mn-file, udp: 4001, send: 200, outcome: unanswered}
  - {at: 9s, from: two, to: mn-file, udp: 4002, send: 200, receive: 200}
expect:
  - SEG-FORBIDDEN 10.20.22.11 10.10.10.30
  - SEG-FORBIDDEN 10.20.22.12 10.10.10.30
twin:
  - {at: 1s, from: one, to: lg-document, udp: 4001, send: 200, outcome: unanswered}
  - {at: 9s, from: two, to: lg-document, udp: 4002, send: 200, receive: 200}
