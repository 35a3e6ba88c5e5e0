# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# The spec's further disks. Sourced by bootstrap.
#
# A disk goes from empty to mounted so:
#
#   empty ─▶ claimed ─▶ kubeseed-new ─▶ kubeseed ─▶ in fstab ─▶ mounted
#
# Claimed is noted on the root, with what tells the disk from others, before the
# first byte is written to it: half a file system looks like somebody's data. The
# two others are labels of the file system, whose UUID is the node's own for it:
# the first while what the image has at that place is copied, the second once all of
# it is on the disk. A power cut leads back to the last arrow. A disk that holds
# anything else is never written to.

claims=/var/lib/kubeseed/disks
new_disk=/run/kubeseed/new-disk
fstab=/etc/fstab
wants=/etc/systemd/system/multi-user.target.wants

# What tells a disk from another one of the same place.
identity() { # DEVICE
  echo "$uuid $(lsblk -bdno SIZE,SERIAL,WWN "$1" | tr -s ' ')"
}

is_claimed() {
  [ "$(cat "$claims/$name" 2>/dev/null)" = "$(identity "$device")" ]
}

begins_empty() {
  head -c 1048576 "$device" | cmp -s -n 1048576 - /dev/zero
}

# What is on $device, in $holds: nothing, new, finished, or what it is.
look_at_disk() {
  status=0
  found=$(blkid -p -o export "$device") || status=$?
  # What a partition's table says of it is not on it.
  found=$(echo "$found" | grep -v -e '^DEVNAME=' -e '^PART_ENTRY_') || found=
  case $status:$found in
  0: | 2:) holds=nothing ;;
  [!0]*) holds="what blkid cannot tell (status $status)" ;;
  *"UUID=$uuid"*) case "$found" in
    *LABEL=kubeseed-new*) holds=new ;;
    *) holds=finished ;; # whatever somebody has called it since
    esac ;;
  *) holds=$(echo "$found" | sed -n 's/^\(LABEL\|TYPE\|PTTYPE\)=//p' | tr '\n' ' ') ;;
  esac
}

# Whether the disk is one to go on with. What a machine before this one has left
# for programs of the cluster would be taken for this one's.
can_be_used() {
  look_at_disk
  why="it holds ${holds% }"
  case $holds in
  new) return 0 ;;
  nothing)
    if begins_empty || is_claimed; then return 0; fi
    why="it has no file system, but is not empty"
    ;;
  finished)
    case $mount in
    /var/lib/etcd | /var/lib/containerd | /var/lib/kubelet)
      if is_claimed; then return 0; fi
      why="it holds what this node had before its root was new"
      ;;
    *) return 0 ;;
    esac
    ;;
  esac
  return 1
}

# All of the image's that is at the place, with owners and modes, and the place's
# own. Of an empty one there must be nothing in it: lost+found is made again when
# it is needed.
fill_disk() {
  mkdir -p "$claims" "$mount" "$new_disk"
  identity "$device" | keep "$claims/$name"
  mkfs.ext4 -q -F -m 1 -U "$uuid" -L kubeseed-new "$device"
  mount -t ext4 -o noatime "$device" "$new_disk"
  rmdir "$new_disk/lost+found"
  cp -a "$mount/." "$new_disk"
  command sync -f "$new_disk"
  umount "$new_disk"
  e2label "$device" kubeseed
  blockdev --flushbufs "$device"
}

# A corrected seed may bring a disk to a node whose pods run already: they go on when
# containerd has stopped, and what they write would be lost. (Linux cuts names of
# processes to fifteen letters.)
no_pods_run() {
  why="give the node an empty root, or leave the disk out"
  ! pgrep -x containerd-shim >/dev/null
}

# What has files open there now would go on with those below the mount. Etcd and the
# kubelet begin with a later step.
quiesce() {
  case $mount in
  /var/lib/*)
    wait_for "the node to have no pods before $mount is another disk" no_pods_run
    systemctl stop kubelet.service etcd.service containerd.service
    ;;
  esac
}

mount_disk() {
  line="UUID=$uuid $mount ext4 noatime,nofail,x-systemd.growfs 0 2"
  if ! grep -qxF "$line" "$fstab"; then
    { cat "$fstab" && echo "$line"; } | keep "$fstab"
  fi
  systemctl daemon-reload
  mount "$mount"
}

prepare_disk() { # NAME DEVICE MOUNT UUID
  name=$1 device=$2 mount=$3 uuid=$4
  if mountpoint -q "$mount" && [ "$(findmnt -no UUID "$mount")" = "$uuid" ]; then
    return 0
  fi
  command -v mkfs.ext4 >/dev/null || {
    echo "this image has no e2fsprogs for the disks: bake one from this spec"
    return 1
  }
  wait_for "the disk $name, $device" test -b "$device"
  wait_for "the disk $name, $device, to be empty; if nothing on it is wanted: \
wipefs -a $device && dd if=/dev/zero of=$device bs=1M count=1" can_be_used
  ! mountpoint -q "$new_disk" || umount "$new_disk"
  quiesce
  if [ "$holds" != finished ]; then
    report wait "the disk $name gets a file system and what is in $mount"
    fill_disk
  fi
  mount_disk
}

step_disks() {
  if systemd-detect-virt -cq; then
    echo "a container: its disks are folders of its one disk"
    return 0
  fi
  while read -r a b c d <&3; do
    prepare_disk "$a" "$b" "$c" "$d"
  done 3<"$lib/disks"
  # The kubelet's own step may be done already.
  set -- containerd.service
  [ ! -L "$wants/kubelet.service" ] || set -- "$@" kubelet.service
  systemctl start --no-block "$@"
}
