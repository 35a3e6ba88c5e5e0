# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2119,SC2120,SC2034
#
# Load balancers: haproxy or nginx in front of the API servers.
# Sourced by bootstrap.

step_proxy() {
  start_unit "$PROXY.service"
}

proxy_answers() {
  "$lib/check-proxy" "$PROXY"
}

ready_load_balancer() {
  wait_for "$PROXY to run" proxy_answers
}
