# V20 (順序の逆転) 応答が先に映るミラー / a mirror that shows the answer before the question
city: kakuu-city
lens:
  - order
violation:
  - {at: 1s, from: net-vdi, to: lg-document, tcp: 3389, send: 300, receive: 600, rounds: 4, family: ipv4, round_trip: 300us}
expect:
  - SEG-FORBIDDEN 10.30.40.5 10.20.10.13
twin:
  - {at: 1s, from: lg-document, to: net-vdi, tcp: 3389, send: 300, receive: 600, rounds: 4, family: ipv4, round_trip: 300us}
