# V6 試験用の許可設定の消し忘れ / a forgotten test rule of the firewall
city: kakuu-city
hosts:
  pc: {ip: 10.20.23.41, vlan: 223, ttl: 128}
routers:
  boundary:
    legs:
      110: {ip: 10.10.10.1}
      210: {ip: 10.20.10.1}
      223: {ip: 10.20.23.1}
violation:
  - {at: 1s, from: pc, to: mn-file, tcp: 445, send: 1400, receive: 5200}
  - {at: 20s, from: pc, to: mn-file, tcp: 22, send: 300, receive: 900}
expect:
  - SEG-FORBIDDEN 10.20.23.41 10.10.10.30
twin:
  - {at: 1s, from: pc, to: lg-document, tcp: 445, send: 1400, receive: 5200}
