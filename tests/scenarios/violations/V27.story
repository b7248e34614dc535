# V27 発信元を隠すアドレス変換 / address translation that hides who talks
city: kakuu-city
hosts:
  nat: {ip: 10.20.21.200, vlan: 221, ttl: 127, mac: "02:00:00:00:27:01"}
violation:
  - {at: 1s, from: nat, to: lg-groupware, tcp: 443, send: 300, receive: 700, family: ipv4}
  - {at: 5s, from: nat, to: lg-groupware, tcp: 443, send: 300, receive: 700, ttl: 63, family: ipv4}
  - {at: 9s, from: nat, to: lg-document, tcp: 443, send: 300, receive: 700, ttl: 127}
expect:
  - DEV-UNKNOWN 02:00:00:00:27:01
twin:
  - {at: 1s, from: nat, to: lg-groupware, tcp: 443, send: 300, receive: 700, ttl: 128, family: ipv4}
  - {at: 5s, from: nat, to: lg-groupware, tcp: 443, send: 300, receive: 700, ttl: 128, family: ipv4}
  - {at: 9s, from: nat, to: lg-document, tcp: 443, send: 300, receive: 700, ttl: 128}
