#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A load balancer of the user's own, with the lines that `plan` prints for it,
# and nodes that find the cluster by token and CA hash. The balancer is a machine
# of another cluster: this one's spec knows only its address.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/external.yaml
{
  header external
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: external}
pki: {discovery: token}
nodes:
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: kube-node01, role: worker, address: 192.168.4.41, memory: 2G,
     labels: {zone: a}, taints: ["dedicated=lab:NoSchedule"]}
SPEC
} >"$SPEC"

BALANCER=$WORK/balancer.yaml
{
  header balancer
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: haproxy}
nodes:
  - {name: lb-node01, role: load-balancer, address: 192.168.4.21, memory: 1G}
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
SPEC
} >"$BALANCER"

# lb COMMAND ARGS...: kubeseed for the machine of the balancer's owner.
lb() {
  kubeseed_at "$WORK/balancer-state" "$BALANCER" "$@"
}

lb_done() {
  lb destroy >/dev/null 2>&1
}

# What `plan` prints takes the place of what this haproxy had. It may take a
# while until the nodes come: it starts without them.
balancer_takes_sample() {
  ks plan | sed -n '/^  frontend/,$p' | sed '/^[^ ]/,$d' >"$WORK/sample.cfg"
  cat "$WORK/sample.cfg"
  grep -q 'server kube-mast01 192.168.4.31:6443' "$WORK/sample.cfg" &&
    lb ssh lb-node01 -- sudo tee /etc/haproxy/haproxy.cfg \
      <"$WORK/sample.cfg" &&
    lb ssh lb-node01 -- sudo systemctl restart haproxy
}

by_token() { # NODE
  isoinfo -R -x /user-data -i "$STATE/seeds/$1.iso" | grep -A 4 bootstrapToken |
    grep 'sha256:'
}

lb_done
rm -rf "$WORK/balancer-state"
trap lb_done EXIT
trap 'exit 130' INT TERM
must "a load balancer is there" lb up --no-wait lb-node01
must "it is on the nodes' network" share_network "$WORK/balancer-state"
must "it reports ready" lb up lb-node01
must "it takes the sample that plan prints" balancer_takes_sample
must "the machines come up" ks up
check "the worker's seed has a token and the CA's hash" by_token kube-node01
check "both are Ready" within 300 all_ready 2
check "the worker has its label" equals a kube get node kube-node01 \
  -o 'jsonpath={.metadata.labels.zone}'
check "the worker has its taint" within 120 equals dedicated=lab:NoSchedule \
  kube get node kube-node01 \
  -o 'jsonpath={range .spec.taints[*]}{.key}={.value}:{.effect}{end}'
check "the cluster is what the spec says" ks verify --wait 600
check "the machines are switched off" ks down --now
finish
