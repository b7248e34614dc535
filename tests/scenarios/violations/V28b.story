# V28 (UDP・別のサーバー) 保守回線の対象外の利用 / a maintenance line used for what it is not for
city: kakuu-city
violation:
  - {at: 1s, from: lgwan-vendor, to: lg-finance, udp: 3389, send: 400, receive: 900}
  - {at: 20s, from: lgwan-vendor, to: lg-document, tcp: 3389, send: 400, receive: 900}
  - {at: 40s, from: lgwan-vendor, to: mn-file, tcp: 3389, outcome: dropped}
expect:
  - SEG-NO-EXCEPTION|SEG-FORBIDDEN 100.64.9.10 10.20.10.12
  - SEG-NO-EXCEPTION|SEG-FORBIDDEN 100.64.9.10 10.20.10.13
  - SEG-NO-EXCEPTION|SEG-FORBIDDEN|REMOTE 100.64.9.10 10.10.10.30
twin:
  - {at: 1s, from: lgwan-vendor, to: lg-finance, tcp: 3389, begin: middle, send: 400, receive: 900, rounds: 4}
