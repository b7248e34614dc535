# V19 無害化ゲートウェイの迂回 / past the sanitising gateway
city: kakuu-city
hosts:
  lg-one: {ip: 10.20.22.15, vlan: 222, ttl: 128}
violation:
  - {at: 1s, from: lg-one, to: net-web, tcp: 445, send: 300, receive: 4000}
  - {at: 20s, from: lg-one, to: net-rds, tcp: 9427, send: 300, receive: 4000}
  - {at: 40s, from: net-mail, to: lg-document, tcp: 21, send: 300, receive: 400}
expect:
  - SAN-BYPASS 10.20.22.15 10.30.200.2
  - SAN-SIDECHANNEL 10.20.22.15 10.30.40.12
  - ?SAN-SIDECHANNEL 10.20.22.15
  - SAN-BYPASS 10.30.10.25 10.20.10.13
twin:
  - {at: 1s, from: lg-file-sanitiser, to: net-file-sanitiser, tcp: 443, send: 300, receive: 4000}
  - {at: 20s, from: lg-one, to: net-rds, tcp: 3389, send: 300, receive: 4000}
