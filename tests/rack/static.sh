#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A cluster that nobody founds and nobody joins (kubernetes.bootstrapper): three
# control planes and a worker at once; power fails everywhere while somebody
# writes, then within the first boot of a node whose disk was lost. At last the same
# spec with kubeadm, to lay the times beside each other: it comes second, when the
# host has read the image already.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

BOOTSTRAPPER=${BOOTSTRAPPER:-static-pods}
SPEC=$WORK/static.yaml
NODES="kube-mast01 kube-mast02 kube-mast03 kube-node01"

spec() { # BOOTSTRAPPER
  header static | sed "s/^kubernetes: {/&bootstrapper: $1, /"
  cat <<'END'
endpoint: {address: 192.168.4.20}
nodes:
  - {name: "kube-mast{01..03}", role: control-plane, address: 192.168.4.31+, memory: 3G}
  - name: kube-node01
    role: worker
    address: 192.168.4.41
    memory: 2G
    labels: {zone: a}
    taints: ["spot:PreferNoSchedule"]
END
}

no_kubeadm_objects() {
  kube get configmap -n kube-system -o name >"$WORK/objects" &&
    kube get secret -n kube-system -o name >>"$WORK/objects" &&
    cat "$WORK/objects" && grep -qx configmap/kubeseed "$WORK/objects" &&
    ! grep -e kubeadm -e bootstrap-token "$WORK/objects"
}

no_foreign_key() { # NODE
  on "$1" "find /etc/kubernetes -name '*.key'" >"$WORK/keys" || return
  cat "$WORK/keys"
  grep -q '/apiserver.key$' "$WORK/keys" &&
    ! grep -e '/ca.key$' -e '/front-proxy-ca.key$' "$WORK/keys"
}

spec "$BOOTSTRAPPER" >"$SPEC"
[ ! -e "$STATE" ] || must "an earlier state is gone" ks destroy --all --yes
trap writer_stop EXIT
trap 'exit 130' INT TERM
must "four machines come up, switched on at once" ks up
time_own=$(seconds_on)
must "four nodes are Ready" within 60 all_ready 4
check "etcd has three started members" equals 3 healthy_members kube-mast01
check "nothing is there that kubeadm makes" no_kubeadm_objects
check "no control plane has the key of a CA" no_foreign_key kube-mast02
check "the cluster is what the spec says" ks verify --wait 300

# Everything dark in the middle of a write.
must "somebody writes" writer_start kube-mast01
must "and is answered" within 60 acknowledged 5
# shellcheck disable=SC2086
must "power cut of all four at once, in the middle of it" cut_power $NODES
writer_stop
must "all are switched on again" ks up
check "four nodes are Ready again" within 120 all_ready 4
check "no write is lost" within 60 nothing_is_lost

# Two disks are lost, and the power of one of them fails in its first boot.
check "kube-mast01 and its disk are gone" ks destroy kube-mast01
check "kube-node01 and its disk are gone" ks destroy kube-node01
KUBE_NODE=kube-mast02
check "a write without them" within 60 write_key kube-mast02 without
must "both are switched on with empty disks" ks up --no-wait
must "kube-mast01 has a place in etcd and starts its control plane" \
  quickly 180 in_step kube-mast01 control-plane
must "power cut of kube-mast01" cut_power kube-mast01
check "in the midst of that" in_step kube-mast01 control-plane
must "it is switched on again" ks up
KUBE_NODE=kube-mast01
check "four nodes are Ready with the new disks" within 120 all_ready 4
check "etcd has three started members, no dead one" within 120 \
  equals 3 healthy_members kube-mast01
check "with what was written" within 60 kube get configmap without
check "and no write is lost" within 60 nothing_is_lost
check "the cluster is what the spec says, still" ks verify --wait 300
check "all is gone" ks destroy --all --yes

# One word changed.
spec kubeadm >"$SPEC"
must "the same machines come up with kubeadm" ks up
time_kubeadm=$(seconds_on)
check "four nodes are Ready as well" within 60 all_ready 4
echo "from power-on until the last of three control planes and a worker was \
ready: $BOOTSTRAPPER $time_own s, kubeadm $time_kubeadm s"
check "the machines are switched off" ks down --now
finish
