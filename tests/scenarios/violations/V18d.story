# V18 (別の領域の同報) 別の領域の同報アドレスへの呼出し / a call to the broadcast address of another segment
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.21.79, vlan: 221, ttl: 128}
  mn-all: {ip: 10.10.21.255, vlan: 221, mac: "02:fe:01:00:00:dd"}
  lg-all: {ip: 10.20.21.255, vlan: 221, mac: "ff:ff:ff:ff:ff:ff"}
violation:
  - {at: 1s, from: lg-one, to: mn-all, udp: 137, outcome: unanswered, send: 50, tries: 3, on: 221}
expect:
  - SEG-FORBIDDEN 10.20.21.79 10.10.21.255
twin:
  - {at: 1s, from: lg-one, to: lg-all, udp: 137, outcome: unanswered, send: 50, tries: 3, on: 221}
