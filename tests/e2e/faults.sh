#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a rack does to a cluster, done to three nodes: power cuts in the middle of
# the assembly, the holder of the address killed, a disk lost, all dark at once.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/faults.yaml
sed 's/^name: demo/name: faults/' seeds/ha.yaml >"$SPEC"
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03"

# step_reached NODE STEP STATE: as the node's console tells.
step_reached() {
  grep -q "\"step\":\"$2\",\"state\":\"$3\"" "$STATE/logs/$1.console"
}

pid_of() { # NODE
  "$KUBESEED" --json status -C "$STATE" "$SPEC" |
    python3 -c 'import json,sys
for n in json.load(sys.stdin)["nodes"]:
  if n["name"] == sys.argv[1]: print(n["pid"])' "$1"
}

# Pulls the plug: SIGKILL to the machine's QEMU.
cut_power() { # NODE
  pid=$(pid_of "$1") && [ -n "$pid" ] && kill -KILL "$pid"
}

holder() {
  for node in $NODES; do
    if on "$node" "ip -4 -o addr" 2>/dev/null | grep -q " $VIP/"; then
      echo "$node"
      return
    fi
  done
  return 1
}

# A write through the address, from NODE; only an acknowledged one counts.
write_key() { # NODE NAME
  on "$1" "kubectl --kubeconfig /etc/kubernetes/admin.conf \
    --request-timeout 20s create configmap $2"
}

answers_through_vip() { # NODE
  on "$1" "curl -sf --max-time 5 --cacert /etc/kubernetes/pki/ca.crt \
    https://$VIP:6443/readyz" | grep -qx ok
}

must "the machines are switched on" ks up --no-wait

# Cuts in the middle of the two steps that change the most.
check "kube-mast01 begins kubeadm init" within 600 \
  step_reached kube-mast01 kubeadm-init start
sleep 20
check "power cut in the middle of kubeadm init" cut_power kube-mast01
sleep 5
must "kube-mast01 is switched on again" ks up --no-wait
check "kube-mast02 begins kubeadm join" within 1200 \
  step_reached kube-mast02 kubeadm-join start
check "kube-mast02 is joining" within 1200 grep -q '"message":"kubeadm join' \
  "$STATE/logs/kube-mast02.console"
sleep 15
check "power cut in the middle of a join" cut_power kube-mast02
sleep 5
must "the cluster completes all the same" ks up
check "three nodes are Ready" within 300 all_ready 3
check "etcd has three started members" within 120 \
  equals 3 started_members kube-mast01

# The machine that holds the address dies; what was acknowledged stays.
vip_node=$(holder)
check "somebody holds the address" test -n "$vip_node"
witness=kube-mast03
[ "$vip_node" != "$witness" ] || witness=kube-mast02
KUBE_NODE=$witness
check "a write before" write_key "$witness" before
check "SIGKILL to $vip_node, the holder of the address" cut_power "$vip_node"
start=$(date +%s)
check "the API answers through the address again" within 300 \
  answers_through_vip "$witness"
echo "failover took $(($(date +%s) - start)) s"
check "the write before is still there" within 120 kube get configmap before
check "with one etcd member gone, writes go on" within 180 \
  write_key "$witness" during
must "$vip_node is switched on again" ks up
check "three nodes are Ready again" within 300 all_ready 3

# A disk is lost: the same seed makes the node a member again.
check "kube-mast02 and its disk are gone" ks destroy kube-mast02
must "it comes back with an empty disk" ks up
KUBE_NODE=kube-mast01
check "three nodes are Ready with the new disk" within 300 all_ready 3
check "etcd has three started members, no dead one" within 180 \
  equals 3 started_members kube-mast01
check "the write is there on the new member" within 120 \
  kube get configmap during

# Everything dark, then everything on.
for node in $NODES; do
  check "power cut: $node" cut_power "$node"
done
sleep 3
must "all are switched on again" ks up
check "the cluster has returned" within 300 all_ready 3
check "with what was written" within 120 kube get configmap before during
check "the machines are switched off" ks down
finish
