# V24 他課のサーバーを順に試す端末 / a terminal that slowly tries the servers of other sections
city: reiji-city
hosts:
  pc: {ip: 10.130.22.66, vlan: 322, ttl: 128}
  servers: {ip: 10.130.10.101-10.130.10.170, vlan: 310, ttl: 128}
  own: {ip: 10.130.10.101-10.130.10.108, vlan: 310, ttl: 128}
violation:
  - {at: 1s, from: pc, to: servers, tcp: 3389, send: 400, receive: 600, gap: 40s}
expect:
  - SCAN-INSIDE 10.130.22.66
twin:
  - {at: 1s, from: pc, to: own, tcp: 3389, send: 400, receive: 600, gap: 40s, count: 2, every: 20m}
