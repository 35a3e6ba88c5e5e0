# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# explain SPEC NODE FILE: the part, the lines of the spec, the page; nothing written.

cat >"$work/origin.yaml" <<'SPEC'
apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: 1.20.2, payload: debian}
network: {subnet: 192.168.4.0/24}
users:
  - {name: ops, password: $6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb}
sysctls:
  vm.max_map_count: 262144
  # not this one
  vm.swappiness: 10
nodes:
  - {name: m1, role: control-plane}
  - {name: w1, role: worker, labels: {zone: a}}
files:
  - {path: /etc/motd, content: "hello\n"}
  - {path: /etc/issue, content: "other\n"}
SPEC
origin() { # NODE FILE: what is told is that of stdin
  "$kubeseed" explain "$work/origin.yaml" "$1" "$2" 2>"$work/said" |
    sed "s|$work/||" >"$work/told"
  cat "$work/said"
  diff - "$work/told"
}
check "a file of the spec's settings" origin w1 /etc/sysctl.d/95-spec.conf <<'TOLD'
file       /etc/sysctl.d/95-spec.conf on w1, 0644 root:root
part       extras: the spec adds to the node
made of    user-data/sysctl.conf: a template, filled in for this node
spec       origin.yaml:9: vm.max_map_count: 262144
           origin.yaml:11: vm.swappiness: 10
           origin.yaml:14: - {name: w1, role: worker, labels: {zone: a}}
upstream   https://www.freedesktop.org/software/systemd/man/latest/sysctl.d.html
TOLD
check "a file of the user's" origin m1 /etc/motd <<'TOLD'
file       /etc/motd on m1, 0644 root:root
part       extras: the spec adds to the node
made of    spec:files: what the spec has for this path
spec       origin.yaml:16: - {path: /etc/motd, content: "hello\n"}
upstream   none: only kubeseed knows it
TOLD
says_of_file() { # FILE WORDS
  "$kubeseed" explain "$work/origin.yaml" m1 "$1" >"$work/told" 2>/dev/null
  cat "$work/told"
  grep -qF -- "$2" "$work/told"
}
check "what cannot be left out counts where it stands" says_of_file /etc/hosts \
  'origin.yaml:13: - {name: m1, role: control-plane}'
check "what every spec has does not" eval '! grep -q "kind: Cluster" "$work/told"'
check "another node does, where it matters" says_of_file /etc/kubeseed/node.env 'origin.yaml:14: '
check "a program" says_of_file /usr/lib/kubeseed/bootstrap 'spec       no line of it'
check "kubeadm's page is that of its version" says_of_file /etc/kubeseed/kubeadm.yaml \
  'kubeadm-config.v1beta3/'
check "a key" says_of_file /etc/kubernetes/pki/ca.key \
  'made of    pki:ca.key: a key of the cluster'
check "no password is shown" eval '! grep -r aaaaaaaa "$work/told"'
check "no state is made" [ ! -e "$work/demo.cluster" ]
ends_with_2() { # WORDS COMMAND...
  words=$1
  shift
  exits 2 "$@" >"$work/said" 2>&1
  result=$?
  cat "$work/said"
  [ $result -eq 0 ] && grep -qF -- "$words" "$work/said"
}
check "a file that is not there" ends_with_2 "did you mean '/etc/hosts'?" \
  "$kubeseed" explain "$work/origin.yaml" m1 /etc/x/hosts
check "a node that is not there" ends_with_2 "the spec has no node 'm9'; it has m1, w1" \
  "$kubeseed" explain "$work/origin.yaml" m9 /etc/hosts
check "keys are explained as before" eval \
  '"$kubeseed" explain nodes.role worker | grep -q worker'
alone_explained() {
  mkdir "$work/explained" && cp "$work/origin.yaml" "$work/explained/lab.yaml" &&
    env -C "$work/explained" "$kubeseed" explain m1 /etc/motd | grep 'lab.yaml:16: '
}
check "of the one spec of a folder" alone_explained
