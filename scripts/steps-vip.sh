# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The endpoint's address, held by keepalived on one of several nodes.
# Sourced by bootstrap.

# Whoever answers for the address must be one of the machines that may hold it, by
# whichever of its cards: on a wire with several Linux answers by all.
vip_has_no_stranger() {
  for owner in $(owner_of "$VIP" "${VIP_INTERFACE-$INTERFACE}"); do
    case " $VIP_MACS ${VIP_OTHER_MACS-} " in
    *" $owner "*) ;;
    *)
      why="it has the MAC address $owner"
      return 1
      ;;
    esac
  done
}

step_vip() {
  wait_for "the endpoint's address $VIP to be given up by a stranger; switch \
that machine off or give the cluster another address" vip_has_no_stranger
  start_unit keepalived.service
}
