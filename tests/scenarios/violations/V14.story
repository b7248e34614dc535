# V14 2つの領域に足を持つNAS / a NAS whose one card serves two segments
city: hinagata-city
hosts:
  nas-lg: {ip: 172.16.22.70, vlan: 22, mac: "02:00:00:00:14:70"}
  nas-net: {ip: 172.16.32.70, vlan: 32, mac: "02:00:00:00:14:70"}
  nas-lg-too: {ip: 172.16.21.70, vlan: 21, mac: "02:00:00:00:14:70"}
  lg-one: {ip: 172.16.22.41, vlan: 22, ttl: 128}
  lg-two: {ip: 172.16.21.42, vlan: 21, ttl: 128}
  net-one: {ip: 172.16.32.41, vlan: 32, ttl: 128}
violation:
  - {at: 1s, from: lg-one, to: nas-lg, tcp: 445, send: 40000, receive: 300}
  - {at: 3m, from: net-one, to: nas-net, tcp: 445, send: 300, receive: 40000}
  - {at: 12m, from: lg-one, to: nas-lg, tcp: 445, send: 300, receive: 300}
expect:
  - DUAL-HOMED 02:00:00:00:14:70
twin:
  - {at: 1s, from: lg-one, to: nas-lg, tcp: 445, send: 40000, receive: 300}
  - {at: 3m, from: lg-two, to: nas-lg-too, tcp: 445, send: 300, receive: 40000}
  - {at: 12m, from: lg-one, to: nas-lg, tcp: 445, send: 300, receive: 300}
