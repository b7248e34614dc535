# V5 (別の領域のサーバー) 別の領域のDHCPサーバーの応答 / another segment's DHCP server answers
city: kakuu-city
hosts:
  pc: {ip: 10.20.21.53, vlan: 221, ttl: 128}
  foreign: {ip: 10.30.10.5, vlan: 221, mac: "02:0a:0a:1e:0a:05"}
  relay: {ip: 10.20.10.5, vlan: 221, mac: "02:fe:01:00:00:dd"}
violation:
  - {at: 1s, from: pc, to: foreign, dhcp: exchange, on: 221}
expect:
  - ROGUE-DHCP 02:0a:0a:1e:0a:05
  - ?L2-MIX 02:0a:0a:1e:0a:05
twin:
  - {at: 1s, from: pc, to: relay, dhcp: exchange, on: 221}
