#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A cluster that nobody founds and nobody joins (kubernetes.bootstrapper), every
# role on a machine of its own: load balancers, an external etcd, two control
# planes, a worker. etcd comes last. Then power fails of the address's holder, of a
# control plane and of a member of etcd, one after the other, and its disk is lost.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

BOOTSTRAPPER=${BOOTSTRAPPER:-static-pods}
SPEC=$WORK/static-external.yaml
sed -e 's/^name: .*/name: external/' \
  -e "s/^kubernetes:$/&\n  bootstrapper: $BOOTSTRAPPER/" seeds/haproxy.yaml >"$SPEC"
VIP=192.168.4.20

must "load balancers, control planes and the worker are switched on" \
  ks up --no-wait hapx-node01 hapx-node02 kube-mast01 kube-mast02 kube-node01
must "a control plane waits for etcd" within 120 \
  says kube-mast01 'etcd to have a quorum'
check "the worker waits for nobody's word to start its kubelet" within 120 \
  step_reached kube-node01 kubelet "done"
must "with etcd the machines come up" ks up
check "three nodes are Ready" within 120 all_ready 3
check "the cluster is what the spec says" ks verify --wait 300

vip_node=$(holder $VIP hapx-node01 hapx-node02)
must "power cut of ${vip_node:-the holder} of the address" cut_power "$vip_node"
check "the API answers through the address again" within 120 \
  answers_through_vip kube-mast02 $VIP
must "power cut of kube-mast01" cut_power kube-mast01
check "the API still answers through the address" within 120 \
  answers_through_vip kube-mast02 $VIP
check "writes go on" within 60 write_key kube-mast02 after
check "etcd-node02 and its disk are gone" ks destroy etcd-node02
must "all are switched on again" ks up
check "three nodes are Ready again" within 120 all_ready 3
check "with what was written" within 60 kube get configmap after
check "the cluster is what the spec says, still" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
