#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# On the disks of nodes that are ready each secret of the cluster is where it is
# used, and nowhere else: not in what cloud-init keeps, not in a log, not in the
# files of other nodes. Searched is every file, for the bytes themselves and for
# base64 and digits of them (see find-secrets).
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/secrets.yaml
{
  header secrets
  cat <<'END'
endpoint: {address: 192.168.4.20}
nodes:
  - {name: "m{1..3}", role: control-plane, address: 192.168.4.31+}
  - {name: w1, role: worker, address: 192.168.4.41}
END
} >"$SPEC"

KUBE_NODE=m1

# Where each may be. The token is deleted when all have joined; etcd's log and pages
# keep its bytes until they are written over.
used() { # NODE
  case $1 in
  m*)
    cat <<PLACES
ca.key /etc/kubernetes/pki/ca.key
front-proxy-ca.key /etc/kubernetes/pki/front-proxy-ca.key
sa.key /etc/kubernetes/pki/sa.key
nodes/$1/etcd-server.key /etc/etcd/pki/server.key
nodes/$1/etcd-peer.key /etc/etcd/pki/peer.key
nodes/$1/apiserver-etcd-client.key /etc/kubernetes/pki/apiserver-etcd-client.key
vrrp.secret /etc/keepalived/keepalived.conf
PLACES
    ;;
  esac
}

searched() { # NODE
  "$here/find-secrets" "$STATE/pki" >"$WORK/search" || return
  ks ssh "$1" -- sudo sh <"$WORK/search" >"$WORK/found.$1" || return
  # Without its last word it was cut short.
  grep -qx searched "$WORK/found.$1"
}

nowhere_else() { # NODE
  used "$1" >"$WORK/used"
  ! grep -vxF -f "$WORK/used" "$WORK/found.$1" | grep -v '^searched$' |
    grep -v '^token /var/lib/etcd/'
}

all_are_there() { # NODE
  used "$1" >"$WORK/used"
  ! grep -vxF -f "$WORK/found.$1" "$WORK/used"
}

# What nobody has seen it find, nobody knows to be absent.
plants() {
  on w1 'umask 077; mkdir /var/tmp/planted
    printf %s "'"$(base64 -w 0 "$STATE/pki/ca.key")"'" >/var/tmp/planted/conf' &&
    searched w1 && grep -x 'ca.key /var/tmp/planted/conf' "$WORK/found.w1" &&
    on w1 'rm -r /var/tmp/planted'
}

must "four machines come up" ks up
check "four nodes are Ready" within 60 all_ready 4
check "a key that was planted is found" plants
for node in m1 m3 w1; do
  must "the disk of $node is searched" searched "$node"
  sed 's/^/    /' "$WORK/found.$node"
  check "$node has its own secrets" all_are_there "$node"
  check "and each where it is used alone" nowhere_else "$node"
done
check "the machines are switched off" ks down --now
finish
