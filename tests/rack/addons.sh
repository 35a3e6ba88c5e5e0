#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# An add-on: local volumes, which a pod writes to; what is gone of it comes again with
# a boot, and nothing else does; when the spec drops it, the first node removes it, and
# the data stays.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/addons.yaml
KUBE_NODE=m1
{
  header addons | sed 's/^kubernetes: {/&bootstrapper: static-pods, /'
  cat <<'END'
endpoint: {provider: first-node}
addons: [{name: local-volumes, volumes: 2, size: 2G}]
nodes:
  - {name: m1, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: w1, role: worker, address: 192.168.4.41, memory: 2G}
END
} >"$SPEC"

objects() {
  kube get storageclasses,persistentvolumes -o name 2>/dev/null | tr '\n' ' '
}

record() {
  kube -n kube-system get configmap kubeseed-addons -o 'jsonpath={.data}'
}

is_applied() {
  record | grep -q '^{"local-volumes":"applied [0-9a-f]\{64\}"}$'
}

# etcd's image is on every node, and etcd writes to a folder of its own.
claim_one() {
  kube apply -f - <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: default}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: writer, namespace: default}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: writer
    image: kubeseed.internal/k8s/etcd:3.4.23
    imagePullPolicy: IfNotPresent
    command: [etcd, --data-dir=/data/etcd]
    volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
END
}

writer_runs() {
  [ "$(kube get pod writer -o 'jsonpath={.status.phase} {.spec.nodeName}')" = \
    "Running w1" ]
}

data_is_there() {
  on w1 'ls -d /srv/volumes/*/etcd/member/wal'
}

applied_since_boot() { # the number of times
  awk '/^=== kubeseed: switched on / { n = 0 } /add-on local-volumes: applied/ { n++ }
    END { print n + 0 }' "$STATE/logs/m1.console"
}

starts_again() {
  ks down m1 && ks up m1
}

step_is_done() {
  [ "$(last_step m1)" = "addons done" ]
}

all="storageclass.storage.k8s.io/local persistentvolume/local-w1-1 persistentvolume/local-w1-2 "

must "two machines come up" ks up
check "the add-on is in the cluster" within 60 equals "$all" objects
check "and in the record" within 30 is_applied
check "the worker has folders for volumes" on w1 'test -d /srv/volumes/2'
check "the first node has none" on m1 '! test -e /srv/volumes'
must "a pod claims a volume" claim_one
check "and runs where one is" within 120 writer_runs
check "what it writes is in the folder" within 60 data_is_there

check "the cluster is what the spec says" ks verify --wait 300

must "the first node starts again" starts_again
check "the step is done" within 120 step_is_done
check "nothing was applied again" equals 0 applied_since_boot
check "an object is deleted" kube delete storageclass local
must "the first node starts once more" starts_again
check "the object is there again" within 120 equals "$all" objects
check "one add-on was applied" within 60 equals 1 applied_since_boot
check "the pod has run on" writer_runs

sed -i 's/^addons: .*/addons: []/' "$SPEC"
must "seed makes seeds without it" ks seed
must "the first node takes its own" on m1 /root/bin/take-seed.sh
must "at its next boot" starts_again
check "the add-on leaves the record" within 120 equals "" record
check "the class and what nobody claimed are gone" within 60 \
  not kube get storageclass/local
check "and the volume that nobody claimed" within 120 not kube get pv/local-w1-2
check "what was written is there" data_is_there
check "the cluster is what the spec says without it" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
