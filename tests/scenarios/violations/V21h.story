# V21 (返りだけ・途中から・片側) 公開サーバーへの着信 / the same, begun before the capture, on one wire of the firewall
city: kakuu-city
hosts:
  visitor: {ip: 198.51.100.90, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 49}
  by-own-line: {ip: 198.51.100.91, vlan: 399, mac: "02:44:55:66:77:91", ttl: 49}
violation:
  - {at: 1s, from: by-own-line, to: net-web, tcp: 443, send: 600, receive: 9000, begin: middle, only: responder, seen: initiator}
  - {at: 30s, from: by-own-line, to: net-web, udp: 443, send: 600, receive: 900, only: responder, seen: initiator}
expect:
  - SEG-FORBIDDEN 198.51.100.91 10.30.200.2
twin:
  - {at: 1s, from: visitor, to: net-web, tcp: 443, send: 600, receive: 9000, begin: middle, only: responder, seen: initiator}
