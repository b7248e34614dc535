# V6 (断片) 断片化した禁止通信 / forbidden datagrams in fragments
city: reiji-city
lens:
  - fragment 512 10.120.10.13
  - fragment 512 10.110.21.31
hosts:
  mn-one: {ip: 10.110.21.31, vlan: 121, ttl: 128}
violation:
  - {at: 1s, from: lg-document, to: mn-resident, udp: 2049, send: 1400, outcome: unanswered, tries: 3}
expect:
  - SEG-FORBIDDEN 10.120.10.13 10.110.10.11
twin:
  - {at: 1s, from: mn-one, to: mn-resident, udp: 2049, send: 1400, outcome: unanswered, tries: 3}
