#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A node that is in the middle of its join to a stacked cluster has no data of
# etcd's, but it has seen the cluster. Power fails, the first node's disk is lost,
# and the only other member is off: those two must not found a second cluster.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/witness.yaml
sed 's/^name: stacked/name: witness/' seeds/stacked.yaml >"$SPEC"

is_kubelet() { # NODE
  has_file "$1" /etc/kubernetes/kubelet.conf
}

has_founded() { # NODE
  has_file "$1" /etc/kubernetes/manifests/etcd.yaml
}

# Another folder is another inode, were it of the same name.
inode_of_data() {
  on kube-mast02 'stat -c %i /var/lib/etcd/member/snap/db'
}

must "two control planes come up" ks up kube-mast01 kube-mast02
check "a write" write_key kube-mast01 before
inode=$(inode_of_data)
must "the third is switched on" ks up --no-wait kube-mast03
must "its kubelet has joined" quickly 300 is_kubelet kube-mast03
must "power cut in that join" cut_power kube-mast03
check "that was the step" in_step kube-mast03 kubeadm-join
check "it is no member of etcd" within 60 equals 2 healthy_members kube-mast01
must "power cut of both members" cut_power kube-mast01 kube-mast02
must "kube-mast01's disk is gone" ks destroy kube-mast01
must "it comes back, empty, with kube-mast03" \
  ks up --no-wait kube-mast01 kube-mast03
check "kube-mast01 says that kube-mast03 saw a cluster" within 180 \
  says kube-mast01 "kube-mast03 saw a cluster"
check "and founds none" not has_founded kube-mast01
must "kube-mast02, with the data, comes back" ks up --no-wait kube-mast02
must "its etcd runs" within 180 on kube-mast02 \
  'ss -Htlnp "sport = :2380" | grep "\"etcd\""'
check "its data is what it was" equals "$inode" inode_of_data
check "kube-mast01 has still founded none" not has_founded kube-mast01
check "the machines are switched off" ks down --now
finish
