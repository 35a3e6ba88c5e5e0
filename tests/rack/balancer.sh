#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A cluster behind two load balancers grows by a third one, which the seeds of the
# others do not name: it takes no part beside them. When their power fails it has the
# address; they learn of it when they are on again, and one of the three has it.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/balancer.yaml
{
  header balancer
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: haproxy}
etcd: {mode: external}
nodes:
  - {name: "lb-node{01..02}", role: load-balancer, address: 192.168.4.21+, memory: 1G}
  - {name: etcd-node01, role: etcd, address: 192.168.4.25, memory: 1G}
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
SPEC
} >"$SPEC"
VIP=192.168.4.20
OLD="lb-node01 lb-node02"

takes_part() { # NODE
  on "$1" "systemctl -q is-active keepalived"
}

# How often it has taken the address since it was switched on.
times_master() { # NODE
  on "$1" 'journalctl -b -u keepalived | grep -c "Entering MASTER STATE" || :'
}

verify_tells() { # WORDS
  ! ks verify >"$WORK/verified" 2>&1 || return
  cat "$WORK/verified"
  grep "$1" "$WORK/verified"
}

[ ! -e "$STATE" ] || must "an earlier state is gone" ks destroy --all --yes
must "four machines come up, switched on at once" ks up
check "the cluster is what the spec says" ks verify --wait 300
# shellcheck disable=SC2086
first=$(holder $VIP $OLD)
sed -i 's/lb-node{01\.\.02}/lb-node{01..03}/' "$SPEC"
must "the spec has three load balancers, and the third one comes up" ks up
check "which takes no part beside those that do not know it" not takes_part lb-node03
check "and has not had the address" equals 0 times_master lb-node03
# shellcheck disable=SC2086
check "$first still has the address" equals "$first" holder $VIP $OLD lb-node03
check "verify tells of it" verify_tells "lb-node03.*keepalived"
check "a write" write_key kube-mast01 before
must "power cut of $first, the holder" cut_power "$first"
second=$(echo "$OLD" | sed "s/ *$first *//")
check "$second has the address" within 60 equals "$second" holder $VIP "$second"
# While nobody had it the third one may have begun to take part. Then both have it,
# until the second one has heard that.
check "and is alone in that" within 20 equals 1 holders $VIP "$second" lb-node03
must "power cut of $second as well" cut_power "$second"
start=$(date +%s)
check "the third one has the address" within 120 equals lb-node03 holder $VIP lb-node03
check "and the API answers through it" within 60 answers_through_vip kube-mast01 $VIP
echo "failover took $(($(date +%s) - start)) s"
check "a write by the new one" write_key kube-mast01 during
must "the two are switched on again" ks up
for node in $OLD; do
  check "$node knows the third one" within 60 on "$node" \
    'grep -q "^ *192.168.4.23$" /etc/keepalived/peers.conf'
  check "and takes part" within 60 takes_part "$node"
done
check "so does the third one" within 60 takes_part lb-node03
# shellcheck disable=SC2086
check "exactly one has the address" within 60 equals 1 holders $VIP $OLD lb-node03
check "the cluster is what the spec says now" ks verify --wait 300
# shellcheck disable=SC2086
vip_node=$(holder $VIP $OLD lb-node03)
must "power cut of $vip_node, the holder" cut_power "$vip_node"
others=$(echo "$OLD lb-node03" | sed "s/$vip_node//")
# shellcheck disable=SC2086
check "one of the others has the address" within 60 equals 1 holders $VIP $others
check "writes go on" within 60 write_key kube-mast01 after
check "with what was written" within 60 kube get configmap before during after
check "the machines are switched off" ks down --now
finish
