# V22 (機器の先) テキスト化の機器を片側だけ通ったメール / mail that met one half of the text conversion only
city: hinagata-city
violation:
  - {at: 1s, from: net-mail-text, to: lg-mail, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: net-mail, to: lg-mail-text, tcp: 25, send: 900, receive: 200}
expect:
  - SAN-BYPASS 172.16.34.12 172.16.20.25
  - SAN-BYPASS 172.16.30.25 172.16.24.12
twin:
  - {at: 1s, from: net-mail-text, to: lg-mail-text, tcp: 25, send: 900, receive: 200}
  - {at: 20s, from: lg-mail-text, to: lg-mail, tcp: 25, send: 900, receive: 200}
