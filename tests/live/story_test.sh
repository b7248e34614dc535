#!/usr/bin/env bash
# Every conversation of story.tsv is driven by real programs; what sekimorid says of it over syslog, in its answers and in
# its totals must be the story's words and nothing else.
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"

lab_start
config_write "$live/live.yaml.in" "$dir/live.yaml"
mirror_settled
before=$(mirror_packets rx)
sensor_start "$dir/live.yaml"

driven="$dir/driven.tsv"
while read -r id from to families program port rest; do
  case $id in '' | \#*) continue ;; esac
  for family in 4 6; do
    case $families in *$family*) ;; *) continue ;; esac
    [ "$family" = 4 ] && pair="${ip4[$from]} ${ip4[$to]}" || pair="${ip6[$from]} ${ip6[$to]}"
    began=$EPOCHREALTIME
    drive "$from" "$to" "$family" "$program" "${port#-}" || bad "$id: the program failed"
    echo "$id $family $began $pair $program $port $rest" >>"$driven"
    sleep 0.06  # people do not open four services within a tenth of a second; a sweep is another story
  done
done <"$live/story.tsv"

sleep 1.2
for question in status flows matrix alerts; do
  limit=()
  case $question in flows | alerts) limit=(--limit 5000) ;; esac
  sekimori "$question" --json "${limit[@]}" >"$dir/$question.json" || bad "sekimori $question"
  curl --silent --fail --unix-socket "$dir/control.sock" "http://localhost/v1/$question" >"$dir/curl.json" &&
    python3 -m json.tool "$dir/curl.json" >/dev/null || bad "curl --unix-socket: $question"
done
mirrored=$(($(mirror_packets rx) - before))

if python3 "$live/check_story.py" "$dir" "$mirrored"; then ok "the story is told as it is written"; else bad "the story"; fi

# The same answers, held against stories that are not true: each has to be found out, or the check above holds nothing.
cp "$driven" "$dir/true.tsv"
for lie in 's/^\(mn-web 4 .*\) permit /\1 forbid /' 's/^\(lg-ext-ssh 6 .*\) forbid /\1 permit /' 's/^\(in-mn-ping 4 .*\) answered /\1 data /' \
  's/^\(lg-in-bypass 4 .*\) R4 /\1 R2 /' 's/EX-PAST/EX-LIVE/' '/^ext-in-refused 6 /d'; do
  sed -e "$lie" "$dir/true.tsv" >"$driven"
  if cmp -s "$driven" "$dir/true.tsv" || python3 "$live/check_story.py" "$dir" "$mirrored" >/dev/null 2>&1; then
    bad "a false story passes: $lie"
  fi
done
cp "$dir/true.tsv" "$driven"
if python3 "$live/check_story.py" "$dir" "$((mirrored + 1))" >/dev/null 2>&1; then bad "a lost packet passes"; fi
ok "stories that are not true are found out"
verify "the mirror interface transmitted nothing" test "$(mirror_packets tx)" = 0

sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 10
verify "with exit code 0" test "${sensor_status:-none}" = 0
