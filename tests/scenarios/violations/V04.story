# V4 テザリング・接続共有のアドレスの漏れ / addresses of tethering and connection sharing on the wire
city: kakuu-city
hosts:
  tethered: {ip: 192.168.42.129, vlan: 221, mac: "02:00:00:00:42:01", ttl: 128}
  sharing: {ip: 192.168.137.1, vlan: 321, mac: "02:00:00:00:42:02", ttl: 128}
  lg-one: {ip: 10.20.21.91, vlan: 221, mac: "02:00:00:00:42:01", ttl: 128}
violation:
  - {at: 1s, from: tethered, call: llmnr}
  - {at: 5s, from: sharing, call: ssdp}
expect:
  - DEV-UNKNOWN 02:00:00:00:42:01
  - DEV-UNKNOWN 02:00:00:00:42:02
twin:
  - {at: 1s, from: lg-one, call: llmnr}
  - {at: 5s, from: lg-one, call: ssdp}
