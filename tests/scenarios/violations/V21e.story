# V21 (プロキシの横取り) 届け出のない端末によるプロキシの利用 / the security cloud's proxy used from the LGWAN segment
city: kakuu-city
violation:
  - {at: 1s, from: lg-document, to: sc-proxy, tcp: 8080, send: 300, receive: 900}
  - {at: 20s, from: lg-office, to: sc-proxy, tcp: 3128, send: 300, receive: 900}
expect:
  - SEG-FORBIDDEN|SEG-NO-EXCEPTION 10.20.10.13 172.31.0.8
  - SEG-NO-EXCEPTION 10.20.10.40 172.31.0.8
twin:
  - {at: 1s, from: lg-office, to: sc-proxy, tcp: 8080, send: 300, receive: 900}
