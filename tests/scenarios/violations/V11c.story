# V11 (VXLAN) 2つの領域をまたぐレイヤー2の延伸 / a layer 2 stretched over two segments
city: kakuu-city
hosts:
  a: {ip: 10.20.10.13, vlan: 210, mac: "02:0a:0a:14:0a:0d"}
  b: {ip: 10.20.10.99, vlan: 210, mac: "02:fe:01:00:00:d2"}
  c: {ip: 10.20.10.11, vlan: 210, mac: "02:0a:0a:14:0a:0b"}
  d: {ip: 10.20.10.98, vlan: 210, mac: "02:0a:0a:14:0a:2d"}
lens:
  - tunnel vxlan 10.20.10.13 10.10.10.13 10.20.10.13 10.20.10.99
  - tunnel vxlan 10.20.10.11 10.20.10.45 10.20.10.11 10.20.10.98
violation:
  - {at: 1s, from: a, to: b, on: 210, tcp: 443, send: 300, receive: 900}
expect:
  - TUNNEL 10.20.10.13 10.10.10.13
  - ?TUNNEL 10.10.10.13 10.20.10.13   # each end sends from a port of its own: two conversations
twin:
  - {at: 1s, from: c, to: d, on: 210, tcp: 443, send: 300, receive: 900}
