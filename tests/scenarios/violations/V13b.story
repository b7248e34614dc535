# V13 (UDP・返りだけ) 領域間で共用された複合機 / a shared printer: SNMP, and scans of which only the answers are seen
city: hinagata-city
hosts:
  lg-mfp: {ip: 172.16.22.90, vlan: 22}
violation:
  - {at: 1s, from: mn-pc, to: lg-mfp, udp: 161, send: 60, receive: 90, gap: 5m}
  - {at: 60s, from: lg-mfp, to: mn-resident, tcp: 445, send: 1700, receive: 200, only: responder, seen: initiator}
expect:
  - SEG-FORBIDDEN 172.16.11.31 172.16.22.90
  - SEG-FORBIDDEN 172.16.22.90 172.16.10.11
  - ?SEG-FORBIDDEN
twin:
  - {at: 1s, from: lg-pc, to: lg-mfp, udp: 161, send: 60, receive: 90, gap: 5m, family: ipv4}
  - {at: 60s, from: lg-mfp, to: lg-groupware, tcp: 445, send: 1700, receive: 200, only: responder, seen: initiator, family: ipv4}
