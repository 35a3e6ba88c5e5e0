# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2119,SC2120,SC2034
#
# Control-plane joins with kubeadm's own stacked etcd: strictly one at a time,
# and finished where kubeadm left off. Sourced by bootstrap.
#
# kubeadm adds the new member and waits only seconds for the answer. On a slow
# machine the member is added, the call has timed out, and kubeadm tries to add
# it again, for ever: two members of which one runs have no quorum. So whoever
# finds itself in the list starts its member itself.

etcd_manifest=/etc/kubernetes/manifests/etcd.yaml

# ---- Who founds ----
#
# One node does, and with an empty disk it cannot know whether it is new or has
# lost what it had. So the others, until they are members, tell that they wait
# (etcd-empty), and the founder begins when all but one of them say so; or it
# joins when one is a member. Members that only boot more slowly are not
# overlooked by that.

peer_is_member() {
  for peer in $PEERS; do
    ! listens "${peer#*=}" 2379 || return 0
  done
  return 1
}

most_peers_wait() {
  waiting=0
  silent=
  for peer in $PEERS; do
    answer=$(curl -s --max-time 5 "http://${peer#*=}:2380/") || answer=
    case $answer in
    empty*) waiting=$((waiting + 1)) ;;
    *) silent="$silent ${peer%%=*}" ;;
    esac
  done
  # shellcheck disable=SC2086
  set -- $PEERS
  why="no answer from$silent; the disk is empty here, and others must tell that \
there is no cluster yet"
  [ $((waiting + 1)) -ge $# ]
}

founder_place_is_known() {
  place="join"
  ! peer_is_member || return 0
  place="found"
  most_peers_wait
}

founder_has_peer() {
  wait_for "most control-plane nodes to be on" founder_place_is_known
  [ "$place" = join ]
}

# Until this node's member of etcd is to have the port.
tell_empty() {
  echo empty >/run/kubeseed/etcd-members
  if [ ! -s "$etcd_manifest" ] && [ ! -d /var/lib/etcd/member ]; then
    systemctl start --no-block etcd-empty.service
  fi
}

# ---- Joins ----

# The client certificate that kubeadm makes too, but only during the join.
etcd_client_certificate() {
  [ -s "$ETCD_CERT.crt" ] ||
    kubeadm init phase certs etcd-healthcheck-client \
      --cert-dir /etc/kubernetes/pki --kubernetes-version "v$VERSION"
}

member_list() {
  etcd_ask "$ETCD_PEERS" member list
}

# The node before this one must be a started, healthy, voting member, and no
# other membership change be under way.
predecessor_votes() {
  why="etcd does not answer"
  list=$(member_list 2>/dev/null) || return 1
  why="another node is joining"
  ! printf '%s\n' "$list" | grep -q -e ', unstarted, ' -e ', true$' || return 1
  why="it has not joined"
  printf '%s\n' "$list" | grep -q ", started, $PREDECESSOR, " || return 1
  why="no answer from $PREDECESSOR_ADDRESS:2379: is it on?"
  etcd_ask "https://$PREDECESSOR_ADDRESS:2379" endpoint health >/dev/null 2>&1
}

# And its API server should be ready, for the reason that predecessor_goes_first
# has; the five minutes count from when it votes.
predecessor_is_done() {
  predecessor_votes || return 1
  turn_comes=${turn_comes:-$(($(uptime_seconds) + 300))}
  why="its API server is not ready"
  predecessor_goes_first
}

own_member_is_healthy() {
  etcd_ask "https://$ADDRESS:2379" endpoint health >/dev/null 2>&1
}

# Starts the member that kubeadm added and never started.
finish_member() {
  report wait "starting the etcd member that kubeadm added"
  systemctl stop etcd-empty.service
  mkdir -p "${etcd_manifest%/*}"
  # The payload names the image, or it is the one that this kubeadm uses.
  image=$(kubeadm config images list --kubernetes-version "v$VERSION" \
    2>/dev/null | grep /etcd:) || image=
  sed -e "s|@INITIAL_CLUSTER@|$(initial_cluster "$1")|" \
    -e "s|@IMAGE@|$image|" \
    /etc/kubeseed/etcd-pod.yaml >"$etcd_manifest.new" || return
  sync
  mv "$etcd_manifest.new" "$etcd_manifest"
  sync
}

# Whether that member of the list, ours, can start with this disk.
member_can_start() { # OWN-LINE
  kubelet_is_member || return 1
  [ -d /var/lib/etcd/member ] || [ "${1#*, started, }" = "$1" ]
}

# In the middle of a join this node's member may be the one that etcd lacks for
# a quorum; then there will be no API to wait for before it runs.
revive_member() {
  kubelet_is_member && [ ! -s "$etcd_manifest" ] || return 0
  list=$(member_list 2>/dev/null) || return 0
  own=$(etcd_own_line "$list")
  [ -n "$own" ] || return 0
  ! member_can_start "$own" || finish_member "$list"
}

cluster_is_open_with_us() {
  etcd_client_certificate
  revive_member
  cluster_is_open
}

# The kubelet's identity must be on the disk before etcd's membership changes: a
# member that cannot start any more would cost the second one's quorum. From
# 1.31 on the phases have other names, and kubeadm adds a learner, that has no
# vote.
start_kubelet_first() {
  if kubelet_is_member || [ "$(minor_version)" -ge 31 ]; then return 0; fi
  kubeadm_join control-plane-join
  sync
}

# What state the join is in, told by the member list and this disk.
join_stacked() {
  list=$(member_list)
  own=$(etcd_own_line "$list")
  if [ -n "$own" ] && ! member_can_start "$own"; then
    # The member belongs to a disk that is gone.
    report wait "removing the etcd member whose data is gone"
    rm -f "$etcd_manifest"
    etcd_ask "$ETCD_PEERS" member remove "${own%%,*}"
    own=
  fi
  if [ -z "$own" ]; then
    rm -rf "$etcd_manifest" /var/lib/etcd/member
    turn_comes=
    wait_for "$PREDECESSOR to be a voting member of etcd" predecessor_is_done
    start_kubelet_first
    systemctl stop etcd-empty.service
    kubeadm_join && return
    list=$(member_list)
    own=$(etcd_own_line "$list")
    [ -n "$own" ] || return 1
  fi
  [ -s "$etcd_manifest" ] || finish_member "$list"
  wait_for "this node's etcd member to vote" own_member_is_healthy
  kubeadm_join control-plane-join/etcd
}
