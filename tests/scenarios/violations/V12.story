# V12 承認のない遠隔操作 / remote access that nobody approved
city: kakuu-city
hosts:
  attacker: {ip: 203.0.113.66, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 49}
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
  lg-one: {ip: 10.20.22.15, vlan: 222, ttl: 128}
violation:
  - {at: 1s, from: attacker, to: lg-one, tcp: 3389, send: 600, receive: 900}
  - {at: 20s, from: net-one, to: lg-finance, tcp: 5900, send: 600, receive: 900}
  - {at: 40s, from: lg-one, to: attacker, tcp: 7070, outcome: dropped}
  - {at: 60s, from: lg-one, to: attacker, udp: 51820, outcome: dropped}
expect:
  - REMOTE 203.0.113.66 10.20.22.15
  - REMOTE 10.30.21.31 10.20.10.12
  - REMOTE 10.20.22.15 203.0.113.66
  - ?TUNNEL 10.20.22.15
twin:
  - {at: 1s, from: lg-one, to: net-vdi, tcp: 3389, send: 600, receive: 900, family: ipv4}
  - {at: 20s, from: lgwan-vendor, to: lg-finance, tcp: 3389, send: 600, receive: 900}
