#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Pods of different nodes by VXLAN: each reaches those of every other, of both
# families, also after a reboot, when only systemd-networkd knows the way; what
# passes between the nodes is addressed to nodes alone, and full packets pass.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/vxlan.yaml
KUBE_NODE=m1
{
  header vxlan | sed 's/^network: {/&cni: vxlan, ipv6: {subnet: "fd00:4::\/64"}, /'
  cat <<'END'
endpoint: {address: 192.168.4.20}
nodes:
  - {name: "m{1..3}", address: 192.168.4.31+}
  - {name: w1, role: worker, address: 192.168.4.41}
END
} >"$SPEC"

# Four pods ask each other and themselves.
verified() {
  ks verify --wait 300 >"$WORK/verified" 2>&1
  status=$?
  cat "$WORK/verified"
  [ "$status" -eq 0 ] &&
    grep -q '^ok .* pods reach those of every node: 32 connections' \
      "$WORK/verified"
}

# Of the machine itself: the device, and each other node's end of it.
has_overlay() { # NODE
  on "$1" "ip -d link show dev kubevx0 | grep -q 'vxlan id 1 .* dstport 8472 nolearning'
    ip link show dev kubevx0 | grep -q ' mtu 1450 '
    [ \$(bridge fdb show dev kubevx0 | grep -c ' dst 192.168.4.') -eq 3 ]
    ip route get 10.244.3.9 | grep -q ' via 10.244.3.0 dev kubevx0 ' ||
      [ \$(uname -n) = w1 ]"
}

# What every machine's card passes on. A packet that carries a pod's address outside
# is counted, and so is one of VXLAN.
count_packets() { # NODE
  on "$1" "nft -f - <<END
table netdev seen
delete table netdev seen
table netdev seen {
  counter pods {}
  counter carried {}
  chain in {
    type filter hook ingress device kube0 priority 0;
    ip saddr 10.244.0.0/16 counter name pods
    ip daddr 10.244.0.0/16 counter name pods
    ip6 saddr fd00:10:244::/56 counter name pods
    ip6 daddr fd00:10:244::/56 counter name pods
    udp dport 8472 counter name carried
  }
}
END"
}

only_carried() { # NODE
  on "$1" "nft list table netdev seen
    nft list counter netdev seen pods | grep -q 'packets 0 '
    ! nft list counter netdev seen carried | grep -q 'packets 0 '"
}

# As large as they come, and not to be divided: from a node's end to a pod network's
# first address on another node, where pods are.
full_packets() {
  on w1 "python3 - <<END
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO
s.connect((\"10.244.0.1\", 9))
s.settimeout(5)
s.send(bytes(1450 - 28))
try:
    s.recv(1)
except ConnectionRefusedError:  # it came there
    pass
try:
    s.send(bytes(1450 - 27))
    raise SystemExit(\"a larger one is sent\")
except OSError as e:
    assert e.errno == 90, e  # EMSGSIZE
END"
}

boots() { # NODE
  grep -ac '^Linux version' "$STATE/logs/$1.console"
}

must "four machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the last was ready"
for node in m1 m2 m3 w1; do
  check "$node has the device and its tables" has_overlay "$node"
  check "what comes to $node is counted" count_packets "$node"
done
check "the cluster is what the spec says, pods at both addresses" verified
for node in m1 m2 m3 w1; do
  check "no pod's address is between nodes at $node" only_carried "$node"
done
check "full packets pass, larger ones are refused at once" full_packets
on m2 'systemctl reboot' >/dev/null 2>&1
check "m2 boots a second time, by itself" within 60 equals 2 boots m2
must "and is ready again" ks up
check "with the same device" has_overlay m2
check "and the cluster is what the spec says" verified
check "the machines are switched off" ks down --now
finish
