#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two load balancers, an external etcd of three, two control planes, a worker:
# every role on a machine of its own. Switched on in the wrong order: the worker,
# the control planes, the load balancers, and etcd last.
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

# A stream that says nothing: HTTP/1.1, since HTTP/2 has pings of its own.
begin_watch() {
  on kube-mast02 'exec curl -sSN --http1.1 --cacert /etc/kubernetes/pki/ca.crt \
    --cert /etc/kubernetes/pki/apiserver-kubelet-client.crt \
    --key /etc/kubernetes/pki/apiserver-kubelet-client.key \
    "https://192.168.4.20:6443/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=7200"' \
    >"$WORK/watch.txt" 2>&1 &
  watch_began=$(date +%s)
}

heard() { # NAME
  grep -q "\"name\":\"$1\"" "$WORK/watch.txt"
}

order="kube-node01 kube-mast02 kube-mast01 hapx-node02 hapx-node01 etcd-node03"
for node in $order; do
  must "$node is switched on" ks up --no-wait "$node"
  sleep 10
done
must "with the rest of etcd the machines come up" ks up
begin_watch
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

silent=$(($(date +%s) - watch_began))
check "a write" write_key kube-mast01 heard
check "a watch through the balancer hears it after $silent s of silence" \
  within 60 heard heard

# No single point of failure: the address moves, and so does the traffic.
vip_node=$(holder 192.168.4.20 hapx-node01 hapx-node02)
check "a load balancer holds the address" test -n "$vip_node"
check "power cut of $vip_node, the holder of the address" cut_power "$vip_node"
start=$(date +%s)
check "the API answers through the address again" within 300 \
  answers_through_vip kube-mast02 192.168.4.20
echo "failover took $(($(date +%s) - start)) s"
check "power cut of kube-mast01, a control plane" cut_power kube-mast01
start=$(date +%s)
check "the API still answers through the address" within 300 \
  answers_through_vip kube-mast02 192.168.4.20
echo "failover took $(($(date +%s) - start)) s"
check "writes go on" within 180 write_key kube-mast02 after
check "the machines are switched off" ks down --now
finish
