# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Steps that nodes of every role take. Sourced by bootstrap.

# A machine is switched on after its seed was made, give or take what the clocks
# differ; and five years later its certificates end. What the others' clocks say
# is asked when they are there.
clock_is_sane() {
  now=$(date +%s)
  why="it says $(date -u '+%F %H:%M'), the seed is of \
$(date -u -d "@$SEED_TIME" '+%F %H:%M')"
  [ "$now" -ge $((SEED_TIME - 600)) ] &&
    [ "$now" -le $((SEED_TIME + 5 * 31536000)) ]
}

# With RESERVED a DHCP server gives it, or another one.
address_is_up() {
  have=$(ip -4 -o addr show dev "$INTERFACE" 2>/dev/null)
  case $have in *" $ADDRESS/"*) return 0 ;; esac
  [ -z "${RESERVED-}" ] ||
    why=$(echo "$have" | sed -n 's|.* inet \([^/]*\)/.*|it has \1|p' | head -n 1)
  return 1
}

# Of IPv6, where the cluster has it; the kernel has asked whether it is free.
address6_is_up() {
  [ -z "${IPV6-}" ] || ip -6 -o addr show dev "$INTERFACE" -tentative \
    -dadfailed 2>/dev/null | grep -q " $IPV6/"
}

# listens ADDRESS PORT: takes it TCP connections? A machine's kernel answers that
# however busy its programs are, and on an emulated machine bash costs a tenth of
# what curl or etcdctl do.
listens() {
  timeout 5 bash -c "exec 3<>'/dev/tcp/$1/$2'" 2>/dev/null
}

disk_has_room() {
  free=$(df --output=avail -k /var/lib | tail -n 1)
  why="$((free / 1024)) MiB are free in /var/lib, 512 are needed"
  [ "$free" -ge 524288 ]
}

# owner_of ADDRESS [CARD]: the MAC addresses that answer for it, but for ours.
owner_of() {
  arping -q -c 1 -w 1 -I "${2-$INTERFACE}" "$1" >/dev/null 2>&1 || return 0
  arping -c 1 -w 2 -I "${2-$INTERFACE}" "$1" | sed -n 's/.*\[\(.*\)\].*/\1/p' |
    tr 'A-F' 'a-f' | sort -u
}

# Two machines with one address lose connections at random.
address_is_ours_alone() {
  owner=$(owner_of "$ADDRESS")
  why="the machine with the MAC address $owner has it too"
  [ -z "$owner" ]
}

uptime_seconds() {
  read -r now _ </proc/uptime
  echo "${now%.*}"
}

# keep FILE: standard input is its new content, whole and on the disk, or FILE is
# what it was. Of a file that a dot hides the kubelet makes no pod.
keep() {
  set -- "$1" "${1%/*}/.${1##*/}.new"
  cat >"$2" && sync && mv "$2" "$1" && sync
}

# A name that no other disk has.
disk_name() {
  if [ ! -s /var/lib/kubeseed/disk ]; then
    keep /var/lib/kubeseed/disk </proc/sys/kernel/random/uuid || return
  fi
  cat /var/lib/kubeseed/disk
}

# Whoever has once seen a cluster never says again that there is none.
cluster_seen=/var/lib/kubeseed/cluster-seen

note_cluster() {
  [ -e "$cluster_seen" ] || { : >"$cluster_seen" && sync; }
}

# What would make every later step fail in a way that is hard to read.
step_check() {
  wait_for "the clock; set it (date -s, or the machine's firmware)" clock_is_sane
  if [ -n "${RESERVED-}" ]; then
    ask="has the DHCP server reserved it for the MAC address $MAC?"
  else
    ask="is the network card with the MAC address $MAC attached?"
  fi
  wait_for "the address $ADDRESS on $INTERFACE; $ask" address_is_up
  wait_for "the address ${IPV6-} on $INTERFACE; has another machine it too?" \
    address6_is_up
  wait_for "the address $ADDRESS to be this machine's alone; switch the other \
one off" address_is_ours_alone
  wait_for "room on the disk; make it larger or delete something" disk_has_room
}

# cloud-init keeps copies of the user-data, keys and all. It is not needed any
# more once the node is a member, and would copy the keys from the seed again at
# the next boot: so it is switched off as well.
step_wipe() {
  # Switched off by an attempt before a power cut, it does not run at this boot.
  if [ -e /run/systemd/system ] && [ ! -e /etc/cloud/cloud-init.disabled ]; then
    wait_for "cloud-init to end" test -e /run/cloud-init/result.json
  fi
  : >/etc/cloud/cloud-init.disabled
  set --
  for copy in /var/lib/cloud/instances/*/user-data.txt \
    /var/lib/cloud/instances/*/user-data.txt.i \
    /var/lib/cloud/instances/*/cloud-config.txt \
    /var/lib/cloud/instances/*/obj.pkl \
    /run/cloud-init/instance-data-sensitive.json \
    /run/cloud-init/combined-cloud-config.json \
    /etc/kubernetes/bootstrap-kubelet.conf \
    /var/lib/kubeseed/bootstrap-kubelet.conf \
    /etc/kubeseed/kubeadm.yaml /etc/kubeseed/kubeadm-join.yaml \
    /etc/kubeseed/discovery.conf \
    /etc/kubeseed/manifests/*; do
    [ ! -f "$copy" ] || set -- "$@" "$copy"
  done
  [ $# -eq 0 ] || shred -u -n 1 "$@"
  sync
}

# What ready means depends on the role. Asked at every boot.
step_ready() {
  # What a member was sent once more, and its power failed before it was wiped.
  for left in /var/lib/kubeseed/certificates /var/lib/kubeseed/certificates.old; do
    [ ! -d "$left" ] || /root/bin/move-certificates.sh
  done
  call ready "$ROLE"
}
