# A small city in network namespaces: hosts on one switch, whose mirror port feeds the sensor, and a real rsyslog that
# receives. Sourced by the *_test.sh beside it:
#
#   . lab.sh
#   lab_start                      # hosts, switch, mirror, servers, rsyslog
#   sensor_start config.yaml       # sekimorid in the sensor's own network
#   at my curl ...                 # a program on host "my"
#
# Namespaces are held by sleeping processes and entered by nsenter, so nothing is mounted or named on the machine; when
# the processes end, the networks are gone. The exit trap ends exactly the processes that were started here.

set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
live=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
bin=${SEKIMORI_BIN:-$live/../../build/dev/bin}

if ! why=$("$live/possible.sh"); then
  echo "SKIPPED: $why"
  exit 77
fi
if [ "$(id -u)" != 0 ]; then
  exec unshare --user --map-root-user --net -- "$0" "$@"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/sekimori-live.XXXXXX")
chmod 755 "$dir"
declare -A ns=()       # host -> process that holds its network
declare -A daemons=()  # name -> process
failures=0

lab_stop() {
  local status=$? name
  set +e
  trap - EXIT INT TERM
  for name in "${!daemons[@]}"; do kill -KILL "${daemons[$name]}" 2>/dev/null; done
  for name in "${!ns[@]}"; do kill -KILL "${ns[$name]}" 2>/dev/null; done
  wait 2>/dev/null
  if [ "$status" != 0 ] || [ "$failures" != 0 ]; then
    for log in sensor.log alerts.jsonl programs.log; do
      [ -s "$dir/$log" ] && { echo "---- $log (end)"; tail -n 25 "$dir/$log" | cut -c 1-400; }
    done
  fi
  if [ -n "${SEKIMORI_LIVE_KEEP:-}" ]; then echo "kept: $dir"; else rm -rf "$dir"; fi
  [ "$failures" = 0 ] || status=1
  exit "$status"
}
trap lab_stop EXIT
trap 'exit 130' INT TERM

ok() { echo "ok   - $1"; }
bad() { echo "FAIL - $1"; failures=$((failures + 1)); }
# verify SENTENCE COMMAND...: the sentence is true when the command succeeds.
verify() {
  local sentence=$1
  shift
  if "$@"; then ok "$sentence"; else bad "$sentence"; fi
}
# within SECONDS COMMAND...: succeeds as soon as the command does.
within() {
  local limit=$1 end
  shift
  end=$(($(date +%s%3N) + $(printf '%.0f' "$(echo "$limit" | awk '{ print $1 * 1000 }')")))
  until "$@" 2>/dev/null; do
    [ "$(date +%s%3N)" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# ---- the network -------------------------------------------------------------------------------------------------

ns_new() {
  unshare --net sleep infinity &
  ns[$1]=$!
  local own
  own=$(readlink /proc/self/ns/net)
  within 5 eval '[ "$(readlink /proc/'"${ns[$1]}"'/ns/net)" != "'"$own"'" ]'
  within 5 eval '[ "$(cat /proc/'"${ns[$1]}"'/comm)" = sleep ]'
  at "$1" ip link set lo up
}
at() {
  local host=$1
  shift
  nsenter --net="/proc/${ns[$host]}/ns/net" -- "$@"
}

# Segments are told by prefix (live.yaml). "ext" and "ext2" are in none: external.
hosts=(my my2 lg lg2 in vdi ext ext2)
declare -A ip4=([my]=10.77.1.10 [my2]=10.77.1.11 [lg]=10.77.2.10 [lg2]=10.77.2.11 [in]=10.77.3.10 [vdi]=10.77.3.40
                [ext]=203.0.113.9 [ext2]=203.0.113.10)
declare -A ip6=([my]=fd77:0:0:1::10 [my2]=fd77:0:0:1::11 [lg]=fd77:0:0:2::10 [lg2]=fd77:0:0:2::11
                [in]=fd77:0:0:3::10 [vdi]=fd77:0:0:3::40 [ext]=2001:db8:ffff::9 [ext2]=2001:db8:ffff::10)
# A host behind a firewall that drops: addressed, never answering.
ip4[gone]=10.77.1.99
ip6[gone]=fd77:0:0:1::99
mac_of() {
  local i
  for i in "${!hosts[@]}"; do [ "${hosts[$i]}" != "$1" ] || { printf '02:00:00:00:00:%02x' $((i + 1)); return; }; done
  printf '02:00:00:00:00:99'
}

# Every frame once: mirrored where it enters the switch, whichever port that is.
mirror_on() {
  local host
  ip link add mon0 netns "${ns[switch]}" type veth peer name cap0 netns "${ns[sensor]}"
  # What the README asks for on a real mirror port: no address, IPv6 off, ARP off. The sensor never transmits.
  at sensor ip link set cap0 arp off addrgenmode none
  at switch ip link set mon0 arp off addrgenmode none
  at sensor sh -c 'echo 1 > /proc/sys/net/ipv6/conf/cap0/disable_ipv6' 2>/dev/null || true
  at switch sh -c 'echo 1 > /proc/sys/net/ipv6/conf/mon0/disable_ipv6' 2>/dev/null || true
  at switch ip link set mon0 up
  at sensor ip link set cap0 up
  for host in "${hosts[@]}"; do
    at switch tc filter add dev "p-$host" ingress protocol all prio 1 u32 match u32 0 0 \
      action mirred egress mirror dev mon0
  done
}
mirror_off() {
  local host
  for host in "${hosts[@]}"; do at switch tc filter del dev "p-$host" ingress prio 1; done
  at sensor ip link del cap0
}
# mirror_packets rx|tx: packets that cap0 received or transmitted, by the kernel's own count.
mirror_packets() {
  at sensor ip -j -s link show cap0 | python3 -c "import json, sys; print(json.load(sys.stdin)[0]['stats64']['$1']['packets'])"
}

# mirror_settled: waits until no frame came for a while. Hosts that just came up still announce their multicast groups.
mirror_settled() {
  local before now
  before=$(mirror_packets rx)
  for _ in 1 2 3 4 5; do
    sleep 1.2
    now=$(mirror_packets rx)
    [ "$now" != "$before" ] || return 0
    before=$now
  done
}

lab_network() {
  local host other
  ns_new switch
  ns_new sensor
  at switch ip link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
  at switch ip link set br0 addrgenmode none up
  for host in "${hosts[@]}"; do
    ns_new "$host"
    ip link add eth0 netns "${ns[$host]}" type veth peer name "p-$host" netns "${ns[switch]}"
    at switch ip link set "p-$host" master br0 addrgenmode none up
    at switch tc qdisc add dev "p-$host" clsact
    at "$host" ip link set eth0 address "$(mac_of "$host")" addrgenmode none up
    at "$host" ip addr add "${ip4[$host]}/32" dev eth0
    at "$host" ip addr add "${ip6[$host]}/128" dev eth0 nodad
    at "$host" ip route add default dev eth0 src "${ip4[$host]}"
    at "$host" ip -6 route add default dev eth0 src "${ip6[$host]}"
  done
  # Routers answer for neighbours in a real city; here the neighbours are known beforehand, so that ARP and neighbour
  # discovery do not cross the boundaries on their own account.
  for host in "${hosts[@]}"; do
    for other in "${hosts[@]}" gone; do
      [ "$host" != "$other" ] || continue
      at "$host" ip neigh replace "${ip4[$other]}" lladdr "$(mac_of "$other")" dev eth0 nud permanent
      at "$host" ip neigh replace "${ip6[$other]}" lladdr "$(mac_of "$other")" dev eth0 nud permanent
    done
  done
  mirror_on
}

# ---- programs ----------------------------------------------------------------------------------------------------

serve() {  # serve NAME HOST COMMAND...
  local name=$1 host=$2
  shift 2
  nsenter --net="/proc/${ns[$host]}/ns/net" -- "$@" >>"$dir/programs.log" 2>&1 &
  daemons[$name]=$!
}
listens() { at "$1" sh -c "cat /proc/net/tcp6 /proc/net/tcp | grep -q ':$(printf '%04X' "$2") .* 0A '"; }

lab_servers() {
  mkdir -p "$dir/www"
  head -c 20000 /dev/zero | tr '\0' x >"$dir/www/index.html"
  dropbearkey -t ed25519 -f "$dir/ssh.key" >/dev/null 2>&1
  local host
  for host in my my2 lg lg2 in vdi ext; do
    serve "web-$host" "$host" python3 "$live/web.py" "$dir/www" 80 3389 8080 8081
    serve "ssh-$host" "$host" dropbear -F -E -s -r "$dir/ssh.key" -p 22 -P "$dir/dropbear-$host.pid"
  done
  for host in my2 in ext; do
    serve "dns-$host" "$host" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
      --group=root --pid-file= --address=/test.example/192.0.2.1 --log-facility=-
  done
  for host in my my2 lg lg2 in vdi ext; do within 20 listens "$host" 80 && within 10 listens "$host" 22; done
  for host in my2 in ext; do within 10 listens "$host" 53; done
}

# Real rsyslog in the sensor's network, with a configuration of its own: it stamps what arrives with its own clock and
# writes one JSON object a line. RFC 5424 on a local socket needs useSpecialParser="off".
lab_syslog() {
  sed "s|@DIR@|$dir|g" "$live/rsyslog.conf.in" >"$dir/rsyslog.conf"
  : >"$dir/alerts.jsonl"
  serve rsyslog sensor rsyslogd -n -f "$dir/rsyslog.conf" -i "$dir/rsyslog.pid"
  within 10 test -S "$dir/log.sock"
  within 10 listens sensor 5514
}

lab_start() {
  lab_network
  lab_servers
  lab_syslog
}

# config_write FROM TO: the live configuration with this run's directory in it.
config_write() { sed "s|@DIR@|$dir|g" "$1" >"$2"; }

sensor_ready() { sekimori status >/dev/null; }
sekimori() { local question=$1; shift; "$bin/sekimori" "$question" --socket "$dir/control.sock" "$@"; }
sensor_start() {
  nsenter --net="/proc/${ns[sensor]}/ns/net" -- "$bin/sekimorid" --config "$1" >>"$dir/sensor.log" 2>&1 &
  daemons[sensor]=$!
  within 20 eval 'sensor_ready || ! kill -0 '"${daemons[sensor]}"
  sensor_ready 2>/dev/null || { echo "FAIL - sekimorid does not answer"; failures=1; exit 1; }
}
sensor_signal() { kill "-$1" "${daemons[sensor]}"; }
# sensor_wait SECONDS: waits for the daemon's end; its exit code is in sensor_status.
sensor_wait() {
  within "$1" eval '! kill -0 '"${daemons[sensor]}" || return 1
  sensor_status=0
  wait "${daemons[sensor]}" 2>/dev/null || sensor_status=$?
  unset 'daemons[sensor]'
}

# alerted_from HOST: rsyslog has received something that names this host's IPv4 address as the initiator.
alerted_from() { grep -aqF -e "src=\\\"${ip4[$1]}\\\"" "$dir/alerts.jsonl"; }

# ---- what hosts do -----------------------------------------------------------------------------------------------

# drive FROM TO FAMILY PROGRAM [PORT]: one conversation by a real program. Refusals and silence are part of stories.
drive() {
  local from=$1 to=$2 family=$3 program=$4 port=${5:-} target url
  [ "$family" = 6 ] && target=${ip6[$to]} url="[${ip6[$to]}]" || { target=${ip4[$to]}; url=${ip4[$to]}; }
  case $program in
    http) at "$from" curl --silent --show-error --max-time 3 --output /dev/null "http://$url:${port:-80}/" ;;
    refused) at "$from" curl --silent --max-time 3 --output /dev/null "http://$url:${port:-445}/" || true ;;
    silence) at "$from" curl --silent --max-time 0.4 --output /dev/null "http://$url:${port:-445}/" || true ;;
    dns) at "$from" drill "-$family" -p 53 "@$target" test.example A ;;
    ping) at "$from" ping "-$family" -n -q -c 2 -i 0.2 -W 2 "$target" ;;
    # The keys are exchanged and the login is refused: nobody has an account here.
    ssh) at "$from" dbclient -y -y -p 22 "nobody@$target" true || true ;;
    *) echo "no program $program" >&2; return 2 ;;
  esac >>"$dir/programs.log" 2>&1 </dev/null
}
