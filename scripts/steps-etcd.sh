# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The etcd that every member knows from its seed ("founding"): a systemd unit
# with a fixed membership list, so the members find each other in any order and
# kubeadm never changes the membership. Sourced by bootstrap.

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
  return 1
}

# What only a disk has on which etcd has run. The folder above it is made before
# etcd finds that it cannot start.
etcd_has_data() {
  [ -d /var/lib/etcd/member/wal ]
}

# Membership as NAME=URL lines: of the seed, and of etcd's list with its
#   ID, STATUS, NAME, PEER-URLS, CLIENT-URLS, LEARNER
etcd_seed_members() {
  sed -n 's/^ETCD_INITIAL_CLUSTER=//p' /etc/default/etcd | tr , '\n' | sort
}

etcd_listed_members() {
  printf '%s\n' "$1" | awk -F', ' '{ print $3 "=" $4 }' | sort
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
    echo "another member of etcd has this node's address: $own"
    return 1
    ;;
  esac
  report wait "replacing the etcd member whose data is gone"
  etcd_ask "$ETCD_PEERS" member remove "${own%%,*}" || return
  own=
}

# etcd_join_existing LIST: the cluster lives and this disk holds no data. A
# member that once ran must not come back empty under its old identity: it may
# have promised entries that it no longer has. So it is replaced by a new one.
etcd_join_existing() {
  # First of all, and on the disk: whatever comes between, etcd must not found
  # anything with the identity that is removed here.
  sed -i 's/^\(ETCD_INITIAL_CLUSTER_STATE\)=.*/\1=existing/' /etc/default/etcd &&
    sync || return
  etcd_drop_old_member "$1" || return
  if [ -z "$own" ]; then
    etcd_ask "$ETCD_PEERS" member add "$NODE" \
      --peer-urls "https://$ADDRESS:2380" || return
  fi
  # Whatever the seed says, etcd wants to be told what is.
  list=$(etcd_ask "$ETCD_PEERS" member list) || return
  sed -i "s|^\(ETCD_INITIAL_CLUSTER\)=.*|\1=$(initial_cluster "$list")|" \
    /etc/default/etcd
}

# Whether any other member takes connections: etcdctl costs seconds to find out.
a_peer_listens() {
  for url in $(printf '%s' "$ETCD_PEERS" | tr , ' '); do
    hostport=${url#https://}
    ! listens "${hostport%:*}" "${hostport##*:}" || return 0
  done
  return 1
}

# A member that has run has told the others where its clients find it.
etcd_has_run_here() { # LIST
  etcd_own_line "$1" | grep -q ", https://$ADDRESS:2379"
}

# Whether the others are founding what this seed is of, and wait for this node.
etcd_is_expected() { # LIST
  ! etcd_has_run_here "$1" &&
    [ "$(etcd_listed_members "$1")" = "$(etcd_seed_members)" ]
}

etcd_peers_have_quorum() {
  etcd_ask "$ETCD_PEERS" get / >/dev/null 2>&1
}

# With no data here: is there a cluster already, and was this node in it? Others
# that wait for a quorum with seeds of another making are none.
etcd_find_place() {
  a_peer_listens || return 0
  list=$(etcd_ask "$ETCD_PEERS" member list 2>/dev/null) || return 0
  if etcd_has_run_here "$list" ||
    { ! etcd_is_expected "$list" && etcd_peers_have_quorum; }; then
    etcd_join_existing "$list"
  fi
}

# The members that the data here was founded with, and whether it has ever been
# part of a quorum (etcd-restart.conf): until then it is nobody's memory.
etcd_founded_with=/var/lib/kubeseed/etcd-founded-with
etcd_has_joined=/var/lib/kubeseed/etcd-has-joined
etcd_pki=/etc/etcd/pki/

etcd_start_empty() {
  etcd_seed_members >"$etcd_founded_with"
  sync
  start_unit etcd.service
}

# etcd rests while its place is looked for: an attempt before a power cut may
# have got as far as starting it.
etcd_rest() {
  rm -f /etc/systemd/system/multi-user.target.wants/etcd.service
  sync
  systemctl stop etcd.service
}

step_etcd() {
  if ! etcd_has_data &&
    [ -L /etc/systemd/system/multi-user.target.wants/etcd.service ]; then
    etcd_rest
  fi
  if etcd_has_data; then
    start_unit etcd.service
  else
    etcd_find_place
    etcd_start_empty
  fi
}

etcd_begin_anew() {
  etcd_rest || return
  rm -rf /var/lib/etcd/member
}

# The seed was corrected, because an address in it was wrong.
etcd_is_of_another_seed() {
  [ ! -e "$etcd_has_joined" ] && [ -s "$etcd_founded_with" ] &&
    [ "$(cat "$etcd_founded_with")" != "$(etcd_seed_members)" ]
}

# The ID of the cluster that the member at ADDRESS is of, from the port for its
# peers: etcd serves clients only once it has a quorum. (To HTTP/2 that port
# speaks gRPC.)
etcd_cluster_id() { # ADDRESS
  curl -s --http1.1 --max-time 10 -o /dev/null -D - --cacert "${etcd_pki}ca.crt" \
    --cert "${etcd_pki}peer.crt" --key "${etcd_pki}peer.key" \
    "https://$1:2380/members" | tr -d '\r' |
    sed -n 's/^X-Etcd-Cluster-Id: *//Ip'
}

# The others work together, and this member's data is of none of their clusters.
etcd_is_left_out() {
  [ ! -e "$etcd_has_joined" ] && a_peer_listens && etcd_peers_have_quorum ||
    return 1
  etcd_has_data || return 0
  ours=$(etcd_cluster_id "$ADDRESS")
  [ -n "$ours" ] || return 1
  for url in $(printf '%s' "$ETCD_PEERS" | tr , ' '); do
    peer=${url#https://}
    [ "$(etcd_cluster_id "${peer%:*}")" != "$ours" ] || return 1
  done
}

# Looked into when a quorum takes its time: the seeds may be of two makings, or
# the others were too busy to tell step_etcd that they know this node.
etcd_find_place_late() {
  read -r now _ </proc/uptime
  : "${etcd_looked:=${now%.*}}"
  [ "${now%.*}" -ge $((etcd_looked + 30)) ] || return 0
  etcd_looked=${now%.*}
  etcd_is_left_out || return 0
  # While it rests nothing changes under what is decided now.
  etcd_rest || return 0
  if [ ! -e "$etcd_has_joined" ] &&
    list=$(etcd_ask "$ETCD_PEERS" member list) && ! etcd_is_expected "$list"; then
    report wait "joining the cluster that the other members of etcd have"
    rm -rf /var/lib/etcd/member
    etcd_join_existing "$list" && etcd_start_empty
  else
    start_unit etcd.service
  fi
}

etcd_is_in_place() {
  etcd_is_healthy && return
  etcd_find_place_late
  return 1
}

step_etcd_member() {
  if etcd_is_of_another_seed; then
    report wait "founding etcd anew: the seed names other members than before"
    etcd_begin_anew
    step_etcd
  fi
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_in_place
}

ready_etcd() {
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_healthy
}
