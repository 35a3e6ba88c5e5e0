#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A control plane and a worker of Debian 13, whose cloud-init calls its modules in
# another way than Debian 12's, with what both write of a seed; and once more after
# a power cut.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/trixie.yaml
KUBE_NODE=m1
printf 'text of a file\n' >"$WORK/own"
{
  any_header trixie
  cat <<'END'
endpoint: {provider: first-node}
files:
  - {path: /etc/own.conf, source: own, mode: "0640", owner: "root:adm"}
users:
  - name: debian
  - {name: ops, groups: [adm]}
nodes:
  - {name: m1, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: w1, role: worker, address: 192.168.4.41, memory: 2G}
END
} >"$SPEC"

suite() { # NODE
  on "$1" '. /etc/os-release; echo "$VERSION_CODENAME"'
}

own() { # NODE: its file and whose it is, and the groups of its user
  on "$1" 'stat -c "%a %U:%G" /etc/own.conf; cat /etc/own.conf; id -nG ops' |
    tr '\n' ' '
}

# It calls what it passed over a failure, and goes on.
nothing_failed() { # NODE
  on "$1" 'cloud-init status --long | grep -qx "errors: \[\]"
    ! grep -q Traceback /var/log/cloud-init.log'
}

must "two machines come up" ks up
for node in m1 w1; do
  check "$node is Debian 13" equals trixie suite $node
  check "$node has what the spec gives it" equals \
    "640 root:adm text of a file ops adm " own $node
  check "in $node's cloud-init nothing failed" nothing_failed $node
done
check "the cluster is what the spec says" ks verify --wait 300
must "the power of both fails" ks down --now
must "they come up again" ks up
check "and are what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
