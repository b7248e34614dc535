# V7 (日付の境) 年度末の午前0時（日本時間）を越えた例外措置 / an exception past midnight of its last day, Japanese time
city: hinagata-city
time: 2027-04-01T00:00:20+09:00
twintime: 2027-03-31T23:59:00+09:00
violation:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 640, receive: 2900}
expect:
  - EXC-EXPIRED 172.16.20.6 172.16.30.6
twin:
  - {at: 1s, from: lg-wsus, to: net-wsus, tcp: 8531, send: 640, receive: 2900}
