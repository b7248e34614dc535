#!/usr/bin/env bash
# tools/run.sh: from a bare Debian 12 to the first alerts. Installs what is missing, builds the release, and judges a
# bundled capture of a day in a fictional city. Needs root or sudo only while packages are missing.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/house.sh"

packages_install "${packages_build[@]}" "${packages_speed[@]}"
say "関守を構築しています (初回は数分、2 回目からは数秒)..." "Building sekimori (minutes at first, seconds from then on)..."
build release

city=config/examples/kakuu-city
cd "$root"
say "" ""
say "架空市の一日の通信 ($city/day.pcap) を三層の対策に照らして判定します。" \
    "Judging a day of traffic of the fictional city Kakuu ($city/day.pcap) by the three-tier model."
say "" ""
result=0
build/release/bin/sekimori replay --config "$city/sekimori.yaml" "$city/day.pcap" || result=$?
case $result in
  3) ;;  # something forbidden was seen: what this capture is made to show
  0) fail "不許可通信が一件も見つかりません。収録データが壊れています。" \
          "Nothing forbidden was found: the bundled capture is damaged." ;;
  *) fail "判定に失敗しました (終了コード $result)。" "Judging failed (exit code $result)." ;;
esac

say "
次にお試しください:" "
Try next:"
cat <<NEXT

  build/release/bin/sekimori explain --config $city/sekimori.yaml 10.10.22.15 10.30.10.8 tcp/445
  build/release/bin/sekimori check $city/sekimori.yaml
  build/release/bin/sekimori replay --config $city/sekimori.yaml --emit matrix FILE.pcap

NEXT
say "上から順に: 通信を流さずに判定と根拠を尋ねる / 設定ファイルを検査する / お手元の記録 (FILE.pcap) を判定する。
ミラーポートでの常時監視は README.md「ミラーポートへの設置」をご覧ください。" \
    "In this order: ask for a verdict and its reasons without traffic; check a configuration; judge a capture of your
own (FILE.pcap). For a mirror port, see \"On a mirror port\" in README.md."
