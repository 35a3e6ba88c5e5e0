# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The etcd that every member knows from its seed ("founding", "external"): a
# systemd unit with a fixed membership list, so the members find each other in
# any order and kubeadm never changes the membership. Sourced by bootstrap.

# etcd_ask ENDPOINTS ARGS...: etcdctl as this member.
etcd_ask() {
  endpoints=$1
  shift
  ETCDCTL_API=3 etcdctl --endpoints "$endpoints" --dial-timeout 3s \
    --command-timeout 10s --cacert "$ETCD_CA" \
    --cert "$ETCD_CERT.crt" --key "$ETCD_CERT.key" "$@"
}

# The members that do not even take a connection, for the console.
silent_members() {
  for url in $(printf '%s' "$ETCD_PEERS" | tr , ' '); do
    hostport=${url#https://}
    listens "${hostport%:*}" "${hostport##*:}" || printf ' %s' "$hostport"
  done
}

# /health answers with a read that needs a quorum. One member that says so is
# enough; curl is asked and not etcdctl because it costs a tenth of it.
etcd_is_healthy() {
  printf '%s\n' "$ETCD_ASK" | tr , '\n' | while read -r url; do
    curl -s --max-time 5 --cacert "$ETCD_CA" --cert "$ETCD_CERT.crt" \
      --key "$ETCD_CERT.key" "$url/health"
  done | grep -q '"health":"true"' && return 0
  silent=$(silent_members)
  why=${silent:+no answer from$silent: are they on, and are the addresses right?}
  why=${why:-all take connections; \`journalctl -u etcd\` tells more}
  return 1
}

# ---- A member with an empty disk ----
#
# It cannot know whether it is new or has lost what it had. Started as it is in
# the seed, a member that lost its data would vote with its old identity and
# could undo writes that it once helped to acknowledge. So etcd does not start by
# itself on an empty disk (etcd-start.conf). The node asks the others at the port
# for peers, where it meanwhile tells that its own disk is empty (etcd-empty), and
#
#   * founds, when most members, itself among them, have nothing but the same
#     list of members, and nobody has told of a cluster that lives or lived: one
#     that all members had joined would have data on most disks;
#   * takes a new member's place, when one knows it as a member that ran, or most
#     of the others live and know it otherwise than its seed does.

# What only a disk has on which etcd has run. The folder above it is made before
# etcd finds that it cannot start.
etcd_has_data() {
  [ -d /var/lib/etcd/member/wal ]
}

etcd_seed_members() {
  sed -n 's/^ETCD_INITIAL_CLUSTER=//p' /etc/default/etcd | tr , '\n' | sort
}

# What the member at ADDRESS knows: etcd's own list as JSON (to HTTP/2 that port
# speaks gRPC), or what etcd-empty says in its place.
etcd_peer_knows() { # ADDRESS
  curl -s --http1.1 --connect-timeout 5 --max-time 10 \
    --cacert /etc/etcd/pki/ca.crt --cert /etc/etcd/pki/peer.crt \
    --key /etc/etcd/pki/peer.key "https://$1:2380/members"
}

# The members of such an answer, as NAME=URL lines.
etcd_known_members() { # ANSWER
  case $1 in
  empty*) printf '%s\n' "$1" | sed 1d ;;
  *)
    printf '%s\n' "$1" | tr '{' '\n' | sed -n \
      's/.*"peerURLs":\["\([^"]*\)"\].*"name":"\([^"]*\)".*/\2=\1/p'
    ;;
  esac | sort
}

etcd_peers_have_quorum() {
  etcd_ask "$ETCD_PEERS" get / >/dev/null 2>&1
}

# For the start condition of etcd.service, whose unit ends etcd-empty.
etcd_start() {
  etcd_started=$(uptime_seconds)
  : >/run/kubeseed/etcd-may-start
  start_unit etcd.service
}

# While questions are asked etcd does not run: what the others say of this node
# is then said of an earlier time.
etcd_rest() {
  rm -f /run/kubeseed/etcd-may-start
  systemctl stop etcd.service
  systemctl start --no-block etcd-empty.service
}

# It takes its time until it has written anything; or it cannot start, because
# the membership has changed since.
etcd_is_starting() {
  [ -e /run/kubeseed/etcd-may-start ] &&
    [ "$(uptime_seconds)" -lt $((${etcd_started:-0} + 60)) ]
}

# The line of this node in the list, by its name or by its address: the seed may
# have been corrected.
etcd_own_line() {
  printf '%s\n' "$1" | awk -F', ' -v me="$NODE" -v url="https://$ADDRESS:2380" '
    $3 == me || $4 == url { print; exit }'
}

# initial_cluster LIST: the membership as etcd wants it on its command line,
# with this node's name for the member that has none yet.
initial_cluster() {
  printf '%s\n' "$1" | awk -F', ' -v me="$NODE" -v url="https://$ADDRESS:2380" '
    { printf "%s%s=%s", (NR > 1 ? "," : ""), ($4 == url ? me : $3), $4 }'
}

# Leaves this node's line of the list in $own: one that has never run, or none.
etcd_drop_old_member() { # LIST
  own=$(etcd_own_line "$1")
  case "$own" in
  '' | *", , https://$ADDRESS:2380,"*) return ;;
  *", $NODE, "*) ;;
  *)
    why="another member of etcd has this node's address: $own"
    return 1
    ;;
  esac
  etcd_ask "$ETCD_PEERS" member remove "${own%%,*}" || return
  own=
}

# The members that the data here was founded with.
etcd_founded_with=/var/lib/kubeseed/etcd-founded-with

etcd_set_state() { # STATE: on the disk
  sed -i "s/^\(ETCD_INITIAL_CLUSTER_STATE\)=.*/\1=$1/" /etc/default/etcd && sync
}

# A member that once ran is replaced by a new one.
etcd_join_existing() {
  list=$(etcd_ask "$ETCD_PEERS" member list) || return
  # First of all, and on the disk: whatever comes between, etcd must not found
  # anything with the identity that is removed here, and what the new one writes
  # must not be taken for an attempt to found.
  rm -f "$etcd_founded_with"
  etcd_set_state existing || return
  etcd_drop_old_member "$list" || return
  if [ -z "$own" ]; then
    etcd_ask "$ETCD_PEERS" member add "$NODE" \
      --peer-urls "https://$ADDRESS:2380" || return
  fi
  # Whatever the seed says, etcd wants to be told what is.
  list=$(etcd_ask "$ETCD_PEERS" member list) || return
  sed -i "s|^\(ETCD_INITIAL_CLUSTER\)=.*|\1=$(initial_cluster "$list")|" \
    /etc/default/etcd
  sync
  etcd_start
}

etcd_found() {
  why=
  # On the disk before etcd's own data is, which etcd itself puts there.
  etcd_seed_members >"$etcd_founded_with" && sync || return
  etcd_start
}

# One round of questions; $why says what is missing.
etcd_find_place() {
  seed=$(etcd_seed_members)
  agree=1
  lives=
  silent=
  others=
  for url in $(printf '%s' "$ETCD_PEERS" | tr , ' '); do
    peer=${url#https://}
    peer=${peer%:*}
    if ! answer=$(etcd_peer_knows "$peer"); then
      silent="$silent $peer:2380"
      continue
    fi
    case $answer in
    *"\"https://$ADDRESS:2379\""*)
      why="this disk has lost etcd's data; most of the others are needed to \
replace this member"
      etcd_join_existing
      return
      ;;
    esac
    if [ "$(etcd_known_members "$answer")" = "$seed" ]; then
      agree=$((agree + 1))
    else
      others="$others $peer"
      case $answer in *clientURLs*) lives=yes ;; esac
    fi
  done
  why=${silent:+no answer from$silent: are they on, and are the addresses right?}
  if grep -q '_STATE=existing' /etc/default/etcd; then
    why="${why:+$why; }this disk has seen a cluster: its members are needed"
    lives=yes
  fi
  if [ -z "$lives" ] &&
    [ $((agree * 2)) -gt "$(printf '%s\n' "$seed" | wc -l)" ]; then
    etcd_found
  elif [ -n "$others" ]; then
    why="${why:+$why; }other members than in this seed are known to$others"
    ! etcd_peers_have_quorum || etcd_join_existing
  fi
}

# ---- One with data ----

# Written by systemd (etcd-start.conf): the data has been part of a quorum. Until
# then it is nobody's memory.
etcd_has_joined=/var/lib/kubeseed/etcd-has-joined

# Founding waits for ever when an address in the seed was wrong; the corrected
# seed names other members.
etcd_is_of_another_seed() {
  [ ! -e "$etcd_has_joined" ] && [ -s "$etcd_founded_with" ] &&
    [ "$(cat "$etcd_founded_with")" != "$(etcd_seed_members)" ]
}

etcd_begin_anew() {
  report wait "founding etcd anew: the seed names other members than before"
  systemctl stop etcd.service # by then it may have joined all the same
  [ -e "$etcd_has_joined" ] || rm -rf /var/lib/etcd/member
}

etcd_is_in_place() {
  why=
  if etcd_has_data; then
    etcd_is_healthy
    return
  fi
  if ! etcd_is_starting; then
    [ ! -e /run/kubeseed/etcd-may-start ] || etcd_rest
    if etcd_has_data; then etcd_start; else etcd_find_place; fi
  fi
  return 1
}

step_etcd() {
  if etcd_has_data && etcd_is_of_another_seed; then
    etcd_begin_anew
  fi
  if etcd_has_data; then
    etcd_start
  else
    { echo empty && etcd_seed_members; } >/run/kubeseed/etcd-members
    etcd_rest
  fi
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_in_place
}

ready_etcd() {
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_healthy
}
