# V21 セキュリティクラウドを経由しない直接接続 / straight to the Internet, past the security cloud
city: kakuu-city
hosts:
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
  own-line: {ip: 203.0.113.80, vlan: 321, mac: "02:00:5e:00:99:01", ttl: 57}
  sc-web: {ip: 203.0.113.80, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
violation:
  - {at: 1s, from: net-one, to: own-line, tcp: 443, send: 500, receive: 3000}
expect:
  - EGRESS-BYPASS 10.30.21.31 203.0.113.80
twin:
  - {at: 1s, from: net-one, to: sc-web, tcp: 443, send: 500, receive: 3000, seen: responder}   # beyond the own firewall
  - {at: 20s, from: net-one, to: sc-proxy, tcp: 8080, send: 500, receive: 3000}
