# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A jump host: the others are reached through it, and it is looked for in their place.
# .32 greets, and nobody is at .61 to .64.

jump_spec() { # NAME ADDRESS
  cat >"$work/$1.yaml" <<SPEC
apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: 1.20.2, payload: debian}
network: {subnet: 192.168.4.0/24}
nodes:
  - {name: m1, role: control-plane, address: 192.168.4.61}
  - {name: m2, role: control-plane, address: 192.168.4.62}
  - {name: m3, role: control-plane, address: 192.168.4.63}
  - {name: busybox, role: jump, address: $2}
SPEC
}

jump_spec jump 192.168.4.32
check "seed of a cluster with a jump host" ks jump seed

# As OpenSSH itself reads the file.
jump_config() {
  for node in m1 m3; do
    /usr/bin/ssh -G -F "$work/jump/ssh_config" "$node" >"$work/config" &&
      grep -x 'proxyjump busybox' "$work/config" &&
      grep -x "hostkeyalias $node" "$work/config" || return
  done
  /usr/bin/ssh -G -F "$work/jump/ssh_config" busybox >"$work/config" &&
    ! grep '^proxyjump [^n]' "$work/config" && grep -x 'hostname 192.168.4.32' "$work/config"
}
check "ssh_config leads to nodes by way of the jump host, and to that directly" jump_config
check "ssh asks for the jump host, and not for the node behind it" \
  soon "$kubeseed" ssh -C "$work/jump" "$work/jump.yaml" m1 -- true

jump_spec jump-off 192.168.4.64
check "seed of a cluster whose jump host is off" ks jump-off seed
check "ssh tells that the jump host does not answer" \
  soon_fails 'busybox, which leads to m1, does not answer ssh at 192.168.4.64' \
  "$kubeseed" ssh -C "$work/jump-off" "$work/jump-off.yaml" m1 -- true
jump_verify() {
  exits 1 soon "$kubeseed" verify --no-pods -C "$work/jump-off" "$work/jump-off.yaml" \
    >"$work/said" 2>&1 && grep 'busybox does not answer ssh' "$work/said" &&
    grep 'busybox, which leads to m3, does not answer' "$work/said"
}
check "verify, too" jump_verify
