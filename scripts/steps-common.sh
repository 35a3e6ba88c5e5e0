# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# Steps that nodes of every role take. Sourced by bootstrap.

# Kubernetes starts at this moment or later; a clock before it makes every
# certificate "not yet valid". One day is allowed for.
clock_is_sane() {
  [ "$(date +%s)" -ge $((SEED_TIME - 86400)) ]
}

address_is_up() {
  ip -4 -o addr show dev "$INTERFACE" | grep -q " $ADDRESS/"
}

disk_has_room() {
  [ "$(df --output=avail -k /var/lib | tail -n 1)" -ge 524288 ]
}

# What would make every later step fail in a way that is hard to read.
step_check() {
  wait_for "the clock: it says $(date -u +%F), before this seed was made; \
set it (date -s, or the machine's firmware)" clock_is_sane
  wait_for "the address $ADDRESS on $INTERFACE; is the network card with the \
MAC address $MAC attached?" address_is_up
  wait_for "room on the disk: less than 512 MiB free in /var/lib" disk_has_room
}

# cloud-init keeps copies of the user-data, keys and all. It is not needed any
# more once the node is a member, and would copy the keys from the seed again at
# the next boot: so it is switched off as well.
step_wipe() {
  if [ -e /run/systemd/system ]; then
    wait_for "cloud-init to end" test -e /run/cloud-init/result.json
  fi
  : >/etc/cloud/cloud-init.disabled
  for copy in /var/lib/cloud/instances/*/user-data.txt \
    /var/lib/cloud/instances/*/user-data.txt.i \
    /var/lib/cloud/instances/*/cloud-config.txt \
    /var/lib/cloud/instances/*/obj.pkl \
    /run/cloud-init/instance-data-sensitive.json \
    /run/cloud-init/combined-cloud-config.json \
    /etc/kubeseed/kubeadm.yaml /etc/kubeseed/kubeadm-join.yaml; do
    [ ! -f "$copy" ] || shred -u -n 1 "$copy"
  done
  sync
}

# What ready means depends on the role. Asked at every boot.
step_ready() {
  "ready_$(printf '%s' "$ROLE" | tr - _)"
}
