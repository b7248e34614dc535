# V17 (6to4・Teredo) IPv4に包まれたIPv6 / IPv6 wrapped in IPv4
city: kakuu-city
hosts:
  a: {ip: "2001:db8:41::a", vlan: 221, mac: "02:0a:0a:14:15:0e", ttl: 128}
  b: {ip: "2001:db8:42::b", vlan: 221, mac: "02:fe:01:00:00:dd", ttl: 60}
  c: {ip: "2001:db8:43::c", vlan: 321, mac: "02:0a:0a:1e:15:07", ttl: 128}
  d: {ip: "2001:db8:44::d", vlan: 321, mac: "02:fe:01:00:01:41", ttl: 60}
  lg-one: {ip: 10.20.21.14, vlan: 221, ttl: 128}
lens:
  - tunnel 6in4 10.20.21.14 203.0.113.41 2001:db8:41::a 2001:db8:42::b
  - tunnel teredo 10.30.21.7 203.0.113.44 2001:db8:43::c 2001:db8:44::d
violation:
  - {at: 1s, from: a, to: b, on: 221, tcp: 443, send: 300, receive: 900}
  - {at: 9s, from: c, to: d, on: 321, tcp: 443, send: 300, receive: 900}
expect:
  - TUNNEL 10.20.21.14 203.0.113.41
  - TUNNEL|EGRESS-BYPASS|SEG-FORBIDDEN 10.30.21.7 203.0.113.44
  - ?IPV6-LEAK
  - ?SEG-FORBIDDEN 2001:db8:41::a   # what is inside is judged as well
  - ?SEG-FORBIDDEN 2001:db8:43::c
twin:
  - {at: 1s, from: lg-one, to: lg-ad, udp: 3544, send: 60, receive: 60, family: ipv4}
