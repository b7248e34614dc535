# V8 (SNI) 名前で分かるDNS over HTTPS / DNS over HTTPS told by the name that is asked for
city: kakuu-city
lens:
  - sni dns.google 10.20.22.11
hosts:
  one: {ip: 10.20.22.11, vlan: 222, ttl: 128}
  doh: {ip: 203.0.113.153, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 115}
violation:
  - {at: 1s, from: one, to: doh, tcp: 443, send: 320, receive: 900, rounds: 3}
expect:
  - SEG-FORBIDDEN|DNS-LEAK 10.20.22.11 203.0.113.153
  - DNS-LEAK 10.20.22.11 203.0.113.153
twin:
  - {at: 1s, from: one, to: lgwan-asp, tcp: 443, send: 320, receive: 900, rounds: 3}
