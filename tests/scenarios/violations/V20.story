# V20 画面転送の逆方向 / screen transfer the wrong way round
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.22.15, vlan: 222, ttl: 128}
  rds-one: {ip: 10.30.40.21, vlan: 340, ttl: 128}
violation:
  - {at: 1s, from: rds-one, to: lg-one, tcp: 3389, send: 900, receive: 1600, rounds: 2}
expect:
  - SEG-FORBIDDEN 10.30.40.21 10.20.22.15
twin:
  - {at: 1s, from: lg-one, to: rds-one, tcp: 3389, send: 900, receive: 1600, rounds: 2}
