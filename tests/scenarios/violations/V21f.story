# V21 (両方向の一方) 外からの返事だけが別の回線から映った / answers that come in by another line than the questions leave
city: reiji-city
hosts:
  site: {ip: 203.0.113.211, vlan: 399, mac: "02:00:00:00:21:ff", ttl: 52}
  site-by-sc: {ip: 203.0.113.212, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 52}
violation:
  - {at: 1s, from: net-sangyo, to: site, tcp: 443, send: 300, receive: 900, only: responder, gap: 5m}
expect:
  - EGRESS-BYPASS|SEG-FORBIDDEN 10.130.22.11 203.0.113.211
  - ?EGRESS-BYPASS
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: net-sangyo, to: site-by-sc, tcp: 443, send: 300, receive: 900, only: responder, gap: 5m}
