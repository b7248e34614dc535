# V9 (QUIC・RST) 自動更新の直接通信 / updates going straight out by QUIC, refused
city: reiji-city
hosts:
  update: {ip: ["203.0.113.99", "2001:db8:9::99"], vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 51}
violation:
  - {at: 1s, from: lg-vdi, to: update, udp: 443, outcome: prohibited, send: 1200, family: ipv4, gap: 1s}
  - {at: 60s, from: lg-wsus, to: update, tcp: 8531, outcome: rejected, family: ipv4}
expect:
  - SEG-FORBIDDEN 10.120.40.11 203.0.113.99
  - UPDATE-DIRECT 10.120.10.6 203.0.113.99
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: lg-vdi, to: lg-wsus, tcp: 8531, send: 300, receive: 900, family: ipv4}
  - {at: 9s, from: mn-wsus, to: lgwan-update, tcp: 8530, send: 300, receive: 900}
