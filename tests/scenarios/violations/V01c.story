# V1 (適用範囲外) 学校の機器をマイナンバー系の差込口に接続 / a school's machine on a socket of the My Number segment
city: kakuu-city
hosts:
  school: {ip: 10.70.1.5, vlan: 121, mac: "02:00:46:00:00:05", ttl: 128}
  mn-one: {ip: 10.10.21.93, vlan: 121, mac: "02:00:46:00:00:05", ttl: 128}
violation:
  - {at: 1s, from: school, arp: gratuitous}
expect:
  - L2-MIX 02:00:46:00:00:05
twin:
  - {at: 1s, from: mn-one, arp: gratuitous}
