# V21 (返りだけ) 公開サーバーへの着信 / visitors of a published server, of whom only the answers are seen
city: kakuu-city
hosts:
  visitor: {ip: 198.51.100.90, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 49}
  by-own-line: {ip: 198.51.100.91, vlan: 399, mac: "02:44:55:66:77:91", ttl: 49}
violation:
  - {at: 1s, from: by-own-line, to: net-web, tcp: 443, send: 600, receive: 9000, only: responder}
  - {at: 30s, from: visitor, to: net-web, tcp: 22, send: 600, receive: 900, only: responder}
expect:
  - SEG-FORBIDDEN 198.51.100.91 10.30.200.2
  - REMOTE 198.51.100.90 10.30.200.2
twin:
  - {at: 1s, from: visitor, to: net-web, tcp: 443, send: 600, receive: 9000, only: responder}
