# V2 (BPDUなし) スイッチを介さないハブによる接続 / two segments joined by a hub that knows no spanning tree
city: hinagata-city
hosts:
  lg-one: {ip: 172.16.21.77, vlan: 21, ttl: 128}
violation:
  - {at: 1s, from: lg-one, call: llmnr}
  - {at: 1001ms, from: lg-one, on: 32, call: llmnr}
  - {at: 3s, from: lg-one, to: lg-ad, udp: 53, send: 40, receive: 80, family: ipv4}
expect:
  - L2-MIX|LOOP
twin:
  - {at: 1s, from: lg-one, call: llmnr}
  - {at: 1001ms, from: lg-one, call: llmnr}
  - {at: 3s, from: lg-one, to: lg-ad, udp: 53, send: 40, receive: 80, family: ipv4}
