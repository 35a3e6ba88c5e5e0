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

secrets() {
  on kube-mast01 'kubectl --kubeconfig /etc/kubernetes/admin.conf \
    -n kube-system get secret -o name'
}

no_token() {
  names=$(secrets) && ! echo "$names" | grep bootstrap-token
}

has_token() {
  secrets | grep bootstrap-token
}

# The statistics page, with the password of the state folder and without.
statistics() { # STATUS [CURL-CONFIG]
  equals "$1" on kube-mast01 "curl -s -o /dev/null -w '%{http_code}' -K - \
    http://192.168.4.21:32700/ <<CONFIG
$2
CONFIG"
}

secret_statistics() {
  statistics 200 "user = \"admin:$(cat "$STATE/pki/stats.secret")\""
}

must "the machines come up" ks up
check "the cluster is what the spec says" ks verify --wait 1200
check "the load balancer has no Kubernetes key" no_kubernetes_key hapx-node01
check "the statistics page takes the password of the state folder" \
  secret_statistics
check "and nobody without it" statistics 401 ""
check "the worker has no CA key" no_kubernetes_key kube-node01
check "the worker has its label" equals a kube get node kube-node01 \
  -o 'jsonpath={.metadata.labels.zone}'
check "the bootstrap token is deleted" within 300 no_token
# A worker that comes later: the token of its seed is not known any more.
check "kube-node01 and its disk are gone" ks destroy kube-node01
check "a new seed is made while the cluster runs" ks seed kube-node01
check "that has renewed the token" has_token
must "the worker joins a second time" ks up
check "all three nodes are Ready" within 300 all_ready 3

# No single point of failure: the address moves, and so does the traffic.
vip_node=$(holder 192.168.4.20 hapx-node01 hapx-node02)
check "a load balancer holds the address" test -n "$vip_node"
check "SIGKILL to $vip_node, the holder of the address" cut_power "$vip_node"
start=$(date +%s)
check "the API answers through the address again" within 300 \
  answers_through_vip kube-mast02 192.168.4.20
echo "failover took $(($(date +%s) - start)) s"
check "SIGKILL to kube-mast01, a control plane" cut_power kube-mast01
start=$(date +%s)
check "the API still answers through the address" within 300 \
  answers_through_vip kube-mast02 192.168.4.20
echo "failover took $(($(date +%s) - start)) s"
check "writes go on" within 180 write_key kube-mast02 after
check "the machines are switched off" ks down --now
finish
