# V12 (見慣れない港) 高い番号どうしの遠隔操作 / a conversation between two high ports, from the Internet segment into LGWAN
city: hinagata-city
violation:
  - {at: 1s, from: net-pc, to: lg-groupware, udp: 51820, port: 51820, send: 148, receive: 92, rounds: 5, family: ipv4, count: 1, gap: 5m}
expect:
  - SAN-BYPASS|TUNNEL|SEG-FORBIDDEN 172.16.32.7 172.16.20.11
  - ?SAN-BYPASS
  - ?TUNNEL
twin:
  - {at: 1s, from: net-pc, to: net-ad, udp: 51820, port: 51820, send: 148, receive: 92, rounds: 5, family: ipv4, count: 1, gap: 5m}
