# V6 (UDP・応答の装い) 画面転送のポートから始めたUDP / a desktop that begins, from the port at which it answers
city: kakuu-city
hosts:
  desktop: {ip: 10.30.40.12, vlan: 340, ttl: 128}
  lg-a: {ip: 10.20.21.41, vlan: 221, ttl: 128}
  lg-b: {ip: 10.20.21.42, vlan: 221, ttl: 128}
  lg-c: {ip: 10.20.22.43, vlan: 222, ttl: 128}
  lg-d: {ip: 10.20.22.44, vlan: 222, ttl: 128}
violation:
  - {at: 1s, from: lg-a, to: desktop, tcp: 3389, send: 200, receive: 900}
  - {at: 6m, from: desktop, to: lg-a, udp: 50001, port: 3389, send: 800, receive: 300}
  - {at: 6m5s, from: desktop, to: lg-b, udp: 50002, port: 3389, send: 800, receive: 300}
  - {at: 6m10s, from: desktop, to: lg-c, udp: 50003, port: 3389, send: 800, receive: 300}
  - {at: 6m15s, from: desktop, to: lg-d, udp: 50004, port: 3389, send: 800, receive: 300}
expect:
  - SEG-FORBIDDEN 10.30.40.12
twin:
  - {at: 1s, from: lg-a, to: desktop, udp: 3389, port: 50001, send: 200, receive: 900}
  - {at: 2s, from: lg-b, to: desktop, udp: 3389, port: 50002, send: 200, receive: 900}
  - {at: 3s, from: lg-c, to: desktop, udp: 3389, port: 50003, send: 200, receive: 900}
  - {at: 4s, from: lg-d, to: desktop, udp: 3389, port: 50004, send: 200, receive: 900}
  - {at: 6m, from: desktop, to: lg-a, udp: 50001, port: 3389, send: 800, receive: 300}
  - {at: 6m5s, from: desktop, to: lg-b, udp: 50002, port: 3389, send: 800, receive: 300}
  - {at: 6m10s, from: desktop, to: lg-c, udp: 50003, port: 3389, send: 800, receive: 300}
  - {at: 6m15s, from: desktop, to: lg-d, udp: 50004, port: 3389, send: 800, receive: 300}
