# V6 (IPv6・UDP・片側) 試験用の許可設定の消し忘れ / a forgotten test rule: IPv6, UDP, seen behind the firewall alone
city: kakuu-city
hosts:
  mn-one: {ip: "fd10:10:0:21::99", vlan: 121, ttl: 128}
  lg-log: {ip: "fd10:20:0:10::60", vlan: 210}
  mn-log: {ip: "fd10:10:0:10::60", vlan: 110}
violation:
  - {at: 1s, from: mn-one, to: lg-log, udp: 514, send: 300, outcome: unanswered, tries: 3, seen: responder}
expect:
  - SEG-FORBIDDEN fd10:10:0:21::99 fd10:20:0:10::60
twin:
  - {at: 1s, from: mn-one, to: mn-log, udp: 514, send: 300, outcome: unanswered, tries: 3, seen: responder}
