# V26 学校など適用範囲外のネットワーク / a school's network, out of scope
city: kakuu-city
hosts:
  school: {ip: 10.70.3.25, vlan: 321, ttl: 128}
  school-two: {ip: 10.70.4.9, vlan: 321, ttl: 128}
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
violation:
  - {at: 1s, from: school, to: net-ad, udp: 53, outcome: unanswered, send: 37, tries: 2, pause: 2s, family: ipv4}
  - {at: 20s, from: school-two, to: mn-file, tcp: 445, outcome: dropped}
expect:
  - SEG-FORBIDDEN|DNS-LEAK 10.70.3.25 10.30.10.5
  - SEG-FORBIDDEN 10.70.4.9 10.10.10.30
  - ?L2-MIX 10.70.3.25
  - ?L2-MIX 10.70.4.9
twin:
  - {at: 1s, from: net-one, to: net-ad, udp: 53, outcome: unanswered, send: 37, tries: 2, pause: 2s, family: ipv4}
