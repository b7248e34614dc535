# V19 (最後の断片から) 断片で届く画面転送と、隣のポート / fragments whose last one comes first: RDP, and the port beside it
city: kakuu-city
lens:
  - backwards 400 10.20.21.11
hosts:
  lg-one: {ip: 10.20.21.11, vlan: 221, ttl: 128}
violation:
  - {at: 1s, from: lg-one, to: net-vdi, udp: 3390, send: 1300, receive: 200, rounds: 4, family: ipv4}
expect:
  - SAN-BYPASS 10.20.21.11 10.30.40.5
twin:
  - {at: 1s, from: lg-one, to: net-vdi, udp: 3389, send: 1300, receive: 200, rounds: 4, family: ipv4}
