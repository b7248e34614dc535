# V15 (ICMP・IPMI) 領域をまたぐ死活監視と遠隔電源 / pings and remote power across segments
city: reiji-city
violation:
  - {at: 1s, from: lg-ad, to: mn-resident, icmp: echo, send: 32, rounds: 3, family: ipv4}
  - {at: 20s, from: lg-ad, to: mn-wsus, udp: 623, outcome: dropped, send: 23, tries: 3, family: ipv4}
expect:
  - SEG-FORBIDDEN 10.120.10.5 10.110.10.11
  - SEG-FORBIDDEN 10.120.10.5 10.110.10.6
twin:
  - {at: 1s, from: mn-ad, to: mn-resident, icmp: echo, send: 32, rounds: 3, on: 110}
  - {at: 20s, from: lg-ad, to: lg-wsus, udp: 623, outcome: unanswered, send: 23, tries: 3, family: ipv4}
