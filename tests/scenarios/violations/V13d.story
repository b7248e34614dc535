# V13 (メーカー) 複合機からメーカーのクラウドへ / a printer that calls its maker
city: kakuu-city
hosts:
  maker: {ip: 203.0.113.131, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
violation:
  - {at: 1s, from: lg-mfp, to: maker, tcp: 443, outcome: rejected}
  - {at: 20s, from: mn-printer, to: maker, udp: 443, outcome: dropped, send: 1200, tries: 3}
expect:
  - SEG-FORBIDDEN 10.20.90.11 203.0.113.131
  - SEG-FORBIDDEN 10.10.90.11 203.0.113.131
twin:
  - {at: 1s, from: lg-mfp, to: lg-document, tcp: 443, outcome: rejected}
  - {at: 20s, from: mn-printer, to: mn-file, udp: 443, outcome: dropped, send: 1200, tries: 3}
