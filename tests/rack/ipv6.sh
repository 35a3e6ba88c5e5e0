#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# IPv6 beside IPv4: nodes, pods and a service have addresses of both and answer at
# both, also after a node's reboot, when only systemd-networkd knows its network.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/ipv6.yaml
KUBE_NODE=m1
{
  header ipv6 | sed 's/^network: {/&ipv6: {subnet: "fd00:4::\/64"}, /'
  cat <<'END'
endpoint: {address: 192.168.4.20}
nodes:
  - {name: "m{1..3}", address: 192.168.4.31+, ipv6: "fd00:4::31+"}
  - {name: w1, role: worker, address: 192.168.4.41}
END
} >"$SPEC"

# By an image that every node has: an etcd that serves whoever asks.
serve() {
  kube apply -f - <<END
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: both}
spec:
  selector: {matchLabels: {app: both}}
  template:
    metadata: {labels: {app: both}}
    spec:
      tolerations: [{operator: Exists}]
      terminationGracePeriodSeconds: 0
      containers:
      - name: both
        image: kubeseed.internal/k8s/etcd:3.4.23
        command: [etcd, --data-dir=/tmp/data, --unsafe-no-fsync,
          "--listen-client-urls=http://[::]:2379",
          "--advertise-client-urls=http://127.0.0.1:2379",
          "--listen-peer-urls=http://127.0.0.1:2380"]
---
apiVersion: v1
kind: Service
metadata: {name: both}
spec:
  ipFamilyPolicy: RequireDualStack
  selector: {app: both}
  ports: [{port: 2379}]
END
}

# answers NODE: the service does, to the node, at an address of each family.
answers() {
  addresses=$(kube get service both -o 'jsonpath={.spec.clusterIPs[*]}')
  case $addresses in
  10.*\ fd00:10:96::*) ;;
  *)
    echo "its addresses are '$addresses'"
    return 1
    ;;
  esac
  on "$1" "for a in $addresses; do
      case \$a in *:*) a=[\$a] ;; esac
      curl -gsS --max-time 10 http://\$a:2379/health | grep true
    done"
}

# Other nodes' pods are behind its address; what goes nowhere else is not sent.
has_network() { # NODE ADDRESS
  on "$1" "ip -6 -o addr show dev kube0 | grep -q ' $2/64 '
    ip -6 route get fd00:10:244:3::9 | grep -q ' via fd00:4::29 '
    ! ip -6 route get 2001:db8::1 2>/dev/null"
}

# Four pods ask each other and themselves.
verified() {
  ks verify --wait 300 >"$WORK/verified" 2>&1
  status=$?
  cat "$WORK/verified"
  [ "$status" -eq 0 ] &&
    grep -q '^ok .* pods reach those of every node: 32 connections' \
      "$WORK/verified"
}

boots() { # NODE
  grep -ac '^Linux version' "$STATE/logs/$1.console"
}

must "four machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the last was ready"
check "a node has its address and its ways" has_network m2 fd00:4::32
check "the cluster is what the spec says, pods at both addresses" verified
check "a service of both kinds is made" serve
for node in m1 w1; do
  check "it answers $node at both addresses" within 60 answers "$node"
done
on m2 'systemctl reboot' >/dev/null 2>&1
check "m2 boots a second time, by itself" within 60 equals 2 boots m2
must "and is ready again" ks up
check "with the same address and ways" has_network m2 fd00:4::32
check "the service answers it as well" within 60 answers m2
check "and the cluster is what the spec says" verified
check "the machines are switched off" ks down --now
finish
