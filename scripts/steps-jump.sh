# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A jump host, which has ssh and nothing else. Sourced by bootstrap.

ready_jump() {
  wait_for "sshd to answer at $ADDRESS" listens "$ADDRESS" 22
}
