# V15 (TCP・β´) 領域をまたぐ監視エージェントと基盤管理 / agents, WinRM and vMotion across segments
city: soutei-city
hosts:
  monitor: {ip: 10.230.10.70, vlan: 310}
violation:
  - {at: 1s, from: lg-ad, to: mn-resident, tcp: 10050, send: 90, receive: 90, count: 3, every: 60s}
  - {at: 10s, from: monitor, to: crit-hr, tcp: 5985, send: 300, receive: 900}
  - {at: 20s, from: monitor, to: crit-finance, udp: 161, outcome: unanswered, send: 60}
expect:
  - SEG-FORBIDDEN 10.220.10.5 10.210.10.11
  - SEG-FORBIDDEN 10.230.10.70 10.231.11.2
  - SEG-FORBIDDEN 10.230.10.70 10.231.12.2
twin:
  - {at: 1s, from: mn-ad, to: mn-resident, tcp: 10050, send: 90, receive: 90, count: 3, every: 60s}
  - {at: 10s, from: monitor, to: net-wsus, tcp: 5985, send: 300, receive: 900}
  - {at: 20s, from: crit-hr, to: crit-finance, udp: 161, outcome: unanswered, send: 60}
