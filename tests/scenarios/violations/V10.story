# V10 複合機・ソフトウェアのメーカー送信 / a program or device phoning home
city: kakuu-city
hosts:
  maker: {ip: 203.0.113.200, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 51}
violation:
  - {at: 1s, from: lg-mfp, to: maker, tcp: 443, outcome: prohibited, tries: 2}
  - {at: 30s, from: mn-printer, to: maker, tcp: 443, outcome: dropped}
expect:
  - SEG-FORBIDDEN 10.20.90.11 203.0.113.200
  - SEG-FORBIDDEN 10.10.90.11 203.0.113.200
twin:
  - {at: 1s, from: lg-pc, to: lg-mfp, tcp: 9100, send: 900}
  - {at: 9s, from: mn-fukushi, to: mn-printer, tcp: 9100, send: 900}
