#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two load balancers, an external etcd of three, two control planes, a worker:
# every role on a machine of its own. All machines at once.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"
SPEC=seeds/haproxy.yaml

no_kubernetes_key() { # NODE
  on "$1" 'if ls /etc/kubernetes/pki/*.key; then exit 1; fi'
}

must "the machines come up" ks up
check "the cluster is what the spec says" ks verify
check "the load balancer has no Kubernetes key" no_kubernetes_key hapx-node01
check "the worker has no CA key" no_kubernetes_key kube-node01
check "the worker has its label" equals a kube get node kube-node01 \
  -o 'jsonpath={.metadata.labels.zone}'
check "the bootstrap token is deleted" within 180 sh -c "! '$KUBESEED' ssh \
  -C '$STATE' $SPEC kube-mast01 -- sudo kubectl --kubeconfig \
  /etc/kubernetes/admin.conf -n kube-system get secret -o name |
  grep bootstrap-token"
check "the machines are switched off" ks down --now
finish
