# V7 (使用中に満了) 使っている間に切れた例外措置 / an exception that ends while it is in use
city: hinagata-city
time: 2027-03-31T23:59:30+09:00
twintime: 2027-03-31T23:55:00+09:00
violation:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 640, receive: 2900, rounds: 20, pause: 5s}
expect:
  - EXC-EXPIRED 172.16.20.6 172.16.30.6
twin:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 640, receive: 2900, rounds: 20, pause: 5s}
