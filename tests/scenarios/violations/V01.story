# V1 別の領域のスイッチへの誤接続 / a cable of one segment in another segment's switch
city: kakuu-city
hosts:
  stray: {ip: 10.10.21.77, vlan: 121, ttl: 128}
  lg-one: {ip: 10.20.21.78, vlan: 221, ttl: 128}
violation:
  - {at: 1s, from: stray, on: 221, arp: gratuitous}
  - {at: 2s, from: stray, on: 221, call: llmnr}
  - {at: 3s, from: stray, to: mn-file, on: 221, tcp: 445, outcome: unanswered, tries: 2}
expect:
  - L2-MIX 02:0a:0a:0a:15:4d
twin:
  - {at: 1s, from: stray, arp: gratuitous}
  - {at: 2s, from: stray, call: llmnr}
  - {at: 3s, from: stray, to: mn-file, tcp: 445, outcome: unanswered, tries: 2}
  - {at: 5s, from: lg-one, arp: gratuitous}
