# V6 (GRE) 申請のないトンネル / a tunnel that nobody declared: GRE between two segments
city: kakuu-city
hosts:
  a: {ip: 10.10.21.31, vlan: 221, mac: "02:0a:0a:14:15:0b"}
  b: {ip: 10.10.10.11, vlan: 221, mac: "02:fe:01:00:00:dd"}
  c: {ip: 10.10.21.32, vlan: 221, mac: "02:0a:0a:14:15:0b"}
  d: {ip: 10.10.10.12, vlan: 221, mac: "02:0a:0a:14:16:0b"}
lens:
  - tunnel gre 10.20.21.11 10.30.40.12 10.10.21.31 10.10.10.11
  - tunnel gre 10.20.21.11 10.20.22.11 10.10.21.32 10.10.10.12
violation:
  - {at: 1s, from: a, to: b, on: 221, tcp: 443, send: 300, receive: 900}
expect:
  - TUNNEL 10.20.21.11 10.30.40.12
twin:
  - {at: 1s, from: c, to: d, on: 221, tcp: 443, send: 300, receive: 900}
