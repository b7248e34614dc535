# V22 テキスト化を通らないメール / mail past the text conversion
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.22.15, vlan: 222, ttl: 128}
  mail-outside: {ip: 203.0.113.25, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
violation:
  - {at: 1s, from: net-mail, to: lg-mail, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: lg-one, to: mail-outside, tcp: 993, send: 300, receive: 900}
expect:
  - SAN-BYPASS 10.30.10.25 10.20.10.25
  - SAN-BYPASS 10.20.22.15 203.0.113.25
twin:
  - {at: 1s, from: net-mail-text, to: lg-mail-text, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: lg-one, to: lg-mail, tcp: 993, send: 300, receive: 900}
