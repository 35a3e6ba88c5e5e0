#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Three control planes and a worker without kubeadm, as units of systemd: what the
# units see of the node, and members that take their seeds once more, with all
# certificates made anew.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/renewed.yaml
printf 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n' \
  >"$WORK/audit.yaml"
header renewed | sed 's/^kubernetes: {/&bootstrapper: systemd,\n  apiServer: {auditPolicy: audit.yaml}, encryptionAtRest: secretbox, /' \
  >"$SPEC"
cat >>"$SPEC" <<'END'
endpoint: {address: 192.168.4.20}
nodes:
  - {name: "kube-mast{01..03}", role: control-plane, address: 192.168.4.31+, memory: 3G}
  - {name: kube-node01, role: worker, address: 192.168.4.41, memory: 2G}
END

# As the program's own mount namespace has it.
seen_by() { # NODE PROGRAM PATH
  on "$1" "nsenter -t \$(pidof $2) -m cat $3 2>/dev/null | head -c 1" | grep -q .
}

fingerprint() { # NODE FILE
  on "$1" "openssl x509 -noout -fingerprint -in $2"
}

# All that a seed brings, each another than before.
fingerprints() { # NODE
  set -- "$1" /var/lib/kubelet/pki/kubelet-client-current.pem \
    /var/lib/kubelet/pki/kubelet.crt
  case $1 in
  kube-mast*) set -- "$@" /etc/kubernetes/pki/apiserver.crt \
    /etc/kubernetes/pki/apiserver-etcd-client.crt /etc/etcd/pki/server.crt \
    /etc/etcd/pki/peer.crt ;;
  esac
  node=$1
  shift
  for file; do fingerprint "$node" "$file"; done
}

takes_seed() { # NODE
  fingerprints "$1" >"$WORK/before" || return
  on "$1" /root/bin/take-seed.sh && ks down "$1" && ks up "$1" || return
  fingerprints "$1" >"$WORK/after" || return
  [ "$(wc -l <"$WORK/before")" -eq "$(wc -l <"$WORK/after")" ] &&
    ! grep -Fxf "$WORK/before" "$WORK/after"
}

is_wiped() { # NODE
  on "$1" 'test -e /etc/cloud/cloud-init.disabled
    ! find /var/lib/cloud /etc/kubeseed -name "user-data.txt*" \
      -o -name super-admin.conf | grep .'
}

must "four machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the last was ready"
check "the cluster is what the spec says" ks verify --wait 300
check "the API server sees its key" seen_by kube-mast01 kube-apiserver \
  /etc/kubernetes/pki/apiserver.key
check "and writes an audit log" within 30 on kube-mast01 \
  "test -s /var/log/kubernetes/audit/audit.log"
check "the controller manager sees its own kubeconfig" seen_by kube-mast01 \
  kube-controller-manager /etc/kubernetes/controller-manager.conf
for path in /etc/kubernetes/pki/apiserver.key /etc/kubernetes/admin.conf \
  /etc/kubeseed/encryption.yaml /var/lib/kubelet/pki/kubelet.key; do
  check "the controller manager does not see $path" \
    not seen_by kube-mast01 kube-controller-manager "$path"
done
check "a program that is killed is started again" on kube-mast02 \
  'pkill -9 -x kube-scheduler; sleep 5; pidof kube-scheduler'

# With a shorter life all end too late, so `seed` makes them anew.
echo "pki: {validity: {leaf: 90d}}" >>"$SPEC"
must "seed makes new certificates" ks seed
for node in kube-mast01 kube-mast02 kube-mast03 kube-node01; do
  must "$node takes its new seed" takes_seed "$node"
  check "$node keeps no copy of it" is_wiped "$node"
  check "the cluster is what the spec says with $node's" ks verify --wait 300
done
check "the machines are switched off" ks down --now
finish
