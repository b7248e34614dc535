# V28 (曜日・深夜) 土曜の午前0時をまたぐ保守時間 / maintenance hours that run over midnight into Saturday
city: kakuu-city
time: 2026-11-21T02:30:00+09:00
twintime: 2026-11-21T01:30:00+09:00
exceptions:
  - id: EX-NIGHT
    reason: 文書管理システムの夜間の保守
    approver: 最高情報統括責任者
    ticket: 架空情例第8-99号
    from: 2026-04-01
    until: 2027-03-31
    weekdays: [mon-fri]
    hours: ["22:00-02:00"]
    source: {addresses: [100.64.9.20]}
    destination: {addresses: [10.20.10.13]}
    protocol: tcp
    ports: [22]
hosts:
  night: {ip: 100.64.9.20, vlan: 299, mac: "02:00:64:40:02:99", ttl: 120}
violation:
  - {at: 1s, from: night, to: lg-document, tcp: 22, send: 300, receive: 900}
expect:
  - SEG-NO-EXCEPTION 100.64.9.20 10.20.10.13
  - ?REMOTE 100.64.9.20
twin:
  - {at: 1s, from: night, to: lg-document, tcp: 22, send: 300, receive: 900}
