#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The log of one member of etcd is overwritten with rubbish, and its power fails:
# switched on again, etcd cannot start with it. The data is put aside and the
# member joins the others anew.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/damaged.yaml
sed 's/^name: demo/name: damaged/' seeds/ha.yaml >"$SPEC"

# The beginning of each file stays: etcd opens it and finds what it did not write.
overwrite_log() { # NODE
  on "$1" 'for log in /var/lib/etcd/member/wal/*.wal; do
    dd if=/dev/urandom of="$log" bs=512 seek=1 count=64 conv=notrunc
  done 2>&1
  sync'
}

must "three machines come up" ks up
must "three nodes are Ready" within 60 all_ready 3
check "a write" write_key kube-mast01 before
must "kube-mast03's log of etcd is overwritten" overwrite_log kube-mast03
must "power cut of kube-mast03" cut_power kube-mast03
check "a write without it" within 60 write_key kube-mast01 without
must "it is switched on again" ks up --no-wait
check "it says that its data is put aside" within 180 \
  says kube-mast03 'etcd cannot start with its data, which is kept in'
must "it is ready again" ks up
check "three nodes are Ready again" within 120 all_ready 3
check "etcd has three started members, no other" within 120 \
  equals 3 healthy_members kube-mast03
check "the damaged data is kept" on kube-mast03 \
  'ls -d /var/lib/kubeseed/etcd-damaged-*/wal'
KUBE_NODE=kube-mast03
check "with what was written before" within 60 kube get configmap before
check "and without it" within 60 kube get configmap without
check "the machines are switched off" ks down --now
finish
