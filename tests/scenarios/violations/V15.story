# V15 領域をまたぐ監視・資産管理・基盤管理 / monitoring, asset and hypervisor management across segments
city: kakuu-city
hosts:
  lg-monitor: {ip: 10.20.99.10, vlan: 298}
  mn-esx: {ip: 10.10.99.20, vlan: 199}
  mn-monitor: {ip: 10.10.99.10, vlan: 199}
routers:
  boundary:
    legs:
      110: {ip: 10.10.10.1}
      199: {ip: 10.10.99.1}
      298: {ip: 10.20.99.1}
violation:
  - {at: 1s, from: lg-monitor, to: mn-esx, udp: 161, send: 60, receive: 90, count: 3, every: 60s}
  - {at: 10s, from: lg-monitor, to: mn-esx, udp: 623, send: 40, receive: 60}
  - {at: 20s, from: lg-monitor, to: mn-esx, icmp: echo}
  - {at: 30s, from: lg-monitor, to: mn-file, tcp: 135, send: 300, receive: 300}
expect:
  - SEG-FORBIDDEN 10.20.99.10 10.10.99.20
  - SEG-FORBIDDEN 10.20.99.10 10.10.10.30
twin:
  - {at: 1s, from: mn-monitor, to: mn-esx, udp: 161, send: 60, receive: 90, count: 3, every: 60s}
  - {at: 20s, from: mn-monitor, to: mn-esx, icmp: echo}
