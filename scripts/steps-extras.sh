# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# What the spec adds to the node. Sourced by bootstrap.

# The kernel's modules and settings, which systemd sees to at every later boot.
# A container has its host's kernel, which is not its to change.
step_settings() {
  if systemd-detect-virt -cq; then
    echo "a container: modules and sysctls are its host's"
    return 0
  fi
  if [ -e /etc/modules-load.d/spec.conf ]; then
    grep -v '^#' /etc/modules-load.d/spec.conf | xargs modprobe -a --
  fi
  if [ -e /etc/sysctl.d/95-spec.conf ]; then
    sysctl -q -p /etc/sysctl.d/95-spec.conf
  fi
}

step_commands_before() {
  sh -e "$lib/commands-before"
}

step_commands_after() {
  sh -e "$lib/commands-after"
}
