# V8 (β) 公開リゾルバと暗号化されたDNS / a public resolver and DNS over TLS in the beta model
city: reiji-city
hosts:
  google-dns: {ip: 8.8.8.8, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 115}
  cloud-dns: {ip: 203.0.113.130, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 60}
violation:
  - {at: 1s, from: net-ad, to: google-dns, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 9s, from: net-sangyo, to: cloud-dns, tcp: 853, send: 300, receive: 900, count: 1, gap: 5m}
expect:
  - DNS-LEAK 10.130.10.5 8.8.8.8
  - DNS-LEAK 10.130.22.11
  - ?DNS-LEAK
twin:
  - {at: 1s, from: net-ad, to: sc-dns, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 9s, from: net-ad, to: sc-dns, tcp: 853, send: 300, receive: 900, family: ipv4}
