# V18 (IPv6・WSD) 別の領域に聞こえる呼出し / WSD and IPv6 calls of one segment heard in another
city: kakuu-city
hosts:
  net-one: {ip: [10.30.21.78, "fd10:30:0:21::78"], vlan: 321, ttl: 128}
violation:
  - {at: 1s, from: net-one, on: 121, call: wsd, family: ipv4}
  - {at: 3s, from: net-one, on: 121, call: mdns, family: ipv6}
expect:
  - L2-MIX
twin:
  - {at: 1s, from: net-one, call: wsd, family: ipv4}
  - {at: 3s, from: net-one, call: mdns, family: ipv6}
