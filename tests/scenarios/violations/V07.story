# V7 期限の切れた例外措置の継続使用 / an exception in use after its end
city: kakuu-city
time: 2027-04-02T09:00:00+09:00
violation:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8530, send: 640, receive: 2900}
expect:
  - EXC-EXPIRED 10.20.10.6
twin:
  - {at: 1s, from: lg-wsus, to: lg-ad, tcp: 8530, send: 640, receive: 2900}
