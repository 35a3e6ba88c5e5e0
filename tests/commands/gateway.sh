# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2016
#
# What a gateway's seed makes of a machine, by the real dnsmasq and nftables: three
# networks of it, with a machine in each.

gate=$work/gate
mkdir "$gate"
ask=$PWD/tests/bin/ask-network

# place NAME: a network of its own, held by the process $NAME.
place() {
  unshare -n sleep 600 >/dev/null 2>&1 &
  eval "$1=\$!"
}

at() { # NAME COMMAND...
  eval "pid=\$$1"
  shift
  # Its own process, when it is begun with an '&', is the one that is ended.
  [ "${background-}" != yes ] || exec nsenter -t "$pid" -n "$@"
  nsenter -t "$pid" -n "$@"
}

# cable NAME NAME-THERE PLACE: from the gateway's card to a card there.
cable() {
  eval "pid=\$$3"
  ip link add "$1" netns "$gw" type veth peer name "$2" netns "$pid"
  at gw ip link set "$1" up
  at "$3" ip link set "$2" up
}

lay_out() {
  "$kubeseed" -q -C "$gate/state" seed tests/specs/good/everything-gateway.yaml gate-node01 &&
    isoinfo -R -x /user-data -i "$gate/state/seeds/gate-node01.iso" |
    python3 -c 'import sys, yaml
for f in yaml.safe_load(sys.stdin)["write_files"]:
    if f["path"] in ("/etc/nftables.conf", "/etc/dnsmasq.d/kubeseed.conf"):
        open(sys.argv[1] + "/" + f["path"].rpartition("/")[2], "w").write(
            f["content"].replace("/srv/tftp", sys.argv[1] + "/tftp"))' "$gate" &&
    mkdir "$gate/tftp" && echo boot >"$gate/tftp/pxelinux.0"
}

switch_on() {
  place gw && place lan && place node && place out && sleep 0.5 &&
    cable kube0 eth0 lan && cable node eth0 node && cable wan eth0 out || return
  for address in 192.168.1.1/24@kube0 192.168.1.254/24@kube0 10.99.0.2/24@wan \
    192.168.2.129/25@node 192.168.2.254/25@node; do
    at gw ip addr add "${address%@*}" dev "${address#*@}" || return
  done
  at gw ip link set lo up
  at out ip addr add 10.99.0.1/24 dev eth0
  at out ip route add 192.168.0.0/16 via 10.99.0.2
  at gw sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' &&
    at gw nft -f "$gate/nftables.conf" || return
  background=yes at gw dnsmasq -k -u root -g root -C "$gate/kubeseed.conf" -x "$gate/pid" \
    -l "$gate/leases" --log-facility=- >"$gate/log" 2>&1 &
  dnsmasq=$!
  for _ in 1 2 3 4 5 6 7 8 9; do
    at gw ss -lun | grep -q ':67 ' && return
    sleep 0.3
  done
  cat "$gate/log"
  return 1
}

# leased PLACE MAC WORDS: what a machine with this address is told.
leased() {
  at "$1" ip link set eth0 address "$2"
  at "$1" "$ask" dhcp eth0 | tee "$gate/said"
  grep -qxE "$3" "$gate/said"
}

# Who answers at the port of a place says from where it was asked.
answer_at() { # PLACE
  background=yes at "$1" "$ask" serve 8000 >/dev/null 2>&1 &
  servers="$servers $!"
}

named() { # NAME ANSWER
  [ "$(at lan "$ask" dns 192.168.1.1 "$1")" = "$2" ]
}

# What `verify` asks, of the same gateway: as the node's script says it.
verifies() { # NAMES WANTED
  { sed '/^main()/,$d' scripts/verify-node; echo 'forward; names'; } >"$gate/verify-node"
  ADDRESS=192.168.1.1 NAMES=$1 at gw sh "$gate/verify-node" >"$gate/said"
  cat "$gate/said"
  grep -qx 1 "$gate/said" &&
    grep -q 'hook forward priority filter; policy drop;' "$gate/said" &&
    grep -q 'oifname "wan" masquerade' "$gate/said" &&
    [ "$(sed '1,/^@section names/d' "$gate/said")" = "$2" ]
}

servers=
check "a gateway's seed" lay_out
check "its files are taken by dnsmasq and nft" switch_on
check "a node that asks has the address of the spec" leased lan \
  "$("$kubeseed" --json plan tests/specs/good/everything-gateway.yaml |
    jq -r '.nodes[] | select(.name == "kube-mast01").mac')" \
  "192.168.1.31 255.255.255.0 192.168.1.255 router 192.168.1.254 dns 192.168.1.1 43200 kube.demo pxelinux.0"
check "somebody else one of the range" leased lan 02:00:00:00:00:99 \
  "192.168.1.2[0-3][0-9] 255.255.255.0 192.168.1.255 router 192.168.1.254 .*"
check "in another network one of that, with its broadcast address" \
  leased node 02:00:00:00:00:98 \
  "192.168.2.2[0-3][0-9] 255.255.255.128 192.168.2.255 router 192.168.2.254 dns 192.168.2.129 3600 .*"
check "outside nobody gets one" eval \
  '! leased out 02:00:00:00:00:97 ".*"'
at lan ip addr add 192.168.1.31/24 dev eth0
at lan ip route add default via 192.168.1.254
at node ip addr add 192.168.2.130/25 dev eth0
at node ip route add default via 192.168.2.254
check "it tells the address of a node" named kube-mast02.kube.demo 192.168.1.32
check "and of the endpoint" named api.kube.demo 192.168.1.20
check "another name of the domain is none" named nobody.kube.demo NXDOMAIN
check "it tells verify so" verifies "kube-node01.kube.demo nobody.kube.demo api.kube.demo" \
  "kube-node01.kube.demo 192.168.1.41
nobody.kube.demo unknown
api.kube.demo 192.168.1.20"
for where in lan node out gw; do answer_at $where; done
sleep 0.5
check "out it goes under the gateway's address" eval \
  '[ "$(at lan "$ask" get 10.99.0.1 8000)" = 10.99.0.2 ]'
check "between its networks under one's own" eval \
  '[ "$(at lan "$ask" get 192.168.2.130 8000)" = 192.168.1.31 ]'
check "who is within reaches the gateway" eval \
  '[ "$(at lan "$ask" get 192.168.1.1 8000)" = 192.168.1.31 ]'
check "who is outside does not" eval '! at out "$ask" get 10.99.0.2 8000'
check "nor who is behind it" eval '! at out "$ask" get 192.168.1.31 8000'
check "nor its names" eval '! at out "$ask" dns 10.99.0.2 api.kube.demo'
# shellcheck disable=SC2086
set -- $servers "$dnsmasq" "$gw" "$lan" "$node" "$out"
kill "$@"
wait "$@" 2>/dev/null
