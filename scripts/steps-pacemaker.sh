# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The endpoint's address, held by corosync and pacemaker on one of the load balancers.
# Sourced by bootstrap, with steps-vip.sh.

# Others that corosync has in its membership, besides this node.
others_heard() {
  joined=$(corosync-cmapctl runtime.members. 2>/dev/null |
    grep -c 'status (str) = joined')
  [ "$joined" -gt 1 ]
}

# Corosync hears those of its list alone. A holder whose list lacks this node would
# keep the address, and this one take it as well.
holder_is_heard() {
  [ -n "$(owner_of "$VIP" "${VIP_INTERFACE-$INTERFACE}")" ] || return 0
  why="it has a holder whose /etc/corosync/corosync.conf does not name this node"
  others_heard
}

pacemaker_answers() {
  cibadmin --query --scope crm_config >/dev/null 2>&1
}

# Another node may have said it first, and an administrator more since then.
has_resources() {
  cibadmin --query --xpath "//primitive[@id='endpoint']" >/dev/null 2>&1
}

# --force: also without a majority, for the order in which nodes come is not known.
step_pacemaker() {
  wait_for "the endpoint's address $VIP to be given up by a stranger; switch \
that machine off or give the cluster another address" vip_has_no_stranger
  start_unit corosync.service
  wait_for "the endpoint's address $VIP to be another's or nobody's" \
    holder_is_heard
  start_unit pacemaker.service
  wait_for "pacemaker to answer" pacemaker_answers
  has_resources || cibadmin --modify --allow-create --force \
    --scope configuration --xml-file /etc/kubeseed/pacemaker.xml
}
