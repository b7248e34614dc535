# V29 許可された通信を装うICMPエラー / ICMP errors from where nobody stands, and those of routers on the permitted way
city: kakuu-city
hosts:
  mn-one: {ip: 10.10.22.61, vlan: 122, ttl: 128}
  net-one: {ip: 10.30.21.61, vlan: 321, ttl: 128}
  mn-two: {ip: 10.10.21.61, vlan: 121, ttl: 128}
  sc-web: {ip: 203.0.113.80, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
  chukan: {ip: 100.64.1.10, vlan: 299, mac: "02:00:64:40:02:99", ttl: 57}
routers:
  boundary:
    legs:
      110: {ip: 10.20.254.1}
      121: {ip: 10.30.21.67}
      122: {ip: 10.30.21.66}
      299: {ip: 10.20.254.2}
      310: {ip: 10.30.10.1}
      321: {ip: 198.18.0.1}
      399: {ip: 203.0.113.1}
violation:
  - {at: 1s, from: mn-one, to: mn-file, tcp: 445, outcome: prohibited}
  - {at: 20s, from: mn-two, to: sc-web, tcp: 443, outcome: prohibited}
expect:
  - SEG-FORBIDDEN 10.30.21.66 10.10.22.61
  - SEG-FORBIDDEN 10.10.21.61 203.0.113.80
  - SEG-FORBIDDEN 10.30.21.67 10.10.21.61
twin:
  - {at: 1s, from: net-one, to: sc-proxy, tcp: 8080, outcome: prohibited}
  - {at: 10s, from: net-one, to: sc-dns, udp: 53, outcome: prohibited, send: 40}
  - {at: 20s, from: mn-atena, to: chukan, tcp: 443, outcome: prohibited}
  - {at: 30s, from: sc-relay, to: net-mail, tcp: 25, outcome: prohibited}
