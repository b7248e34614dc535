# V21 (両側が見える) セキュリティクラウドを経由しない直接接続 / past the security cloud, where both sides of the firewall are seen
city: kakuu-city
hosts:
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
  net-six: {ip: "fd10:30:0:21::31", vlan: 321, ttl: 128}
  own-line: {ip: 203.0.113.80, vlan: 310, mac: "02:00:5e:00:99:01", ttl: 57}
  sc-web: {ip: 203.0.113.80, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
  sc-web-six: {ip: "2001:db8:80::80", vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
violation:
  - {at: 1s, from: net-one, to: own-line, tcp: 443, send: 500, receive: 1300}
  - {at: 30s, from: net-one, to: own-line, udp: 443, send: 500, receive: 1300}
expect:
  - EGRESS-BYPASS 10.30.21.31 203.0.113.80
twin:
  - {at: 1s, from: net-one, to: sc-web, tcp: 443, send: 500, receive: 1300}
  - {at: 20s, from: net-one, to: sc-web, udp: 443, send: 500, receive: 1300}
  - {at: 30s, from: net-six, to: sc-web-six, tcp: 443, send: 500, receive: 1300}
  - {at: 40s, from: net-six, to: sc-web-six, udp: 443, send: 500, receive: 1300}
  - {at: 50s, from: net-one, to: sc-web, tcp: 80, outcome: unanswered, tries: 3}
  - {at: 60s, from: net-one, to: sc-web, icmp: echo}
