# V11 VPN装置の経路誤り / a VPN box that leads into the wrong segment
city: kakuu-city
hosts:
  vpn-pool: {ip: 192.168.77.10, vlan: 321, ttl: 127, mac: "02:00:5e:00:77:01"}
  vpn-far: {ip: 203.0.113.77, vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
  net-vpn: {ip: 10.30.21.250, vlan: 321}
violation:
  - {at: 1s, from: vpn-pool, to: lg-groupware, tcp: 443, send: 300, receive: 700, family: ipv4}
  - {at: 20s, from: vpn-pool, to: mn-file, tcp: 445, send: 300, receive: 700}
expect:
  - SEG-FORBIDDEN 192.168.77.10 10.20.10.11
  - SEG-FORBIDDEN 192.168.77.10 10.10.10.30
twin:
  - {at: 1s, from: net-vpn, to: sc-proxy, tcp: 8080, send: 300, receive: 700}
