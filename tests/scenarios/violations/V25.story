# V25 大量ダウンロード / a bulk download from an information system
city: hinagata-city
config:
  systems:
    - {id: SY-ONE, name: 住民記録システム, section: 市民課, hosts: [172.16.10.11], bulk: {bytes: 2MiB, window: 10m}}
violation:
  - {at: 1s, from: mn-zeimu, to: mn-resident, tcp: 443, send: 300, receive: 30000, rounds: 100, count: 1, pause: 500ms}
expect:
  - BULK
  - ?BULK
twin:
  - {at: 1s, from: mn-zeimu, to: mn-resident, tcp: 443, send: 300, receive: 10000, rounds: 30, count: 1, pause: 1s}
