# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# The endpoint's address, held by keepalived on one of several nodes.
# Sourced by bootstrap.

step_vip() {
  start_unit keepalived.service
}
