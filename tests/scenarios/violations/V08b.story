# V8 (IPv6・DoT・DoH) 外部DNSへの問合せ / DNS past the own resolvers: IPv6, TLS and HTTPS
city: hinagata-city
hosts:
  six: {ip: "fd16:20:0:21::99", vlan: 21, ttl: 128}
  google-six: {ip: "2001:4860:4860::8888", vlan: 39, mac: "02:00:ac:1f:0a:39", ttl: 115}
  cloudflare: {ip: 1.1.1.1, vlan: 39, mac: "02:00:ac:1f:0a:39", ttl: 115}
violation:
  - {at: 1s, from: six, to: google-six, udp: [53, 853], outcome: dropped, send: 40}
  - {at: 20s, from: lg-seisaku, to: cloudflare, udp: 443, outcome: dropped, send: 1200, gap: 60s}
expect:
  - DNS-LEAK fd16:20:0:21::99 2001:4860:4860::8888
  - DNS-LEAK 172.16.22.11 1.1.1.1
  - ?DNS-LEAK
twin:
  - {at: 1s, from: lg-pc, to: lg-ad, udp: 53, send: 40, receive: 90, family: ipv6}
  - {at: 20s, from: lg-ad, to: lbo-dns, udp: 53, send: 40, receive: 90, family: ipv4}
