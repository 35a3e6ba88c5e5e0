# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# The keyboard of the spec. Sourced by bootstrap.

# At later boots keyboard-setup.service does it. A machine whose console is none of
# Linux's own is a node as well.
step_keyboard() {
  if systemd-detect-virt -cq; then
    echo "a container has no keyboard"
    return 0
  fi
  setupcon -k --force --save || echo "no console to set the keyboard of"
}
