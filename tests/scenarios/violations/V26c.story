# V26 (IPv6以外すべて) 適用範囲外からのping、その返事だけ / a school's ping of which only the answer is seen
city: kakuu-city
hosts:
  school: {ip: 10.70.5.5, vlan: 121, mac: "02:fe:01:00:00:79", ttl: 60}
violation:
  - {at: 1s, from: school, to: mn-file, icmp: echo, send: 32, rounds: 3, only: responder}
expect:
  - SEG-FORBIDDEN 10.70.5.5 10.10.10.30
twin:
  - {at: 1s, from: mn-zeimu, to: mn-file, icmp: echo, send: 32, rounds: 3, only: responder, count: 1, gap: 5m}
