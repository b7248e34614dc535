# V19 (別の画面転送) 届け出のない画面転送製品 / a screen transfer product that is not the registered one
city: kakuu-city
violation:
  - {at: 1s, from: lg-document, to: net-rds, udp: 2598, send: 300, receive: 900, count: 1, gap: 5m}
  - {at: 20s, from: lg-document, to: net-rds, tcp: 9427, send: 300, receive: 900, count: 1, gap: 5m}
expect:
  - SAN-BYPASS 10.20.10.13 10.30.40.12
  - SAN-SIDECHANNEL 10.20.10.13 10.30.40.12
  - ?SAN-BYPASS
  - ?SAN-SIDECHANNEL
twin:
  - {at: 1s, from: lg-document, to: net-rds, udp: 3389, send: 300, receive: 900, count: 1, gap: 5m}
  - {at: 20s, from: lg-document, to: net-rds, tcp: 3389, send: 300, receive: 900, count: 1, gap: 5m}
