# V13 (片側・誰も答えない) 複合機からのスキャン / scans of a printer, seen on the far side of the boundary alone
city: kakuu-city
violation:
  - {at: 1s, from: mn-printer, to: lg-mail, tcp: 25, outcome: unanswered, tries: 2, seen: responder}
  - {at: 30s, from: lg-mfp, to: net-mail, tcp: 25, outcome: refused, seen: responder}
expect:
  - SEG-FORBIDDEN 10.10.90.11 10.20.10.25
  - SAN-BYPASS 10.20.90.11 10.30.10.25
twin:
  - {at: 1s, from: lg-mfp, to: lg-mail, tcp: 25, outcome: unanswered, tries: 2, seen: responder}
  - {at: 30s, from: lg-mfp, to: lg-mail, tcp: 25, send: 900, receive: 200, seen: responder}
