# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# The spec's arguments of the kernel. Sourced by bootstrap.

grubenv=/boot/grub/grubenv
restarting=/run/kubeseed/restarting

# write_grubenv ARGUMENTS: GRUB's environment block (its manual, "The GRUB
# environment block"), of which the image's grub.cfg reads this one variable. It is
# written over in its place: GRUB does not read ext4's journal, and would find
# another file or none after a power cut. All that is ours is in its first sector,
# which a disk writes whole or not at all.
write_grubenv() {
  printf '# GRUB Environment Block\nkubeseed=%s\n' "$1" |
    awk '{ text = text $0 "\n" }
      END { while (length(text) < 1024) text = text "#"; printf "%s", text }' |
    dd of="$grubenv" bs=1024 iflag=fullblock conv=notrunc,fsync status=none
  sync
}

# What GRUB will hand over at the next start.
in_grubenv() {
  sed -n 's/^kubeseed=//p' "$grubenv" 2>/dev/null
}

started_with() { # ARGUMENTS
  read -r line </proc/cmdline
  case " $line " in *" $1 "*) ;; *) return 1 ;; esac
}

# Started once more when the machine runs without them; a power cut leaves the old
# arguments or these, and this begins anew. What a boot loader other than the image's
# leaves out is told, in place of starting over and over.
step_kernel_arguments() {
  read -r wanted <"$lib/kernel-arguments"
  if systemd-detect-virt -cq; then
    echo "a container: its kernel is its host's, with the host's arguments"
    return 0
  fi
  if started_with "$wanted"; then
    return 0
  fi
  if [ ! -e "$restarting" ] && [ "$(in_grubenv)" = "$wanted" ]; then
    echo "the machine was started without the arguments that $grubenv has:" \
      "give its kernel '$wanted', or start it by the image's GRUB"
    return 1
  fi
  # What runs in its later stages it would take for done.
  wait_for "cloud-init to end" test -e /run/cloud-init/result.json
  write_grubenv "$wanted"
  : >"$restarting"
  report wait "the machine starts once more, with the kernel's arguments: $wanted"
  systemctl reboot
  sleep 300
  echo "the machine did not start once more"
  return 1
}
