# V13 領域間で共用された複合機 / a printer shared between segments
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.21.61, vlan: 221, ttl: 128}
violation:
  - {at: 1s, from: lg-one, to: mn-printer, tcp: 9100, send: 1700}
  - {at: 20s, from: mn-printer, to: lg-document, tcp: 445, send: 1700, receive: 200}
expect:
  - SEG-FORBIDDEN 10.20.21.61 10.10.90.11
  - SEG-FORBIDDEN 10.10.90.11 10.20.10.13
twin:
  - {at: 1s, from: lg-one, to: lg-mfp, tcp: 9100, send: 1700}
  - {at: 20s, from: lg-mfp, to: lg-document, tcp: 445, send: 1700, receive: 200}
