# V7 (途中から・片方向) 期限の切れた例外措置の継続使用 / past its end: a connection that was open before, one direction seen
city: soutei-city
time: 2026-12-29T09:00:00+09:00
twintime: 2026-12-28T09:00:00+09:00
hosts:
  outlet: {ip: 10.230.41.11, vlan: 341}
violation:
  - {at: 1s, from: lg-file-sanitiser, to: outlet, tcp: 443, begin: middle, send: 900, receive: 200, rounds: 60, pause: 1s, only: initiator}
expect:
  - EXC-EXPIRED 10.220.41.11
twin:
  - {at: 1s, from: lg-file-sanitiser, to: outlet, tcp: 443, begin: middle, send: 900, receive: 200, rounds: 60, pause: 1s, only: initiator}
