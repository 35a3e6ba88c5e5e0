#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A whole image: `image --check` finds nothing amiss in it and each fault in spoiled
# ones, and a second bake of the same makes the same bytes. No machine is started.
set -eu
# shellcheck source=SCRIPTDIR/functions.sh
. "$(dirname "$0")/functions.sh"

SPEC=$WORK/image.yaml
{
  any_header image
  echo 'nodes: [{name: m1}]'
} >"$SPEC"
PATH=$PATH:/usr/sbin:/sbin
SOURCE_DATE_EPOCH=1767225600
export SOURCE_DATE_EPOCH

bake() { # ARGS...
  image=$("$KUBESEED" -q image "$@" "$SPEC") && [ -s "$image" ]
}
must "an image of Debian 13 with the generic kernel and firmware" bake --force
first=$image
# On a terminal, where what takes more than five seconds shows that it lives.
amiss() {
  script -qec "'$KUBESEED' image --check '$first'" "$WORK/shown" &&
    { [ $(($(date +%s) - check_began)) -lt 8 ] || grep -q 'opened ... 5 s' "$WORK/shown"; }
}
check "nothing in it is amiss" amiss
check "it is told what is in it" jq -e '.packages["firmware-bnx2"] and
  (.packages["linux-image-amd64"]) and .payload.kubernetes == "1.20.2"' \
  "${first%.qcow2}.json"

# ---- Spoiled ----

raw=$WORK/image.raw
rm -f "$raw" "$WORK"/*.qcow2
root="$raw?offset=69206016"
change() { # COMMAND...: of debugfs
  printf '%s\n' "$@" | debugfs -w -f - "$root"
}
spoil() {
  qemu-img convert -O raw "$first" "$raw" && echo spoiled >"$WORK/spoiled" &&
    change "rm /etc/machine-id" "write $WORK/spoiled /etc/machine-id" \
      "write $WORK/spoiled /etc/ssh/ssh_host_rsa_key" \
      "write $WORK/spoiled /var/log/syslog" \
      "mkdir /var/lib/cloud" "write $WORK/spoiled /etc/kubeseed/node.env" \
      "rm /etc/systemd/system/multi-user.target.wants/containerd.service" \
      "rm /usr/bin/kubelet" &&
    mdel -i "$raw@@2097152" ::/EFI/BOOT/grubx64.efi &&
    dd if=/dev/zero of="$raw" bs=512 seek=2048 count=1 conv=notrunc &&
    qemu-img create -q -f qcow2 -b "$raw" -F raw "$WORK/spoiled.qcow2"
}
must "an image is spoiled" spoil
finds() {
  ! "$KUBESEED" image --check "$WORK/spoiled.qcow2" >"$WORK/found" 2>&1
}
check "and is found to be" finds
names() { # TEXT
  cat "$WORK/found"
  grep -qF -e "$1" "$WORK/found"
}
check "with an identity" names '/etc/machine-id is not empty'
check "a host key" names '/etc/ssh/ssh_host_rsa_key is there: a host key'
check "a log" names '/var/log/syslog is there: a log'
check "a seed" names "/var/lib/cloud is there: a node's seed"
check "another seed" names '/etc/kubeseed/node.env is there: a seed'
check "without a unit" names 'wants/containerd.service is not there'
check "and a program" names '/usr/bin/kubelet is not there'
check "without what UEFI starts" names '/EFI/BOOT/grubx64.efi is not there'
check "and BIOS" names 'there is no boot loader for BIOS'
check "and nothing else" [ "$(grep -c . "$WORK/found")" -eq 10 ]
rm -f "$raw" "$WORK/spoiled.qcow2"

# ---- Twice ----

cp "${first%.qcow2}.spdx.json" "$WORK/first.spdx.json"
ln -f "$first" "$WORK/first.qcow2" 2>/dev/null || cp "$first" "$WORK/first.qcow2"
must "it is baked again" bake --force
check "and is the same, byte by byte" cmp "$WORK/first.qcow2" "$image"
check "also in what it says of itself" \
  cmp "$WORK/first.spdx.json" "${image%.qcow2}.spdx.json"
rm -f "$WORK/first.qcow2"
finish
