# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# endpoint.healthPort: nginx beside an API server. Sourced by bootstrap.

# When the cluster's CA is there, which it trusts; now, and at every later boot.
step_health_proxy() {
  ln -sfn /etc/systemd/system/kubeseed-health.service \
    /etc/systemd/system/multi-user.target.wants
  systemctl start --no-block kubeseed-health.service
}
