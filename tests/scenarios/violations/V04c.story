# V4 (二階層・接続共有) 接続共有のアドレスの漏れ / addresses of connection sharing in the Internet segment of two tiers
city: two-tier-union
hosts:
  shared: {ip: 192.168.137.1, vlan: 1, mac: "02:00:00:00:13:71", ttl: 128}
  net-one: {ip: 192.168.1.41, vlan: 1, mac: "02:00:00:00:13:71", ttl: 128}
violation:
  - {at: 1s, from: shared, arp: gratuitous}
  - {at: 5s, from: shared, call: mdns}
expect:
  - DEV-UNKNOWN 02:00:00:00:13:71
twin:
  - {at: 1s, from: net-one, arp: gratuitous}
  - {at: 5s, from: net-one, call: mdns}
