# V3 2つの領域に足を持ち転送する端末 / a terminal with a leg in two segments that forwards
city: kakuu-city
routers:
  boundary:
    legs:
      110: {ip: 10.10.10.1}
      121: {ip: 10.10.21.1}
      222: {ip: 10.20.22.1}
      321: {ip: 10.30.21.1}
  dual:
    legs:
      222: {ip: 10.20.22.99, mac: "02:00:0a:14:16:63"}
      321: {ip: 10.30.21.99, mac: "02:00:0a:14:16:63"}
hosts:
  lg-one: {ip: 10.20.22.15, vlan: 222, ttl: 128}
  lg-two: {ip: 10.20.22.18, vlan: 222, ttl: 128}
  net-one: {ip: 10.30.21.31, vlan: 321, ttl: 128}
violation:
  - {at: 1s, from: net-one, to: lg-one, tcp: 445, send: 300, receive: 900, via: dual}
expect:
  - DUAL-HOMED 02:00:0a:14:16:63
  - ?SAN-BYPASS 10.30.21.31
  - ?SEG-FORBIDDEN 10.30.21.31
  - ?L2-MIX
  - ?LOOP
twin:
  - {at: 1s, from: lg-one, to: lg-two, tcp: 445, send: 300, receive: 900}
