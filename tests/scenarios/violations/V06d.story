# V6 (入れ子) 許可された画面転送の宛先とのIPIP / IP in IP between hosts that may speak RDP, with a forbidden pair inside
city: kakuu-city
hosts:
  a: {ip: 10.20.21.12, vlan: 221, mac: "02:0a:0a:14:15:0c"}
  b: {ip: 10.10.10.30, vlan: 221, mac: "02:0a:0a:14:16:0c"}
  c: {ip: 10.20.21.13, vlan: 221, mac: "02:0a:0a:14:15:0d"}
  d: {ip: 10.20.10.13, vlan: 221, mac: "02:0a:0a:14:16:0d"}
lens:
  - tunnel ipip 10.20.21.12 10.20.22.12 10.20.21.12 10.10.10.30
  - tunnel ipip 10.20.21.13 10.20.22.13 10.20.21.13 10.20.10.13
violation:
  - {at: 1s, from: a, to: b, on: 221, tcp: 445, send: 300, receive: 900}
expect:
  - SEG-FORBIDDEN 10.20.21.12 10.10.10.30
twin:
  - {at: 1s, from: c, to: d, on: 221, tcp: 445, send: 300, receive: 900}
