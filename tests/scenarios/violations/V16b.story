# V16 (IPv6・UDP) 領域間で共用された名前・時刻・認証 / names, time and Kerberos across segments by UDP and IPv6
city: kakuu-city
violation:
  - {at: 1s, from: lg-pc, to: mn-ad, udp: 53, send: 40, receive: 90, family: ipv6, gap: 5m}
  - {at: 10s, from: net-pc, to: lg-ad, udp: 88, send: 300, outcome: unanswered, family: ipv6, gap: 5m}
expect:
  - SEG-FORBIDDEN|DNS-LEAK fd10:20:0:21::11 fd10:10:0:10::5
  - SAN-BYPASS|SEG-FORBIDDEN fd10:30:0:21::7 fd10:20:0:10::5
  - ?SEG-FORBIDDEN
  - ?DNS-LEAK
  - ?SAN-BYPASS
twin:
  - {at: 1s, from: lg-pc, to: lg-ad, udp: 53, send: 40, receive: 90, family: ipv6, gap: 5m}
  - {at: 10s, from: lg-ad, to: lgwan-dns, udp: 123, send: 48, receive: 48, family: ipv4}
