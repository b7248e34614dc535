# V9 (片側) 境界の外側でだけ見えた更新の直接通信 / updates going straight out, seen behind the boundary alone
city: hinagata-city
hosts:
  update: {ip: 203.0.113.98, vlan: 39, mac: "02:00:ac:1f:0a:39", ttl: 51}
lens:
  - sni fe2.update.microsoft.com 172.16.21.11
  - sni fe2.update.microsoft.com 172.16.20.6
violation:
  - {at: 1s, from: lg-wsus, to: update, tcp: 443, send: 400, receive: 900, seen: responder}
expect:
  - UPDATE-DIRECT|EGRESS-BYPASS|SEG-FORBIDDEN 172.16.20.6 203.0.113.98
twin:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 400, receive: 900, seen: responder}
