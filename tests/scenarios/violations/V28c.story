# V28 (緊急・期間前) 保守回線の期間外の利用 / a maintenance line before its exception begins
city: soutei-city
time: 2026-09-30T23:50:00+09:00
twintime: 2026-10-01T00:00:01+09:00
hosts:
  outlet: {ip: 10.230.41.11, vlan: 341}
violation:
  - {at: 1s, from: lg-file-sanitiser, to: outlet, tcp: 443, send: 900, receive: 200}
expect:
  - SEG-NO-EXCEPTION|SEG-FORBIDDEN 10.220.41.11 10.230.41.11
twin:
  - {at: 1s, from: lg-file-sanitiser, to: outlet, tcp: 443, send: 900, receive: 200}
