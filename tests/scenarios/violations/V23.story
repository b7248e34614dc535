# V23 感染が疑われる端末の横展開 / a terminal that tries every machine of its segment
city: kakuu-city
hosts:
  pc: {ip: 10.20.21.66, vlan: 221, ttl: 128}
  targets: {ip: 10.20.10.101-10.20.10.180, vlan: 210, ttl: 128}
  few: {ip: 10.20.10.101-10.20.10.104, vlan: 210, ttl: 128}
violation:
  - {at: 1s, from: pc, to: targets, tcp: 445, outcome: unanswered, gap: 200ms}
expect:
  - SCAN-INSIDE 10.20.21.66
twin:
  - {at: 1s, from: pc, to: few, tcp: 445, send: 200, receive: 400, gap: 200ms}
