# V2 (登録済みのルーター) 別の領域の回線に届いたVRRP・OSPF / VRRP and OSPF of a listed router on another segment's wire
city: kakuu-city
hosts:
  mn-leg: {ip: 10.10.21.1, vlan: 121, mac: "02:fe:01:00:00:79", ttl: 255}
  mn-vrrp: {ip: 10.10.22.1, vlan: 122, mac: "00:00:5e:00:01:16", ttl: 255}
  lg-leg: {ip: 10.20.21.1, vlan: 221, mac: "02:fe:01:00:00:dd", ttl: 1}
  vrrp: {ip: 224.0.0.18, vlan: 221, mac: "01:00:5e:00:00:12"}
  ospf: {ip: 224.0.0.5, vlan: 221, mac: "01:00:5e:00:00:05"}
lens:
  - protocol 112 10.10.21.1 224.0.0.18
  - protocol 112 10.10.22.1 224.0.0.18
  - protocol 112 10.20.21.1 224.0.0.18
  - protocol 89 10.20.21.1 224.0.0.5
violation:
  - {at: 1s, from: mn-leg, to: vrrp, udp: 5000, outcome: unanswered, send: 12, tries: 3, on: 221}
  - {at: 10s, from: mn-vrrp, to: vrrp, udp: 5000, outcome: unanswered, send: 12, tries: 3, on: 221}
  - {at: 20s, from: lg-leg, to: ospf, udp: 5000, outcome: unanswered, send: 36, tries: 3, on: 121}
expect:
  - L2-MIX 02:fe:01:00:00:79
  - L2-MIX 00:00:5e:00:01:16
  - L2-MIX 02:fe:01:00:00:dd
twin:
  - {at: 1s, from: mn-leg, to: vrrp, udp: 5000, outcome: unanswered, send: 12, tries: 3, on: 121}
  - {at: 10s, from: mn-vrrp, to: vrrp, udp: 5000, outcome: unanswered, send: 12, tries: 3, on: 122}
  - {at: 20s, from: lg-leg, to: ospf, udp: 5000, outcome: unanswered, send: 36, tries: 3, on: 221}
  - {at: 30s, from: lg-leg, to: vrrp, udp: 5000, outcome: unanswered, send: 12, tries: 3, on: 221}
