#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two load balancers with corosync and pacemaker before one control plane: the second
# one comes later, the holder's power fails, and its haproxy does twice.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/pacemaker.yaml
VIP=192.168.4.20
NODES="hapx-node01 hapx-node02"
{
  header pacemaker
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: pacemaker}
nodes:
  - {name: "hapx-node{01..02}", role: load-balancer, address: 192.168.4.21+, memory: 1G}
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
SPEC
} >"$SPEC"

# The holder of the address, which is one of them alone.
one_holder() {
  # shellcheck disable=SC2086
  [ "$(holders $VIP $NODES)" = 1 ] && holder $VIP $NODES
}

holds_now() { # NODE
  [ "$(one_holder)" = "$1" ]
}

fail_haproxy() { # NODE
  on "$1" "systemctl kill -s KILL haproxy.service; sleep 15
    systemctl kill -s KILL haproxy.service"
}

must "the control plane and one of the balancers come up" \
  ks up kube-mast01 hapx-node02
check "it has the address, though it has never seen the other one" \
  holds_now hapx-node02
must "the other one comes up" ks up
echo "$(seconds_on) s from power-on until the last was ready"
check "the cluster is what the spec says" ks verify --wait 300
check "the address is where it was" holds_now hapx-node02
check "what they say to each other is encrypted" on hapx-node01 \
  "corosync-cmapctl totem.crypto_cipher | grep -w aes256 &&
    [ \"\$(stat -c '%a %U' /etc/corosync/authkey)\" = '400 root' ]"
check "systemd itself starts no haproxy" on hapx-node01 \
  "[ ! -e /etc/systemd/system/multi-user.target.wants/haproxy.service ]"

must "power cut of hapx-node02, the holder" cut_power hapx-node02
start=$(date +%s)
check "the API answers through the address again" within 120 \
  answers_through_vip kube-mast01 $VIP
echo "failover took $(($(date +%s) - start)) s"
must "it comes back" ks up
check "the cluster is what the spec says again" ks verify --wait 300
check "the address stays where it went" holds_now hapx-node01

check "haproxy is killed there, twice" fail_haproxy hapx-node01
check "the address moves" within 60 holds_now hapx-node02
check "the API answers there" within 60 answers_through_vip kube-mast01 $VIP
check "all is well by itself" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
