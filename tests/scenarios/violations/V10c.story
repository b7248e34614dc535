# V10 (タグなし) VLANタグが消えたミラー / phoning home, on a mirror that strips the tags
city: kakuu-city
lens:
  - untagged
hosts:
  maker6: {ip: "2001:db8:a0b::10", vlan: 399, mac: "02:00:ac:1f:03:99", ttl: 52}
  one: {ip: ["10.20.21.15", "fd10:20:0:21::15"], vlan: 221, ttl: 128}
routers:
  boundary:
    legs:
      210: {ip: [10.20.10.1, "fd10:20:0:10::1"]}
      221: {ip: [10.20.21.1, "fd10:20:0:21::1"]}
      399: {ip: [10.30.254.2, "fd10:30:0:254::2"]}
violation:
  - {at: 1s, from: one, to: maker6, tcp: 443, outcome: dropped, tries: 3, family: ipv6}
expect:
  - SEG-FORBIDDEN fd10:20:0:21::15 2001:db8:a0b::10
twin:
  - {at: 1s, from: one, to: lg-ad, tcp: 443, outcome: unanswered, tries: 3, family: ipv6}
  - {at: 9s, from: one, arp: gratuitous}
