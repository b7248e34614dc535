# V2 2つの領域をハブでつないだ / two segments joined by a hub
city: kakuu-city
hosts:
  mn-switch: {ip: 10.10.99.2, vlan: 121, mac: "02:00:5e:00:21:01"}
  mn-one: {ip: 10.10.21.79, vlan: 121, ttl: 128}
violation:
  - {at: 1s, from: mn-switch, bpdu: "02:00:5e:00:21:01"}
  - {at: 1100ms, from: mn-switch, on: 221, bpdu: "02:00:5e:00:21:01"}
  - {at: 2s, from: mn-one, arp: gratuitous}
  - {at: 2100ms, from: mn-one, on: 221, arp: gratuitous}
expect:
  - LOOP|L2-MIX
twin:
  - {at: 1s, from: mn-switch, bpdu: "02:00:5e:00:21:01", count: 3, every: 2s}
  - {at: 2s, from: mn-one, arp: gratuitous, count: 2, every: 1s}
