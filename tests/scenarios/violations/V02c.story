# V2 (ルータの冗長化) 別の領域から聞こえるVRRP / VRRP of another segment's router
city: kakuu-city
hosts:
  mn-router: {ip: 10.10.21.1, vlan: 221, mac: "02:00:00:00:99:79", ttl: 255}
  lg-router: {ip: 10.20.21.1, vlan: 221, mac: "02:fe:01:00:00:dd", ttl: 255}
  group: {ip: 224.0.0.18, vlan: 221, mac: "01:00:5e:00:00:12"}
lens:
  - protocol 112 10.10.21.1 224.0.0.18
  - protocol 112 10.20.21.1 224.0.0.18
violation:
  - {at: 1s, from: mn-router, to: group, udp: 5000, outcome: unanswered, send: 12, tries: 5, on: 221}
expect:
  - L2-MIX
twin:
  - {at: 1s, from: lg-router, to: group, udp: 5000, outcome: unanswered, send: 12, tries: 5, on: 221}
