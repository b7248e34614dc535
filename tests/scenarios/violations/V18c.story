# V18 (ルータ経由) ルータが中継した名前の呼出し / calls of a My Number terminal, forwarded into the LGWAN segment
city: kakuu-city
hosts:
  mn-one: {ip: 10.10.21.31, vlan: 121, ttl: 128}
violation:
  - {at: 1s, from: mn-one, on: 221, call: mdns, mac: "02:fe:01:00:00:dd", ttl: 127}
  - {at: 2s, from: mn-one, on: 221, call: ssdp, mac: "02:fe:01:00:00:dd", ttl: 3}
expect:
  - L2-MIX
twin:
  - {at: 1s, from: mn-one, call: mdns}
  - {at: 2s, from: mn-one, call: ssdp}
