# V5 (応答だけ・IPv6) 持ち込まれたルータのDHCPv6応答 / DHCPv6 answers of somebody's router, its side alone
city: kakuu-city
hosts:
  own-router: {ip: ["10.20.22.240", "fd10:20:0:22::240"], vlan: 222, mac: "02:00:00:00:05:01"}
  pc: {ip: [10.20.22.52, "fd10:20:0:22::52"], vlan: 222, ttl: 128}
violation:
  - {at: 1s, from: pc, to: own-router, dhcp: [offer, ack]}
  - {at: 9s, from: pc, to: own-router, dhcp: exchange, only: responder}
expect:
  - ROGUE-DHCP 02:00:00:00:05:01
twin:
  - {at: 1s, from: pc, dhcp: [discover, request]}
