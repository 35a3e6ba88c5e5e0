# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A gateway: names, addresses and the way out for the others. Sourced by bootstrap.

# What may pass comes before who answers. A folder for PXE must be there.
step_gateway() {
  start_unit nftables.service
  tftp=$(sed -n 's/^tftp-root=//p' /etc/dnsmasq.d/kubeseed.conf)
  [ -z "$tftp" ] || mkdir -p "$tftp"
  start_unit dnsmasq.service
}

# DNS is asked by TCP as well, which a machine's kernel answers for it.
ready_gateway() {
  wait_for "dnsmasq to answer at $ADDRESS" listens "$ADDRESS" 53
}
