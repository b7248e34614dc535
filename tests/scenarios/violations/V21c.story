# V21 (許可クラウド) ブレイクアウトによらない許可クラウドへの接続 / a named cloud reached past the breakout
city: hinagata-city
hosts:
  cloud-by-sc: {ip: 203.0.113.10, vlan: 39, mac: "02:00:ac:1f:0a:39", ttl: 54}
violation:
  - {at: 1s, from: lg-pc, to: cloud-by-sc, tcp: 443, send: 500, receive: 3000, family: ipv4, gap: 5m}
expect:
  - EGRESS-BYPASS|SEG-FORBIDDEN 172.16.21.11 203.0.113.10
  - ?EGRESS-BYPASS
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: lg-pc, to: cloud-files, tcp: 443, send: 500, receive: 3000, family: ipv4, gap: 5m}
  - {at: 30s, from: lg-pc, to: cloud-files, tcp: 443, send: 500, receive: 3000, family: ipv6, gap: 5m}
