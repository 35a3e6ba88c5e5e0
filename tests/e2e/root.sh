#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The root file system takes all of a disk that is larger than the image, with Debian
# 12 and 13 and either kernel, as a node itself sees it: of `export --to disk`, whose
# seed lies before the root, and of the image with the seed beside it.
set -eu
# shellcheck source=SCRIPTDIR/functions.sh
. "$(dirname "$0")/functions.sh"

out=$WORK/out
rm -rf "$out" "$STATE" && mkdir -p "$STATE"
trap all_off EXIT

spec() { # HEADER NAME: its node says how large its root is, in MiB, and on which disk
  SPEC=$WORK/$2.yaml
  {
    "$1" "$2"
    cat <<'YAML'
commands:
  before:
    - echo >/dev/ttyS0 # systemd's line may not have ended
    - echo "@root $(df -BM --output=size / | tr -dc 0-9) $(lsblk -bnro SIZE,TYPE | awk '$2 == "disk" && $1 > max { max = $1 } END { print max / 1048576 }')" >/dev/ttyS0
nodes: [{name: m1}]
YAML
  } >"$SPEC"
}
says_root() { # NAME
  grep -aq '^@root' "$STATE/logs/$1.console"
}
# All but the 66 MiB before it and what ext4 itself takes, inodes above all: 3 %.
grown() { # NAME MIB
  sed -n 's/^@root //p' "$STATE/logs/$1.console" | tr -d '\r' >"$WORK/root"
  read -r root all <"$WORK/root"
  echo "the root has $root MiB of a disk of $all"
  [ "$all" -eq "$2" ] && [ "$root" -gt $(($2 * 95 / 100)) ]
}
enlarged() { # NAME FORMAT FILE MIB
  qemu-img create -q -f qcow2 -b "$3" -F "$2" "$STATE/$1.qcow2" "$4M"
}

spec any_header root-13
check "Debian 13 is written to a disk" ks export --output "$out" --to disk m1
mac=$("$KUBESEED" -q --json plan -C "$STATE" "$SPEC" | jq -r '.nodes[0].mac')
check "which is larger" enlarged disk raw "$out/m1.img" 6144
check "a machine starts from it" power_on disk -machine q35 \
  -drive "file=$STATE/disk.qcow2,format=qcow2,if=none,id=disk" \
  -device ide-hd,drive=disk,bus=ide.0 \
  -netdev user,id=net,restrict=on -device "e1000,netdev=net,mac=$mac"
check "and is a node" within 1500 says_root disk
check "whose root has all of the disk" grown disk 6144
check "it goes off" power_off disk
# What was written to a larger disk byte by byte has the copy of its table in the
# middle of it.
whole_table() { # NAME
  qemu-img convert -O raw "$STATE/$1.qcow2" "$WORK/raw" &&
    /usr/sbin/sfdisk --verify "$WORK/raw" >"$WORK/verified" 2>&1
  rm -f "$WORK/raw"
  cat "$WORK/verified"
  grep -q 'No errors' "$WORK/verified" && ! grep -q backup "$WORK/verified"
}
check "its table of partitions is whole, with the copy at the end" whole_table disk
rm -f "$STATE/disk.qcow2" "$out"/*

STATE=$STATE.12
rm -rf "$STATE" && mkdir -p "$STATE"
spec header root-12
find_image() {
  image=$("$KUBESEED" -q image "$SPEC") && ks seed
}
must "an image of Debian 12 with the cloud kernel, and a seed" find_image
mac=$("$KUBESEED" -q --json plan -C "$STATE" "$SPEC" | jq -r '.nodes[0].mac')
check "a larger disk of it" enlarged plain qcow2 "$image" 12288
check "starts" power_on plain -machine pc \
  -drive "file=$STATE/plain.qcow2,format=qcow2,if=none,id=disk" \
  -device virtio-blk-pci,drive=disk \
  -drive "file=$STATE/seeds/m1.iso,format=raw,if=none,id=seed,readonly=on" \
  -device virtio-blk-pci,drive=seed \
  -netdev user,id=net,restrict=on -device "virtio-net-pci,netdev=net,mac=$mac"
check "and is a node" within 1500 says_root plain
check "whose root has all of the disk" grown plain 12288
check "it goes off" power_off plain
finish
