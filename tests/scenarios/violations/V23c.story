# V23 (ping) 次々と呼び掛ける端末 / a terminal that pings everybody, and one that pings its servers
city: kakuu-city
hosts:
  ill: {ip: 10.10.22.66, vlan: 122, ttl: 128}
  many: {ip: 10.10.10.100-10.10.10.140, vlan: 110}
  few: {ip: 10.10.10.100-10.10.10.111, vlan: 110}
violation:
  - {at: 0s, from: mn-zeimu, to: mn-ad, udp: 53, send: 40, receive: 90, family: ipv4, count: 1, gap: 5m}
  - {at: 1s, from: ill, to: many, icmp: echo, outcome: unanswered, send: 32, gap: 200ms}
expect:
  - SCAN-INSIDE 10.10.22.66
twin:
  - {at: 0s, from: mn-zeimu, to: mn-ad, udp: 53, send: 40, receive: 90, family: ipv4, count: 1, gap: 5m}
  - {at: 1s, from: ill, to: few, icmp: echo, outcome: unanswered, send: 32, gap: 200ms}
