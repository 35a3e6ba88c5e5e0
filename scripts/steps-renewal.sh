# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# kubeadm's certificates are renewed by a timer. Sourced by bootstrap.

# The power failed in the middle of it: what is half is put back at once, and not
# when the timer's turn comes.
[ ! -d /var/lib/kubeseed/renewal ] ||
  systemctl start --no-block kubeseed-renewal.service

# Now, and at every later boot.
step_renewal() {
  mkdir -p /etc/systemd/system/timers.target.wants
  ln -sfn /etc/systemd/system/kubeseed-renewal.timer \
    /etc/systemd/system/timers.target.wants
  systemctl start --no-block kubeseed-renewal.timer
}
