# V19 (ゲートウェイ自身) 無害化機器の別ポート・逆方向 / the sanitiser itself on another port, and by IPv6
city: kakuu-city
violation:
  - {at: 1s, from: lg-file-sanitiser, to: net-file-sanitiser, tcp: 445, send: 300, receive: 4000}
  - {at: 20s, from: net-pc, to: lg-groupware, tcp: 443, send: 300, receive: 4000, family: ipv6, gap: 5m}
  - {at: 40s, from: lg-pc, to: net-vdi, tcp: 32111, send: 300, receive: 400, family: ipv6, gap: 5m}
expect:
  - SAN-BYPASS 10.20.241.11 10.30.241.11
  - SAN-BYPASS fd10:30:0:21::7 fd10:20:0:10::11
  - SAN-SIDECHANNEL fd10:20:0:21::11 fd10:30:0:40::5
  - ?SAN-BYPASS
  - ?SAN-SIDECHANNEL
twin:
  - {at: 1s, from: net-file-sanitiser, to: lg-file-sanitiser, tcp: 443, send: 300, receive: 4000}
  - {at: 40s, from: lg-pc, to: net-vdi, tcp: 3389, send: 300, receive: 400, family: ipv6, gap: 5m}
