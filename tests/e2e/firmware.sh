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

# start NAME ARGS...: a machine of the image, which keeps nothing of it; its disk is
# the device of $disk.
disk='-device virtio-blk-pci,drive=disk'
start() {
  # shellcheck disable=SC2086
  power_on "$@" $disk \
    -drive "file=$image,format=qcow2,if=none,id=disk,snapshot=on"
}
trap all_off EXIT

find_image() { # SPEC
  image=$("$KUBESEED" -q image "$1")
  [ -s "$image" ]
}
must "an image" find_image "$SPEC"
must "firmware for UEFI (package ovmf)" test -e $ovmf/OVMF_CODE_4M.ms.fd
rm -rf "$STATE" && mkdir -p "$STATE"

starts_with() { # NAME ARGS...
  start "$@"
  within 600 says "$1" 'kubeseed: there is no seed' || return
  says "$1" 'drives looked at: vda, vda1, vda2 (vfat KUBESEED), vda3 (ext4 kubeseed-root)'
}
check "it starts from BIOS, and says that there is no seed" starts_with bios -machine pc
check "and goes off" power_off bios
cp $ovmf/OVMF_VARS_4M.ms.fd "$STATE/vars"
check "it starts from UEFI with Secure Boot" starts_with uefi \
  -machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on \
  -drive "if=pflash,format=raw,readonly=on,file=$ovmf/OVMF_CODE_4M.ms.fd" \
  -drive "if=pflash,format=raw,file=$STATE/vars"
check "and goes off as well" power_off uefi

# The generic kernel on a machine without anything of virtio, with an empty drive.
sed 's/debian: 12/kernel: generic/' "$SPEC" >"$WORK/generic.yaml"
must "an image with the generic kernel" find_image "$WORK/generic.yaml"
check "a seed" "$KUBESEED" -q -C "$STATE/seeds" seed "$WORK/generic.yaml"
insert() { # NAME FILE: by QMP, what a hand does
  python3 -c 'import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile("rw")
for command, arguments in (("qmp_capabilities", {}), ("blockdev-change-medium",
        {"id": "tray", "filename": sys.argv[2], "format": "raw"})):
    f.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
    f.flush()
    while not (answer := json.loads(f.readline())).keys() & {"return", "error"}:
        pass
    assert "return" in answer, answer' "$STATE/$1.qmp" "$2"
}
disk='-device ide-hd,drive=disk,bus=ide.0'
check "a machine with SATA and e1000 starts" start sata -machine q35 \
  -device ide-cd,id=tray,bus=ide.1 -netdev user,id=net,restrict=on \
  -device e1000,netdev=net
check "and sees all of it" within 600 says sata \
  'drives looked at: sda, sda1, sda2 (vfat KUBESEED), sda3 (ext4 kubeseed-root), sr0 (no medium)'
check "a disc is put in" insert sata "$STATE/seeds/seeds/m1.iso"
check "and is the seed" within 60 says sata 'the seed is on /dev/sr0'
check "which is not for its card" within 600 says sata \
  'the seed is for a network card that this machine has not: kube0'
check "it goes off too" power_off sata
finish
