# V8 (庁内の転送) 別の領域のDNSへ転送するDNS / a resolver that forwards to another segment's
city: reiji-city
lens:
  - dns www.example.jp 10.120.10.5
  - dns www.example.jp 10.130.21.11
hosts:
  net-one: {ip: 10.130.21.11, vlan: 321, ttl: 128}
violation:
  - {at: 1s, from: lg-ad, to: net-ad, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 9s, from: lg-ad, to: net-ad, tcp: 53, send: 40, receive: 90, family: ipv4}
expect:
  - DNS-LEAK|SAN-BYPASS 10.120.10.5 10.130.10.5
  - ?DNS-LEAK
twin:
  - {at: 1s, from: net-one, to: net-ad, udp: 53, send: 40, receive: 90, family: ipv4}
  - {at: 9s, from: net-ad, to: sc-dns, udp: 53, send: 40, receive: 90, family: ipv4}
