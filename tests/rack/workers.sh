#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Three control planes and two workers, all at once; a worker reboots by itself
# and one is switched off by itself.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/workers.yaml
cp seeds/workers.yaml "$SPEC"
# And what a spec can add to nodes: an owner and a mode, commands that run once
# each, with kubectl where there is one.
printf 'text of a file\n' >"$WORK/own"
cat >>"$SPEC" <<'END'
files:
  - {path: /etc/own.conf, source: own, mode: "0640", owner: "root:adm"}
sysctls: {kernel.panic: 10}
users:
  - name: debian
  - name: ops
    password: $6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb
    groups: [adm, operators]
    sudo: password
    shell: /bin/sh
commands:
  before: ["echo before >>/var/lib/own", "test ! -e /etc/kubernetes/kubelet.conf"]
  after:
    - |
      test -e /etc/kubernetes/kubelet.conf
      if [ -e /etc/kubernetes/admin.conf ]; then
        kubectl get nodes "$(hostname)"
      fi
      echo after >>/var/lib/own
END

own_is_there() { # NODE
  [ "$(on "$1" 'stat -c "%a %U:%G" /etc/own.conf; cat /etc/own.conf \
    /var/lib/own' | tr '\n' ' ')" = "640 root:adm text of a file before after " ]
}

user_is_there() { # NODE
  on "$1" 'groups=$(id -nG ops)
    test "$groups" = "ops adm operators"
    test "$(getent passwd ops | cut -d: -f7)" = /bin/sh
    test "$(getent shadow ops | cut -d: -f2)" = \
      "\$6\$aaaaaaaa\$bbbbbbbbbbbbbbbbbbbbbbbb"
    sudo -l -U ops | grep -q "(ALL) ALL"' >/dev/null
}

boots() { # NODE
  grep -ac '^Linux version' "$STATE/logs/$1.console"
}

is_off() { # NODE
  "$KUBESEED" --json status -C "$STATE" "$SPEC" | python3 -c 'import json, sys
sys.exit(not any(n["name"] == sys.argv[1] and n["state"] == "off"
                 for n in json.load(sys.stdin)["nodes"]))' "$1"
}

must "five machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the last was ready"
check "five nodes are Ready" within 60 all_ready 5
for node in kube-mast01 kube-mast03 kube-node01; do
  check "$node has what the spec adds, once" own_is_there "$node"
  check "$node has the second user with its rights" user_is_there "$node"
done
check "the cluster is what the spec says" ks verify --wait 300
on kube-node01 'systemctl reboot' >/dev/null 2>&1
check "kube-node01 boots a second time, by itself" within 60 \
  equals 2 boots kube-node01
must "and is ready again" ks up
on kube-node02 'systemctl poweroff' >/dev/null 2>&1
check "kube-node02 is off when it says so" within 60 is_off kube-node02
must "it comes back" ks up
check "five nodes are Ready again" within 120 all_ready 5
check "the machines are switched off" ks down --now
finish
