# V18 名前の呼出しが別の領域に聞こえる / calls of one segment heard in another
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.21.78, vlan: 221, ttl: 128}
violation:
  - {at: 1s, from: lg-one, on: 321, call: nbns}
  - {at: 2s, from: lg-one, on: 321, call: ssdp}
expect:
  - L2-MIX 02:0a:0a:14:15:4e
twin:
  - {at: 1s, from: lg-one, call: nbns}
  - {at: 2s, from: lg-one, call: ssdp}
  - {at: 3s, from: lg-one, call: mdns}
