# V5 持ち込まれた無線ルータのDHCP応答 / DHCP offers of a router that somebody brought along
city: kakuu-city
hosts:
  pc: {ip: 10.20.21.52, vlan: 221, ttl: 128}
  own-router: {ip: 192.168.11.1, vlan: 221, mac: "02:00:c0:a8:0b:01"}
violation:
  - {at: 1s, from: pc, to: own-router, dhcp: exchange}
expect:
  - ROGUE-DHCP 02:00:c0:a8:0b:01
twin:
  - {at: 1s, from: pc, to: lg-ad, dhcp: exchange, on: 221, family: ipv4}
