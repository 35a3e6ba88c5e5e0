#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What an image starts from: BIOS and UEFI, the latter with Secure Boot. Without a
# seed a machine says so on its consoles; a disc that comes late is a seed.
set -eu
# shellcheck source=SCRIPTDIR/functions.sh
. "$(dirname "$0")/functions.sh"

SPEC=$WORK/firmware.yaml
ovmf=/usr/share/OVMF

{
  header firmware
  echo 'nodes: [{name: m1}]'
} >"$SPEC"

# As `up` has it, but for the processor, which is QEMU's own.
accel=tcg,thread=single
! grep -qEw 'vmx|svm' /proc/cpuinfo || [ ! -w /dev/kvm ] || accel=kvm

# start NAME ARGS...: a machine of the image, which keeps nothing of it.
start() {
  name=$1
  shift
  mkdir -p "$STATE/logs"
  : >"$STATE/logs/$name.console"
  qemu-system-x86_64 -nodefaults -display none -accel "$accel" -m 1024 \
    -drive "file=$image,format=qcow2,if=none,id=disk,snapshot=on" \
    -device virtio-blk-pci,drive=disk -serial "file:$STATE/logs/$name.console" \
    -qmp "unix:$STATE/$name.qmp,server=on,wait=off" "$@" &
  echo $! >"$STATE/$name.pid"
}
stop() { # NAME
  kill "$(cat "$STATE/$1.pid")" && rm "$STATE/$1.pid"
}
stop_all() {
  for file in "$STATE"/*.pid; do
    [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || :
  done
}
trap stop_all EXIT

find_image() {
  image=$("$KUBESEED" -q image "$SPEC")
  [ -s "$image" ]
}
must "an image" find_image
must "firmware for UEFI (package ovmf)" test -e $ovmf/OVMF_CODE_4M.ms.fd
rm -rf "$STATE" && mkdir -p "$STATE"

starts_with() { # NAME ARGS...
  start "$@"
  within 600 says "$1" 'kubeseed: there is no seed' || return
  says "$1" 'drives looked at: vda, vda1, vda2 (vfat KUBESEED), vda3 (ext4 kubeseed-root)'
}
check "it starts from BIOS, and says that there is no seed" starts_with bios -machine pc
check "and goes off" stop bios
cp $ovmf/OVMF_VARS_4M.ms.fd "$STATE/vars"
check "it starts from UEFI with Secure Boot" starts_with uefi \
  -machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on \
  -drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.ms.fd" \
  -drive "if=pflash,format=raw,file=$STATE/vars"
check "and goes off as well" stop uefi
finish
