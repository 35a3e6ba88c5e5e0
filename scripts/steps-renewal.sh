# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# kubeadm's certificates are renewed by a timer. Sourced by bootstrap.

# Now, and at every later boot.
step_renewal() {
  mkdir -p /etc/systemd/system/timers.target.wants
  ln -sfn /etc/systemd/system/kubeseed-renewal.timer \
    /etc/systemd/system/timers.target.wants
  systemctl start --no-block kubeseed-renewal.timer
}
