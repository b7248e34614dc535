# V17 (アドレス・DHCPv6) グローバルIPv6アドレスの端末 / a terminal with a global IPv6 address, and who gave it
city: hinagata-city
hosts:
  leaked: {ip: "2001:db8:1717::21", vlan: 21, ttl: 128, mac: "02:00:00:00:17:21"}
  there: {ip: "2001:db8:2727::80", vlan: 39, mac: "02:00:ac:1f:0a:39", ttl: 52}
  stray: {ip: "fe80::1717", vlan: 22, mac: "02:00:00:00:17:01"}
violation:
  - {at: 1s, from: stray, ra: "2001:db8:1717::/64"}
  - {at: 5s, from: leaked, to: there, tcp: 443, outcome: dropped, tries: 2}
expect:
  - ROGUE-RA 02:00:00:00:17:01
  - IPV6-LEAK 02:00:00:00:17:21
  - ?SEG-FORBIDDEN 2001:db8:1717::21
twin:
  - {at: 5s, from: lg-pc, to: lg-ad, tcp: 443, send: 40, receive: 90, family: ipv6}
