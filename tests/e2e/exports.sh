#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `export` writes, each as its hypervisor has it, or a bare machine: a node comes
# to its first step, with the seed that it was given. (libvirt's is for
# tests/export/libvirtd.)
set -eu
# shellcheck source=SCRIPTDIR/functions.sh
. "$(dirname "$0")/functions.sh"

SPEC=$WORK/exports.yaml
out=$WORK/out
ovmf=/usr/share/OVMF
{
  any_header exports
  echo 'nodes: [{name: m1}]'
} >"$SPEC"
rm -rf "$out" "$STATE" && mkdir -p "$STATE"
trap all_off EXIT

must "an image" "$KUBESEED" -q image "$SPEC"
must "firmware for UEFI (package ovmf)" test -e $ovmf/OVMF_CODE_4M.fd
must "a seed" ks seed --format fat
mac=$("$KUBESEED" -q --json plan -C "$STATE" "$SPEC" | jq -r '.nodes[0].mac')

to() { # FORMAT ARGS...
  ks export --output "$out" --to "$@"
}

# first_step NAME: the node's own word that it has done it.
first_step() {
  grep -aqF '@kubeseed {"node":"m1","step":"check","state":"done",' \
    "$STATE/logs/$1.console"
}
# works NAME ARGS...: a machine with these devices.
works() {
  power_on "$@"
  if within 900 first_step "$1"; then
    power_off "$1"
  else
    power_off "$1"
    return 1
  fi
}
drive() { # ID FORMAT FILE ARGS: nothing of what is written is kept
  printf 'file=%s,format=%s,if=none,id=%s,snapshot=on%s' "$3" "$2" "$1" "${4-}"
}
card() { # MODEL
  printf '%s,netdev=net,mac=%s' "$1" "$mac"
}
sata() { # NAME FORMAT DISK SEED: as VirtualBox has it
  works "$1" -machine q35 \
    -drive "$(drive disk "$2" "$3")" -device ide-hd,drive=disk,bus=ide.0 \
    -drive "$(drive seed raw "$4" ,media=cdrom)" \
    -device ide-cd,drive=seed,bus=ide.1 \
    -netdev user,id=net,restrict=on -device "$(card e1000)"
}
iso=$STATE/seeds/m1.iso

check "vdi is written" to vdi
check "VirtualBox's SATA disk, SATA CD and e1000 make a node of it" \
  sata vdi vdi "$out/image.vdi" "$iso"
rm -f "$out"/*

check "ova is written" to ova m1
check "it is a tar archive" tar -C "$out" -xf "$out/m1.ova"
check "as its descriptor has it, it is a node" \
  sata ova vmdk "$out/m1.vmdk" "$out/m1.iso"
rm -f "$out"/*

check "vmdk is written" to vmdk
check "VMware's pvscsi and vmxnet3 make a node of it" works vmdk -machine pc \
  -device pvscsi -drive "$(drive disk vmdk "$out/image.vmdk")" \
  -device scsi-hd,drive=disk \
  -drive "$(drive seed raw "$iso" ,media=cdrom)" -device ide-cd,drive=seed \
  -netdev user,id=net,restrict=on -device "$(card vmxnet3)"
rm -f "$out"/*

check "disk is written" to disk m1
check "with a SATA disk, e1000 and BIOS it is a node" works disk-bios -machine q35 \
  -drive "$(drive disk raw "$out/m1.img")" -device ide-hd,drive=disk,bus=ide.0 \
  -netdev user,id=net,restrict=on -device "$(card e1000)"
cp $ovmf/OVMF_VARS_4M.fd "$STATE/vars"
uefi="-drive if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.fd"
# shellcheck disable=SC2086
check "with NVMe, e1000e and UEFI as well" works disk-uefi -machine q35 $uefi \
  -drive "if=pflash,format=raw,file=$STATE/vars" \
  -drive "$(drive disk raw "$out/m1.img")" -device nvme,drive=disk,serial=1 \
  -netdev user,id=net,restrict=on -device "$(card e1000e)"
rm -f "$out"/*

check "raw is written" to raw
check "as a stick, with the seed on another one, it is a node" works raw \
  -machine q35 -device qemu-xhci \
  -drive "$(drive disk raw "$out/image.raw")" \
  -device usb-storage,drive=disk,bootindex=0 \
  -drive "$(drive seed raw "$STATE/seeds/m1.img")" -device usb-storage,drive=seed \
  -netdev user,id=net,restrict=on -device "$(card virtio-net-pci)"
check "raw.zst is written" to raw.zst
unpacks() {
  zstd -qdc "$out/image.raw.zst" | cmp - "$out/image.raw"
}
check "and holds the same" unpacks
rm -f "$out"/*

check "qcow2 is written" to qcow2
check "Proxmox VE's SCSI disk and IDE CD make a node of it" works qcow2 \
  -machine pc -device virtio-scsi-pci \
  -drive "$(drive disk qcow2 "$out/image.qcow2")" -device scsi-hd,drive=disk \
  -drive "$(drive seed raw "$iso" ,media=cdrom)" -device ide-cd,drive=seed \
  -netdev user,id=net,restrict=on -device "$(card virtio-net-pci)"
rm -f "$out"/*
finish
