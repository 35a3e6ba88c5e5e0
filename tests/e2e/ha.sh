#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Three control-plane nodes switched on at the same moment become a cluster;
# what the README claims of it is asserted through the API and in the nodes.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=seeds/ha.yaml
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03"

# Every node, reached from every node, by the address that VRRP moves.
readyz_through_vip() {
  for node in $NODES; do
    on "$node" "curl -sf --max-time 20 --cacert /etc/kubernetes/pki/ca.crt \
      https://$VIP:6443/readyz" | grep -qx ok || return 1
  done
}

# A pod on each node, from the one image with a server and a client in it.
start_pods() {
  kube create --validate=false -f - <<'POD'
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: reach}
spec:
  selector: {matchLabels: {app: reach}}
  template:
    metadata: {labels: {app: reach}}
    spec:
      tolerations: [{operator: Exists}]
      containers:
      - name: reach
        image: kubeseed.internal/k8s/etcd:3.4.23
        command: [etcd, --data-dir=/tmp/d, --unsafe-no-fsync,
          --listen-client-urls=http://0.0.0.0:2379,
          --advertise-client-urls=http://0.0.0.0:2379]
POD
}

pods_running() {
  [ "$(kube get pods -l app=reach --no-headers | grep -c Running)" -eq 3 ]
}

pods_reach_each_other() {
  pods=$(kube get pods -l app=reach -o \
    'jsonpath={range .items[*]}{.metadata.name}={.status.podIP} {end}')
  echo "$pods"
  for from in $pods; do
    for to in $pods; do
      kube exec "${from%%=*}" -- etcdctl --endpoints \
        "http://${to#*=}:2379" --dial-timeout 20s --command-timeout 30s \
        endpoint health || return 1
    done
  done
}

no_failed_unit() { # NODE
  failed_units=$(on "$1" 'systemctl --failed --no-legend --plain') || return 1
  echo "failed: $failed_units"
  ! echo "$failed_units" | grep -E \
    'kubeseed|etcd|keepalived|containerd|kubelet|nftables|cloud-init'
}

no_key_in_copies() { # NODE
  on "$1" 'if grep -rl "PRIVATE KEY" /var/lib/cloud /run/cloud-init; then
    exit 1
  fi
  test -s /etc/kubernetes/pki/ca.key
  test "$(stat -c %a%U /etc/kubernetes/pki/ca.key)" = 600root'
}

# `verify` says so when a member of etcd does not run.
verify_finds_the_fault() {
  status=0
  ks verify --no-pods >"$WORK/broken.txt" || status=$?
  cat "$WORK/broken.txt"
  [ "$status" -eq 1 ] &&
    grep '^FAIL' "$WORK/broken.txt" | grep -q 'etcd.*kube-mast03'
}

nothing_runs() {
  "$KUBESEED" --json status -C "$STATE" "$SPEC" | python3 -c 'import json,sys
sys.exit([n["state"] for n in json.load(sys.stdin)["nodes"]] != 3 * ["off"])'
}

# All by themselves: nobody's plug had to be pulled.
down_is_clean() {
  ks down --timeout 600 >"$WORK/down.txt" 2>&1 || return 1
  cat "$WORK/down.txt"
  ! grep -q 'pulling its plug' "$WORK/down.txt"
}

must "the three nodes come up" ks up
check "three nodes are Ready" within 300 all_ready 3
for part in kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do
  check "$part runs three times" within 600 equals 3 running_pods "$part"
done
check "etcd has three started members" equals 3 healthy_members kube-mast01
check "etcd has one leader" equals 1 leaders kube-mast02
# shellcheck disable=SC2086
check "exactly one node holds the VIP" equals 1 holders $VIP $NODES
check "/readyz is ok through the VIP from every node" within 180 \
  readyz_through_vip
check "a pod is started on each node" start_pods
check "the pods run" within 600 pods_running
check "each pod reaches the pods of the other nodes" within 300 \
  pods_reach_each_other
for node in $NODES; do
  check "$node: no unit of ours has failed" no_failed_unit "$node"
  check "$node: no private key in cloud-init's copies" no_key_in_copies "$node"
  check "$node: its clock costs no system call" clock_is_cheap "$node"
done
check "the cluster is what the spec says" ks verify --wait 600 \
  --junit "$WORK/verify.xml"
check "etcd is stopped on kube-mast03" on kube-mast03 'systemctl stop etcd'
check "verify finds the fault" verify_finds_the_fault
check "etcd is started again" on kube-mast03 'systemctl start etcd'
check "up again finds all ready" ks up
check "status says so" ks status

# The machine that holds the address dies; what was acknowledged stays.
# shellcheck disable=SC2086
vip_node=$(holder $VIP $NODES)
check "somebody holds the address" test -n "$vip_node"
witness=kube-mast03
[ "$vip_node" != "$witness" ] || witness=kube-mast02
KUBE_NODE=$witness
check "a write before" write_key "$witness" before
check "power cut of $vip_node, the holder of the address" cut_power "$vip_node"
start=$(date +%s)
check "the API answers through the address again" within 300 \
  answers_through_vip "$witness" $VIP
echo "failover took $(($(date +%s) - start)) s"
check "the write before is still there" within 120 kube get configmap before
check "with one etcd member gone, writes go on" within 180 \
  write_key "$witness" during
check "$vip_node is switched on again" ks up
check "three nodes are Ready again" within 300 all_ready 3
check "etcd has three started members again" within 300 \
  equals 3 healthy_members "$vip_node"

check "all machines switch themselves off" down_is_clean
check "nothing runs after down" nothing_runs
check "destroy removes the disks" ks destroy
check "no disk is left" sh -c "! ls '$STATE'/disks/*"
finish
