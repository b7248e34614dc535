#!/usr/bin/env bash
# destinations_test.sh [OUTAGE]: alerts over UDP, TCP (both framings) and TLS to a real rsyslog that is stopped, killed,
# restarted, and shows a wrong certificate. Nothing that went over TCP or TLS is lost, the order is kept, and the capture
# notices nothing. OUTAGE: seconds for which the receiver is stopped (default 4).
. "$(dirname -- "${BASH_SOURCE[0]}")/lab.sh"
. "$live/taps.sh"
outage=${1:-4}

drivers=$(dirname "$(ls /usr/lib/*/rsyslog/imtcp.so 2>/dev/null | head -1)")
for needed in "$drivers/lmnsd_ossl.so" "$drivers/imptcp.so"; do
  [ -e "$needed" ] || { echo "SKIPPED: no $needed (package rsyslog-openssl)"; exit 77; }
done
command -v openssl >/dev/null || { echo "SKIPPED: no program 'openssl'"; exit 77; }

# ---- certificates, made for this run -----------------------------------------------------------------------------

tls="$dir/tls"
mkdir "$tls"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -keyout "$tls/$1.key" \
    -out "$tls/$1.pem" 2>>"$dir/programs.log"
}
certificate() {  # certificate NAME AUTHORITY HOST
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$tls/$1.key" -out "$tls/$1.csr" \
    2>>"$dir/programs.log"
  openssl x509 -req -in "$tls/$1.csr" -CA "$tls/$2.pem" -CAkey "$tls/$2.key" -CAcreateserial -days 2 \
    -extfile <(echo "subjectAltName=DNS:$3") -out "$tls/$1.pem" 2>>"$dir/programs.log"
}
authority ca
authority stranger
certificate server ca log.test.example
certificate sensor ca live.test.example
certificate wrong stranger log.test.example

# ---- receiver and sensor -----------------------------------------------------------------------------------------

receiver_start() {  # receiver_start CERTIFICATE
  sed -e "s|@DIR@|$dir|g" -e "s|@SERVER@|$1|g" "$live/receiver.conf.in" >"$dir/receiver.conf"
  rm -f "$dir/receiver.pid"
  serve receiver sensor rsyslogd -n -f "$dir/receiver.conf" -i "$dir/receiver.pid"
  within 15 listens sensor 6514 && within 5 listens sensor 5514 && within 5 listens sensor 5515
}
receiver_signal() { kill "-$1" "${daemons[receiver]}"; }
receiver_end() {  # receiver_end SIGNAL
  receiver_signal "$1"
  within 10 eval '! kill -0 '"${daemons[receiver]}" || receiver_signal KILL
  wait "${daemons[receiver]}" 2>/dev/null || true
  unset 'daemons[receiver]'
}
alerts=0
send() {  # send COUNT RATE
  at switch python3 "$live/frames.py" strangers mon0 "$alerts" "$1" "$2"
  alerts=$((alerts + $1))
}
# Alerts, and what the sensor says of itself (a destination that is down): both are numbered, and both have to arrive.
told() { [ "$(grep -ac '"event_type":"alert"' "$dir/eve.json")" -ge "$alerts" ]; }
numbered() { grep -ac '"sequence":' "$dir/eve.json"; }
arrived() { grep -aoE 'sequenceId="[0-9]+"' "$dir/$1.log" 2>/dev/null | sort -u | wc -l; }
udp_dropped() {
  at sensor awk -v port="$(printf ':%04X' 5514)" 'substr($2, length($2) - 4) == port { sum += $NF } END { print sum + 0 }' \
    /proc/net/udp /proc/net/udp6
}
all_arrived() {
  local way
  told || return 1
  for way in tcp lines tls; do [ "$(arrived "$way")" -ge "$(numbered)" ] || return 1; done
}
destination() {  # destination NAME FIGURE
  sekimori status --json | python3 -c '
import json, sys
print(next(row for row in json.load(sys.stdin)["destinations"] if row["name"] == sys.argv[1]).get(sys.argv[2], ""))' "$1" "$2"
}
complains() { destination tls trouble | grep -qF -e "$1"; }

taps_start 1
for way in udp tcp lines tls; do : >"$dir/$way.log"; done
receiver_start server
config_write "$live/destinations.yaml.in" "$dir/sensor.yaml"
sensor_start "$dir/sensor.yaml"

verify "sekimori alert-test reaches every destination" sekimori alert-test >"$dir/alert-test.txt"
tested() { local way; for way in udp tcp lines tls; do [ "$(grep -ac "^$way TEST " "$dir/$way.log")" = 6 ] || return 1; done; }
verify "with one line of each severity" within 5 tested

send 100 1000
verify "calm: every alert arrives over TCP, lines and TLS" within 10 all_arrived
# A receiver that gets no processor lets its kernel drop datagrams, which is counted there.
verify "calm: and over UDP, but for what the receiver's own kernel dropped" within 15 \
  eval '[ $(($(arrived udp) + $(udp_dropped))) -ge "$(numbered)" ]'

receiver_signal STOP
send 250 500
sleep "$outage"
verify "stopped for $outage s: the sensor goes on" within 10 told
receiver_signal CONT
verify "stopped: every alert arrives" within 40 all_arrived

receiver_signal STOP
send 100 500
sleep 0.5
receiver_end KILL
receiver_start server
verify "killed with unread messages: every alert arrives" within 40 all_arrived

send 250 200 &
sender=$!
sleep 0.6
receiver_end KILL
receiver_start server
wait "$sender"
alerts=$((alerts + 250))
verify "killed in a flood: every alert arrives" within 40 all_arrived

send 250 200 &
sender=$!
sleep 0.6
receiver_end TERM
receiver_start server
wait "$sender"
alerts=$((alerts + 250))
verify "restarted in a flood: every alert arrives" within 40 all_arrived

receiver_end TERM
receiver_start wrong
before=$(arrived tls)
send 60 1000
verify "wrong certificate: the destination says so" within 8 complains '認証局のものと確認できません'
verify "wrong certificate: nothing is told to a stranger" test "$(arrived tls)" = "$before"
verify "wrong certificate: what is due waits" test "$(destination tls queued)" -ge 60
receiver_end TERM
receiver_start server
verify "right again: every alert arrives" within 40 all_arrived
verify "right again: the trouble is over" within 5 eval '[ -z "$(destination tls trouble)" ]'

sekimori status --json >"$dir/status.json"
verify "no frame was lost" test "$(tap_figure 0 dropped_kernel) $(tap_figure 0 dropped_interface)" = "0 0"
verify "nothing is missing, nothing out of order" python3 "$live/deliveries.py" "$dir" tcp lines tls udp
complaints() { grep -acE 'SSL|netstream' "$dir/programs.log" || true; }
verify "the receiver complained of the sensor that refused it" test "$(complaints)" -gt 0
before=$(complaints)
sensor_signal TERM
verify "SIGTERM ends the daemon" sensor_wait 40
sleep 0.5
verify "TLS ends with a farewell: the receiver has nothing to complain of" test "$(complaints)" = "$before"
