# V12 (セキュリティクラウド経由・UDP) 承認のない遠隔操作 / remote access through the security cloud, and by UDP
city: reiji-city
hosts:
  attacker: {ip: 198.51.100.66, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 49}
  helper: {ip: 203.0.113.88, vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 49}
violation:
  - {at: 1s, from: attacker, to: net-file, tcp: 22, send: 600, receive: 900, family: ipv4}
  - {at: 30s, from: lg-document, to: helper, udp: 5938, send: 100, receive: 100, rounds: 3, family: ipv4}
  - {at: 60s, from: net-pc, to: lg-document, tcp: 5900, send: 100, receive: 100, family: ipv4, gap: 2m}
expect:
  - REMOTE 198.51.100.66 10.130.10.30
  - REMOTE 10.120.10.13 203.0.113.88
  - REMOTE 10.130.21.11 10.120.10.13
  - ?REMOTE
twin:
  - {at: 1s, from: sc-relay, to: net-mail, tcp: 25, send: 600, receive: 900}
  - {at: 60s, from: net-pc, to: lg-vdi, udp: 3389, send: 100, receive: 100, family: ipv4, count: 1}
