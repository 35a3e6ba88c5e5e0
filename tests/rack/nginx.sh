#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# etcd on machines of its own behind an nginx: one member's disk is lost while the
# control plane runs, and so is the worker's.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/nginx.yaml
{
  header nginx
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: nginx}
etcd: {mode: external}
nodes:
  - {name: lb-node01, role: load-balancer, address: 192.168.4.21, memory: 1G}
  - {name: "etcd-node{01..03}", role: etcd, address: 192.168.4.25+, memory: 1G}
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: kube-node01, role: worker, address: 192.168.4.41, memory: 2G}
SPEC
} >"$SPEC"

must "six machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the last was ready"
check "both nodes are Ready" within 60 all_ready 2
check "the cluster is what the spec says" ks verify --wait 300
check "a write" write_key kube-mast01 before
must "etcd-node02 and its disk are gone" ks destroy etcd-node02
check "writes go on" within 60 write_key kube-mast01 during
must "it comes back with an empty disk" ks up
check "the cluster is what the spec says again" ks verify --wait 300
check "with what was written" within 60 kube get configmap before during
check "the machines are switched off" ks down --now
finish
