# V3 (転送なし) 1枚のカードで2つの領域のアドレスを使う端末 / one card with addresses of two segments, forwarding nothing
city: reiji-city
hosts:
  leg-net: {ip: 10.130.21.60, vlan: 321, ttl: 128, mac: "02:00:00:00:60:60"}
  leg-lg: {ip: 10.120.10.60, vlan: 210, ttl: 128, mac: "02:00:00:00:60:60"}
  own-two: {ip: 10.130.22.60, vlan: 322, ttl: 128, mac: "02:00:00:00:60:60"}
violation:
  - {at: 1s, from: leg-net, to: net-ad, udp: 53, send: 40, receive: 80, family: ipv4}
  - {at: 2m, from: leg-lg, to: lg-document, tcp: 443, send: 400, receive: 900, family: ipv4}
  - {at: 12m, from: net-pc, to: net-ad, udp: 53, send: 40, receive: 80, family: ipv4}
expect:
  - DUAL-HOMED 02:00:00:00:60:60
twin:
  - {at: 1s, from: leg-net, to: net-ad, udp: 53, send: 40, receive: 80, family: ipv4}
  - {at: 2m, from: own-two, to: net-ad, udp: 53, send: 40, receive: 80, family: ipv4}
  - {at: 12m, from: net-pc, to: net-ad, udp: 53, send: 40, receive: 80, family: ipv4}
