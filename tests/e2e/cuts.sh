#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Power cuts in the middle of the assembly: of `kubeadm init` on the first node,
# and of a join. The nodes are switched on in the wrong order, the first one last.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/cuts.yaml
sed 's/^name: demo/name: cuts/' seeds/ha.yaml >"$SPEC"
for node in kube-mast03 kube-mast02; do
  must "$node is switched on" ks up --no-wait "$node"
  sleep 30
done
check "kube-mast03 waits for etcd's quorum" within 300 \
  grep -q 'etcd to have a quorum' "$STATE/logs/kube-mast03.console"
must "kube-mast01, the first node, is switched on last" ks up --no-wait

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
  equals 3 healthy_members kube-mast01

check "the machines are switched off" ks down --now
finish
