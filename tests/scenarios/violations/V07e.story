# V7 (逆方向・別プロトコル) 例外措置の逆方向の利用 / an exception used the other way round, and by UDP
city: kakuu-city
violation:
  - {at: 1s, from: net-wsus, to: lg-wsus, tcp: 8530, send: 640, receive: 2900}
  - {at: 20s, from: lg-wsus, to: net-wsus, udp: 8530, send: 640, receive: 900}
expect:
  - SEG-NO-EXCEPTION|SAN-BYPASS 10.30.10.6 10.20.10.6
  - SEG-NO-EXCEPTION|SAN-BYPASS 10.20.10.6 10.30.10.6
twin:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8530, send: 640, receive: 2900}
  - {at: 20s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 640, receive: 900}
