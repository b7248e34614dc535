# V22 (β・POP) テキスト化を通らないメール / mail past the text conversion, the other way and by POP
city: reiji-city
hosts:
  mail-outside: {ip: 203.0.113.125, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 52}
violation:
  - {at: 1s, from: lg-mail, to: net-mail, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: lg-document, to: mail-outside, tcp: 110, outcome: rejected}
expect:
  - SAN-BYPASS 10.120.10.25 10.130.10.25
  - SAN-BYPASS 10.120.10.13 203.0.113.125
twin:
  - {at: 1s, from: lg-mail-text, to: net-mail-text, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: net-pc, to: net-mail, tcp: 110, send: 300, receive: 900, family: ipv4}
