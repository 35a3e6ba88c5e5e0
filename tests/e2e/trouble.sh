#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One machine with all troubles: a clock of 2040, a full disk, and a stranger that
# has the endpoint's address. Its console says so, one after the other; each is
# mended while it runs, and it goes on by itself.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/trouble.yaml
{
  header trouble
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: keepalived}
nodes:
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
SPEC
} >"$SPEC"

STRANGER=$WORK/stranger.yaml
{
  header stranger
  cat <<'SPEC'
endpoint: {address: 192.168.4.60, provider: haproxy}
nodes:
  - {name: stranger, role: load-balancer, address: 192.168.4.20, memory: 1G}
  - {name: nobody, role: control-plane, address: 192.168.4.61}
SPEC
} >"$STRANGER"

# stranger COMMAND ARGS...: kubeseed for that machine.
stranger() {
  kubeseed_at "$WORK/stranger-state" "$STRANGER" "$@"
}

stranger_done() {
  stranger destroy >/dev/null 2>&1
}

# QEMU as it is, but for the clock that its machine begins with.
switch_on_in_2040() {
  mkdir -p "$WORK/bin" &&
    printf '#!/bin/sh\nexec %s "$@" -rtc base=2040-01-01T00:00:00\n' \
      "$(command -v qemu-system-x86_64)" >"$WORK/bin/qemu-system-x86_64" &&
    chmod +x "$WORK/bin/qemu-system-x86_64" &&
    (PATH=$WORK/bin:$PATH && ks up --no-wait)
}

fill_disk() {
  on kube-mast01 'free=$(df --output=avail -B 1 /var/lib | tail -n 1)
    fallocate -l $((free - 100000000)) /var/filler'
}

stranger_mac() {
  "$KUBESEED" --json plan "$STRANGER" | python3 -c 'import json, sys
print(json.load(sys.stdin)["nodes"][0]["mac"])'
}

stranger_done
rm -rf "$WORK/stranger-state"
trap stranger_done EXIT
trap 'exit 130' INT TERM
must "a stranger is on" stranger up --no-wait stranger
must "it is on the node's network" share_network "$WORK/stranger-state"
must "it reports ready" stranger up stranger
must "the node is switched on in 2040" switch_on_in_2040
must "it says that its clock is wrong" within 300 says kube-mast01 \
  'waiting for the clock; set it'
check "its disk is filled meanwhile" within 120 fill_disk
check "the clock is set" on kube-mast01 "date -s @$(date +%s)"
must "it says that the disk is full" within 180 says kube-mast01 \
  'MiB are free in /var/lib, 512 are needed'
check "room is made" on kube-mast01 'rm /var/filler'
must "it says that a stranger has the endpoint's address" within 180 \
  says kube-mast01 'to be given up by a stranger'
check "and which machine that is" says kube-mast01 \
  "it has the MAC address $(stranger_mac)"
check "nothing has begun" test -z "$(grep kubeadm \
  "$STATE/logs/kube-mast01.console")"
check "the stranger leaves" stranger destroy
must "the node goes on by itself" ks up
check "it is Ready" within 300 all_ready 1
check "it holds the address" equals 1 holders 192.168.4.20 kube-mast01
check "the machine is switched off" ks down --now
finish
