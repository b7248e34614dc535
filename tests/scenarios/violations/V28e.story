# V28 (別の機器) 届け出た端末のアドレスを名乗る別の機器 / another card behind the address of a registered terminal
city: kakuu-city
violation:
  - {at: 1s, from: lg-madoguchi, to: mn-vdi, tcp: 443, send: 300, receive: 900, mac: "02:00:00:00:99:51"}
expect:
  - SEG-NO-EXCEPTION 10.20.31.51 10.10.10.50
twin:
  - {at: 1s, from: lg-madoguchi, to: mn-vdi, tcp: 443, send: 300, receive: 900}
