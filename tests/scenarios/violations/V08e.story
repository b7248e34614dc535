# V8 (セキュリティクラウド経由) 公開リゾルバへの問合せ / a public resolver asked through the security cloud
city: kakuu-city
hosts:
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
  google-dns: {ip: 8.8.8.8, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 115}
  quad-nine: {ip: 9.9.9.9, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 56}
  one-one: {ip: 1.1.1.1, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 56}
  some-dns: {ip: 203.0.113.53, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 56}
  some-web: {ip: 203.0.113.80, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 56}
violation:
  - {at: 1s, from: net-one, to: google-dns, udp: 53, send: 40, receive: 90, count: 5, every: 2s}
  - {at: 20s, from: net-pc, to: quad-nine, tcp: 853, send: 300, receive: 900, family: ipv4, gap: 5m, count: 1}
  - {at: 40s, from: net-ad, to: one-one, tcp: 443, send: 300, receive: 900, family: ipv4}
expect:
  - DNS-LEAK 10.30.21.31 8.8.8.8
  - DNS-LEAK 10.30.21.7 9.9.9.9
  - ?DNS-LEAK
  - DNS-LEAK 10.30.10.5 1.1.1.1
twin:
  - {at: 1s, from: net-one, to: net-ad, udp: 53, send: 40, receive: 90, family: ipv4, count: 5, every: 2s}
  - {at: 20s, from: net-ad, to: sc-dns, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 30s, from: net-ad, to: some-dns, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 40s, from: net-one, to: some-web, tcp: 443, send: 300, receive: 900}
