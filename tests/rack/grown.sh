#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two of three members have founded a cluster, the third was never on, and the spec
# grows to five. The three new ones come up while the two with the data are off: most
# members they are, and they found nothing. When those are back, all are one cluster,
# and one node has the endpoint's address, though the old ones' seeds do not name the
# new ones.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/grown.yaml
sed 's/^name: demo/name: grown/' seeds/ha.yaml >"$SPEC"
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03 kube-mast04 kube-mast05"
new="kube-mast03 kube-mast04 kube-mast05"

# Seeds know the members of earlier ones, and a state of an earlier run has five.
[ ! -e "$STATE" ] || must "an earlier state is gone" ks destroy --all --yes
must "two of three come up" ks up kube-mast01 kube-mast02
check "a write" write_key kube-mast01 before
must "they are switched off" ks down --now
sed -i 's/kube-mast{01\.\.03}/kube-mast{01..05}/' "$SPEC"
# shellcheck disable=SC2086
must "the spec has five, and three new ones are switched on" ks up --no-wait $new
for node in $new; do
  check "$node waits for the earlier members" within 180 says "$node" \
    'most of kube-mast01,kube-mast02,kube-mast03 must agree'
  check "and founds nothing" in_step "$node" etcd
done
must "the two come back, and all five are ready" ks up
check "the old ones know the new ones" within 60 on kube-mast01 \
  'grep -q 192.168.4.34 /etc/keepalived/peers.conf &&
    grep -q 192.168.4.35 /etc/keepalived/peers.conf'
for node in kube-mast04 kube-mast05; do
  check "$node takes part" within 60 on $node \
    "systemctl -q is-active keepalived"
  check "and has not had the address beside another" on $node \
    'journalctl -u keepalived >/run/said && grep -q "STATE" /run/said
    ! grep "Entering MASTER STATE" /run/said'
done
# shellcheck disable=SC2086
check "exactly one node holds the address" within 60 equals 1 holders $VIP $NODES
check "five nodes are Ready" within 120 all_ready 5
check "etcd has five started members" within 180 \
  equals 5 healthy_members kube-mast01
check "of one cluster, with what was written" within 60 kube get configmap before
# As the README says: the old ones' seeds name no routes to the new ones' pods.
for node in kube-mast01 kube-mast02; do
  must "$node gets routes to the pods of the new ones" on $node \
    'ip route add 10.244.3.0/24 via 192.168.4.34
    ip route add 10.244.4.0/24 via 192.168.4.35
    mkdir /etc/systemd/network/10-cloud-init-kube0.network.d
    printf "[Route]\nDestination=%s\nGateway=%s\n" \
      10.244.3.0/24 192.168.4.34 10.244.4.0/24 192.168.4.35 \
      >/etc/systemd/network/10-cloud-init-kube0.network.d/pods.conf'
done
check "the cluster is what the spec says" ks verify --wait 120
# shellcheck disable=SC2086
vip_node=$(holder $VIP $NODES)
must "power cut of $vip_node, the holder" cut_power "$vip_node"
others=$(echo "$NODES" | sed "s/$vip_node//")
# shellcheck disable=SC2086
check "one other holds the address" within 60 equals 1 holders $VIP $others
must "$vip_node is switched on again" ks up
check "and has kept its routes" on "$vip_node" 'ip route | grep "^10.244.3.0/24 "'
# shellcheck disable=SC2086
check "still one holds the address" within 60 equals 1 holders $VIP $NODES
check "the machines are switched off" ks down --now
finish
