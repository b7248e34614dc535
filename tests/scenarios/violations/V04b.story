# V4 (IPv6・ARP) スマートフォンのテザリング / a telephone's tethering told by ARP and its IPv6 addresses
city: reiji-city
hosts:
  phone: {ip: 172.20.10.2, vlan: 321, mac: "02:00:00:00:43:01", ttl: 64}
  phone-six: {ip: "2001:db8:777::2", vlan: 210, mac: "02:00:00:00:43:02", ttl: 64}
  there: {ip: "2001:db8:888::8", vlan: 399, mac: "02:00:ac:1f:14:99", ttl: 50}
  net-one: {ip: 10.130.21.92, vlan: 321, mac: "02:00:00:00:43:01", ttl: 64}
violation:
  - {at: 1s, from: phone, arp: gratuitous}
  - {at: 5s, from: phone-six, to: there, udp: 443, outcome: dropped, send: 900}
expect:
  - DEV-UNKNOWN 02:00:00:00:43:01
  - IPV6-LEAK 02:00:00:00:43:02
  - ?SEG-FORBIDDEN 2001:db8:777::2
twin:
  - {at: 1s, from: net-one, arp: gratuitous}
