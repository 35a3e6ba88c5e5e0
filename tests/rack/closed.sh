#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Workers join a cluster that tells strangers nothing: first the role that lets
# anybody read cluster-info is taken away (403), then the API server takes nobody
# without a name (401), as where anonymous requests are for its health alone.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/closed.yaml
{
  header closed
  cat <<'SPEC'
nodes:
  - {name: m1, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: "w{1..2}", role: worker, address: 192.168.4.41+, memory: 2G}
SPEC
} >"$SPEC"
KUBE_NODE=m1

answers_strangers() { # CODE: what anybody is told of cluster-info, from a worker's side
  [ "$(on m1 'curl -sk -o /dev/null -w "%{http_code}" \
    https://192.168.4.31:6443/api/v1/namespaces/kube-public/configmaps/cluster-info')" \
    = "$1" ]
}
# The kubelet asks for the health as anybody: it would end the API server. Written
# beside, and then put in place, so that no half of it is read.
know_everybody() {
  on m1 'cd /etc/kubernetes/manifests
    awk "/^    [a-z]+Probe:/ { skip = 1; next } skip && /^      / { next }
      { skip = 0; print } /^    - kube-apiserver\$/ { print \"    - --anonymous-auth=false\" }" \
      kube-apiserver.yaml >/root/new
    grep -q anonymous-auth /root/new && ! grep -q Probe /root/new
    mv /root/new kube-apiserver.yaml'
}

must "the control plane comes up" ks up m1
check "strangers are told of the cluster" answers_strangers 200
check "until that is taken away" kube -n kube-public delete rolebinding \
  kubeadm:bootstrap-signer-clusterinfo
check "they are refused" within 30 answers_strangers 403
must "a worker joins all the same" ks up --timeout 10 w1
check "it is Ready" within 60 all_ready 2
check "nobody without a name is to be answered" know_everybody
check "nobody is" within 120 answers_strangers 401
must "another worker joins even so" ks up --timeout 10 w2
check "it is Ready as well" within 120 all_ready 3
check "what told kubeadm who it is does not stay there" on w2 \
  'test ! -e /etc/kubeseed/discovery.conf'
check "the machines are switched off" ks down --now
finish
