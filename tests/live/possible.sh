#!/usr/bin/env bash
# Says whether the live tests can run here: exit 0, or 1 with the reason on stdout. Leaves nothing behind.
PATH=$PATH:/usr/sbin:/sbin

for program in unshare nsenter ip tc ping curl drill dnsmasq dropbear dropbearkey dbclient rsyslogd python3; do
  command -v "$program" >/dev/null || { echo "no program '$program'"; exit 1; }
done

# A switch with a mirror port, in a network of its own that ends with the command.
as=(unshare --net)
[ "$(id -u)" = 0 ] || as=(unshare --user --map-root-user --net)
why=$("${as[@]}" sh -c '
  ip link add br0 type bridge &&
  ip link add p0 type veth peer name e0 &&
  ip link add mon0 type veth peer name cap0 &&
  ip link set p0 master br0 up && ip link set mon0 up &&
  tc qdisc add dev p0 clsact &&
  tc filter add dev p0 ingress protocol all prio 1 u32 match u32 0 0 action mirred egress mirror dev mon0' 2>&1) || {
  echo "network namespaces with a mirror port are not allowed: $(echo "$why" | head -1)"
  exit 1
}
