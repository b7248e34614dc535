# V14 (二重化) 機器が入れ替わる仮想アドレスと、別の領域に現れた機器 / an address that moves to a twin, and a card that turns up elsewhere
city: hinagata-city
hosts:
  one: {ip: 172.16.20.71, vlan: 20, mac: "02:00:00:00:14:71"}
  two: {ip: 172.16.20.71, vlan: 20, mac: "02:00:00:00:14:72"}
  elsewhere: {ip: 172.16.30.71, vlan: 30, mac: "02:00:00:00:14:71"}
violation:
  - {at: 1s, from: one, arp: gratuitous}
  - {at: 1m, from: elsewhere, arp: gratuitous}
  - {at: 2m, from: one, arp: gratuitous}
  - {at: 3m, from: elsewhere, arp: gratuitous}
expect:
  - DUAL-HOMED|L2-MIX 02:00:00:00:14:71
twin:
  - {at: 1s, from: one, arp: gratuitous}
  - {at: 1m, from: two, arp: gratuitous}
  - {at: 2m, from: one, arp: gratuitous}
  - {at: 3m, from: two, arp: gratuitous}
