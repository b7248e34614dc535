# V20 (途中から) 途中から映った画面転送 / screen transfer seen from the middle, the wrong and the right way
city: kakuu-city
violation:
  - {at: 1s, from: net-vdi, to: lg-document, tcp: 3389, begin: middle, send: 300, receive: 600, rounds: 8, pause: 3s, family: ipv4}
expect:
  - SEG-FORBIDDEN 10.30.40.5 10.20.10.13
twin:
  - {at: 1s, from: lg-document, to: net-vdi, tcp: 3389, begin: middle, send: 300, receive: 600, rounds: 8, pause: 3s, family: ipv4}
