# V20 (UDP・片側) 画面転送の逆方向 / screen transfer the wrong way round: UDP, one side seen
city: hinagata-city
violation:
  - {at: 1s, from: net-vdi, to: lg-groupware, udp: 8443, send: 900, receive: 600, rounds: 3, seen: initiator, family: ipv4, gap: 5m}
expect:
  - SEG-FORBIDDEN 172.16.31.11 172.16.20.11
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: lg-pc, to: net-vdi, udp: 8443, send: 900, receive: 600, rounds: 3, seen: initiator, family: ipv4, count: 1, gap: 5m}
