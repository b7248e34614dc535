# V16 領域間で共用された認証・名前・時刻 / directory, names and time shared between segments
city: kakuu-city
hosts:
  mn-one: {ip: 10.10.21.81, vlan: 121, ttl: 128}
  ntp-outside: {ip: 203.0.113.123, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
violation:
  - {at: 1s, from: mn-one, to: lg-ad, tcp: 88, send: 300, receive: 300, family: ipv4}
  - {at: 10s, from: mn-one, to: lg-ad, tcp: 389, send: 300, receive: 300, family: ipv4}
  - {at: 20s, from: net-pc, to: mn-ad, udp: 123, send: 48, receive: 48, family: ipv4}
  - {at: 30s, from: lg-ad, to: ntp-outside, udp: 123, outcome: dropped, send: 48, tries: 2}
expect:
  - SEG-FORBIDDEN 10.10.21.81 10.20.10.5
  - SEG-FORBIDDEN 10.30.21.7 10.10.10.5
  - ?SEG-FORBIDDEN 10.30.21.8
  - ?SEG-FORBIDDEN 10.30.21.9
  - SEG-FORBIDDEN 10.20.10.5 203.0.113.123
twin:
  - {at: 1s, from: mn-one, to: mn-ad, tcp: 88, send: 300, receive: 300, family: ipv4}
  - {at: 20s, from: mn-one, to: mn-ad, udp: 123, send: 48, receive: 48, family: ipv4}
  - {at: 30s, from: lg-ad, to: lgwan-dns, udp: 123, send: 48, receive: 48, family: ipv4}
