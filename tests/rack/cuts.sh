#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Switched on in the wrong order, the first node last, with power cuts in the
# middle of the two steps that change the most: `kubeadm init` and a join.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/cuts.yaml
sed 's/^name: demo/name: cuts/' seeds/ha.yaml >"$SPEC"
# Right before a cut: one file that is on the disk, and one that is not.
writes_two() { # NODE
  launcher=$(cat "$STATE/run/$1.pid") &&
    init=$(cut -d ' ' -f 1 "/proc/$launcher/task/$launcher/children") &&
    [ -n "$init" ] || return
  folder=/proc/$init/root/var/tmp
  echo kept >"$folder/synced" && sync "$folder/synced" &&
    echo lost >"$folder/unsynced"
}

lost_one() { # NODE
  on "$1" 'cd /var/tmp; ls; grep -x kept synced; ! grep -s lost unsynced'
}

for node in kube-mast03 kube-mast02; do
  must "$node is switched on" ks up --no-wait "$node"
  must "$node waits for etcd's quorum" within 120 \
    says "$node" 'etcd to have a quorum'
done
must "kube-mast01, the first node, is switched on last" ks up --no-wait

# Its static pods are written and the API server is awaited.
must "kube-mast01 is within kubeadm init" quickly 300 \
  has_file kube-mast01 /etc/kubernetes/manifests/kube-scheduler.yaml
must "it writes two files and syncs one" writes_two kube-mast01
must "power cut in kubeadm init" cut_power kube-mast01
check "that was the step" in_step kube-mast01 kubeadm-init
must "kube-mast01 is switched on again" ks up --no-wait

# The kubelet has been told of the cluster, which kubeadm awaits.
must "kube-mast02 is within kubeadm join" quickly 600 \
  has_file kube-mast02 /etc/kubernetes/bootstrap-kubelet.conf
must "power cut in a join" cut_power kube-mast02
check "that was the step" in_step kube-mast02 kubeadm-join
must "the cluster completes all the same" ks up
check "the power cut took what was not synced, and no more" lost_one kube-mast01
check "three nodes are Ready" within 120 all_ready 3
check "etcd has three started members" within 120 \
  equals 3 healthy_members kube-mast01
check "the cluster is what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
