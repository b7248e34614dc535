# V8 外部DNSへの問合せ / DNS past the own resolvers
city: kakuu-city
hosts:
  pc: {ip: 10.20.22.16, vlan: 222, ttl: 128}
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
  google-dns: {ip: 8.8.8.8, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 115}
  quad-nine: {ip: 9.9.9.9, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 56}
violation:
  - {at: 1s, from: pc, to: google-dns, udp: 53, outcome: dropped, send: 40, tries: 3, pause: 5s}
  - {at: 40s, from: lg-pc, to: quad-nine, tcp: 853, outcome: dropped}
  - {at: 60s, from: lg-ad, to: net-ad, udp: 53, send: 40, receive: 90, family: ipv4}
expect:
  - DNS-LEAK 10.20.22.16 8.8.8.8
  - DNS-LEAK 10.20.21.11 9.9.9.9
  - ?DNS-LEAK
  - DNS-LEAK 10.20.10.5 10.30.10.5
twin:
  - {at: 1s, from: pc, to: lg-ad, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 5s, from: net-one, to: net-ad, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 9s, from: net-ad, to: sc-dns, udp: 53, send: 40, receive: 90, family: ipv4}
