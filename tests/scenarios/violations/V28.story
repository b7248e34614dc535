# V28 開けたままの保守回線 / a maintenance line left open
city: kakuu-city
hosts:
  vendor-two: {ip: 100.64.9.11, vlan: 299, mac: "02:00:64:40:02:99", ttl: 120}
violation:
  - {at: 1s, from: lgwan-vendor, to: lg-finance, tcp: 22, send: 400, receive: 900}
  - {at: 20s, from: vendor-two, to: lg-finance, tcp: 3389, send: 400, receive: 900}
expect:
  - SEG-NO-EXCEPTION 100.64.9.10 10.20.10.12
  - SEG-NO-EXCEPTION 100.64.9.11 10.20.10.12
  - ?REMOTE 100.64.9.10
  - ?REMOTE 100.64.9.11
twin:
  - {at: 1s, from: lgwan-vendor, to: lg-finance, tcp: 3389, send: 400, receive: 900}
