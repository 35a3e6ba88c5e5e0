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
# for peers, where it meanwhile tells what its own disk knows (etcd-empty):
#
#   empty DISK     nothing; DISK is a random name, so a new disk is another one
#   founding DISK  it has promised to found; "with" names the disks that agreed
#   joining DISK   it has seen a cluster, which is never founded a second time
#
# and the members of its seed, and whom it "saw" say one of the first two: those
# had not run etcd yet when this disk was there already. It then
#
#   * promises to found, on its disk, when most members say that they are empty or
#     found with this very disk, all with the same list of members; and the same
#     holds for each list of an earlier seed, whose cluster may be switched off.
#     Or when it saw all the others, for then nobody has met this node before;
#   * founds, when most members have promised: a disk with a promise has lost
#     nothing since, so what etcd will say under this identity is new. All that
#     answer must have seen it, so that they do not take its etcd for an older one;
#   * does neither when it meets an etcd that it did not see before that ran: this
#     may have met an earlier disk of this node. But with a promise it helps when
#     all the others run etcd or have lost what they had;
#   * takes a new member's place by remove and add, when it meets a cluster that
#     lives, also where its own line there has never run: what other members know
#     may be old.

# What only a disk has on which etcd has run. The folder above it is made before
# etcd finds that it cannot start.
etcd_has_data() {
  [ -d /var/lib/etcd/member/wal ]
}

# Written by systemd (etcd-start.conf): the data has been part of a quorum. Until
# then it is only that of an attempt to found.
etcd_has_joined=/var/lib/kubeseed/etcd-has-joined

etcd_seed_members() {
  sed -n 's/^ETCD_INITIAL_CLUSTER=//p' /etc/default/etcd | tr , '\n' | sort
}

# The members that this disk has promised to found with, or did, and whose disks
# were empty then.
etcd_promise=/var/lib/kubeseed/etcd-founding

# Not when etcd has been part of a quorum here, whatever became of its data.
etcd_has_promised() {
  [ -s "$etcd_promise" ] && [ ! -e "$etcd_has_joined" ] &&
    [ "$(grep -v -e '^with$' -e '^with ' "$etcd_promise")" = "$(etcd_seed_members)" ]
}

# NAME=DISK of those that this disk saw, with blanks around each.
etcd_saw_file=/var/lib/kubeseed/etcd-saw

etcd_saw() {
  [ ! -s "$etcd_saw_file" ] || cat "$etcd_saw_file"
}

# What the others are told at the port for peers.
etcd_tell() {
  disk=$(disk_name) || return
  if etcd_has_promised; then
    { echo "founding $disk" && cat "$etcd_promise"; }
  elif [ -e "$cluster_seen" ]; then
    { echo "joining $disk" && etcd_seed_members; }
  else
    { echo "empty $disk" && etcd_seed_members; }
  fi >/run/kubeseed/etcd-members.new
  echo "saw $(etcd_saw)" >>/run/kubeseed/etcd-members.new
  mv /run/kubeseed/etcd-members.new /run/kubeseed/etcd-members
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
  \[*)
    printf '%s\n' "$1" | tr '{' '\n' | sed -n \
      's/.*"peerURLs":\["\([^"]*\)"\].*"name":"\([^"]*\)".*/\2=\1/p'
    ;;
  *) printf '%s\n' "$1" | grep '=https:' ;;
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
  etcd_tell
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
    why="another member of etcd has this node's address; if that one is gone for \
good, remove it by etcdctl on one that runs: $own"
    return 1
    ;;
  esac
  etcd_ask "$ETCD_PEERS" member remove "${own%%,*}" || return
  own=
}

# etcd adds nobody while a member is not connected. One that has never run, and
# whose machine is off, is given up: when it comes it joins anew.
etcd_drop_absent() { # LIST
  printf '%s\n' "$1" | awk -F', ' -v url="https://$ADDRESS:2380" '
    $5 == "" && $4 != url { print $1, $4 }' | while read -r id url; do
    url=${url#https://}
    listens "${url%:*}" 22 ||
      etcd_ask "$ETCD_PEERS" member remove "$id" || return
  done
}

etcd_set() { # NAME VALUE: in its configuration, on the disk
  sed "s|^\(ETCD_$1\)=.*|\1=$2|" /etc/default/etcd | keep /etc/default/etcd
}

# The data here is not that of a member any more.
etcd_forget() {
  rm -rf /var/lib/etcd/member && rm -f "$etcd_has_joined" && sync
}

# Never again under the identity of the seed: on the disk before anything follows
# from it.
etcd_give_up_place() {
  note_cluster && rm -f "$etcd_promise" "$etcd_saw_file" &&
    etcd_set INITIAL_CLUSTER_STATE existing
}

# A member that once ran, or another with its name, is replaced by a new one.
etcd_join_existing() {
  list=$(etcd_ask "$ETCD_PEERS" member list) || return
  # Whatever comes between, etcd must not found anything with the identity that
  # is removed here, and what the new one writes is no attempt to found.
  etcd_give_up_place && etcd_forget || return
  etcd_drop_old_member "$list" || return
  if [ -z "$own" ]; then
    etcd_ask "$ETCD_PEERS" member add "$NODE" \
      --peer-urls "https://$ADDRESS:2380" || {
      etcd_drop_absent "$list"
      return 1
    }
  fi
  # Whatever the seed says, etcd wants to be told what is.
  list=$(etcd_ask "$ETCD_PEERS" member list) || return
  etcd_set INITIAL_CLUSTER "$(initial_cluster "$list")" || return
  etcd_start
}

# Before anything is founded: an attempt by an earlier seed is over.
etcd_give_promise() {
  etcd_forget || return
  { etcd_seed_members && echo "with$with"; } | keep "$etcd_promise" || return
  etcd_tell
}

# Are most of NAMES, with commas between them, among those that agree?
etcd_most_agree() { # NAMES
  for_it=0
  against=0
  for name in $(printf '%s' "$1" | tr , ' '); do
    case $agreed in
    *" $name "*) for_it=$((for_it + 1)) ;;
    *) against=$((against + 1)) ;;
    esac
  done
  [ "$for_it" -gt "$against" ]
}

# The same for this seed's members and for those of every earlier one.
etcd_all_agree() { # NAMES OF THOSE THAT DO
  agreed=$1
  missing=
  for names in "$ETCD_MEMBERS" $ETCD_EARLIER; do
    etcd_most_agree "$names" || missing="most of $names must agree"
  done
  [ -z "$missing" ]
}

etcd_saw_all() {
  for name in $(printf '%s ' "$ETCD_MEMBERS" "$ETCD_EARLIER" | tr , ' '); do
    case "$name$saw" in "$NODE "* | *" $name="*) ;; *) return 1 ;; esac
  done
}

# What a member says that knows the same others and has not run etcd yet.
etcd_hear() { # NAME ANSWER
  its_disk=$(printf '%s\n' "$2" | sed -n '1s/.* //p')
  its_with=$(printf '%s\n' "$2" | sed -n 's/^with / /p')
  its_saw=$(printf '%s\n' "$2" | sed -n 's/^saw / /p')
  agrees=yes
  case $2 in
  founding*)
    promised="$promised$1 "
    case "$its_with " in *" $disk "*) ;; *) agrees= ;; esac
    ;;
  esac
  if [ -n "$agrees" ]; then
    fresh="$fresh$1 "
    with="$with $its_disk"
  else
    busy="$busy $1"
  fi
  case "$its_saw " in *" $NODE=$disk "*) ;; *) unseen="$unseen $1" ;; esac
  case $saw in *" $1=$its_disk "*) return ;; esac
  saw="$(printf '%s' "$saw" | sed "s/ $1=[^ ]* / /") $1=$its_disk "
  printf '%s\n' "$saw" | keep "$etcd_saw_file" && etcd_tell
}

# One round of questions: leaves names in $fresh of those that agree to a promise,
# in $promised of those that have given one or run etcd, in $unseen of those that
# have not seen this disk, in $apart of those that have a cluster without it, in
# $busy of those that have promised others, in $differ of those that know other
# members, in $running of those that run etcd, in $blank of those that never did;
# addresses in $silent; the agreeing disks in $with; and in $ran whether this node
# was a member.
etcd_ask_peers() {
  fresh=" $NODE "
  promised=" $NODE "
  running=" $NODE "
  blank=
  unseen=
  apart=
  busy=
  differ=
  silent=
  with=
  ran=
  saw=$(etcd_saw)
  for member in $seed; do
    name=${member%%=*}
    peer=${member#*=https://}
    [ "$name" != "$NODE" ] || continue
    if ! answer=$(etcd_peer_knows "${peer%:*}"); then
      silent="$silent $peer"
      continue
    fi
    case $answer in *"\"https://$ADDRESS:2379\""*) ran=yes ;; esac
    case $answer in *clientURLs* | joining*) note_cluster || return ;; esac
    case $answer in
    \[*) running="$running$name " ;;
    joining*) ;;
    *) blank="$blank $name" ;;
    esac
    if [ "$(etcd_known_members "$answer")" != "$seed" ]; then
      differ="$differ $name"
      continue
    fi
    case $answer in
    empty* | founding*) etcd_hear "$name" "$answer" || return ;;
    *)
      case $saw in
      *" $name="*) fresh="$fresh$name " && promised="$promised$name " ;;
      *) apart="$apart $name" ;;
      esac
      ;;
    esac
  done
}

# What keeps this node from a place, for the console.
etcd_say_why() { # LAST
  why=${silent:+no answer from$silent: are they on, and are the addresses right?; }
  why=$why${differ:+other members than in this seed are known to$differ; }
  why="$why${busy:+a promise to found without this disk was given by$busy; }"
  why="$why${apart:+etcd is founded without this disk by$apart; }$1"
  why=${why%; }
}

# May this disk promise? When most agree, and no cluster is known; or when it saw
# all the others, whatever they do now.
etcd_may_promise() {
  if [ -z "$differ" ] && etcd_saw_all; then return 0; fi
  [ ! -e "$cluster_seen" ] && [ -z "$apart" ] && etcd_all_agree "$fresh"
}

# May this disk, with a promise, found? Beside an etcd that it did not see before
# that ran only when all answer, and each of them runs etcd or has lost what it
# had: then no two that know nothing are most.
etcd_may_found() {
  if [ -z "$has_promised" ] || [ -n "$ran" ]; then return 1; fi
  if [ -z "$apart$unseen" ] && etcd_all_agree "$promised"; then return 0; fi
  [ -z "$silent$differ$blank" ] && etcd_all_agree "$running"
}

# One step on the way to a place.
etcd_find_place() {
  seed=$(etcd_seed_members)
  disk=$(disk_name) || return
  # It had data that is not there any more.
  [ ! -e "$etcd_has_joined" ] || etcd_give_up_place || return
  has_promised=
  ! etcd_has_promised || has_promised=yes
  etcd_ask_peers || return
  missing=
  if etcd_may_found; then
    etcd_start
  elif [ -z "$ran$has_promised" ] && etcd_may_promise; then
    etcd_give_promise && etcd_find_place
  elif [ -n "$ran" ] || [ -e "$cluster_seen" ]; then
    etcd_say_why "this disk is new to a cluster that is there; most of its members \
are needed to give it a place"
    etcd_tell
    ! etcd_peers_have_quorum || etcd_join_existing
  else
    etcd_say_why "${missing:-${unseen:+these must see this disk:$unseen}}"
  fi
}

# ---- One with data ----

# Founding waits for ever when an address in the seed was wrong; the corrected
# seed names other members. Its data goes when they agree.
etcd_is_of_another_seed() {
  [ ! -e "$etcd_has_joined" ] && [ -s "$etcd_promise" ] && ! etcd_has_promised
}

# Does systemd start etcd again and again? It waits for the others as long as it
# must; it ends when it cannot read its data, or has no place in the cluster.
etcd_keeps_ending() {
  restarts=$(systemctl show -p NRestarts --value etcd.service) || return
  [ "$restarts" -ge "${etcd_restarts:=$restarts}" ] || etcd_restarts=$restarts
  [ $((restarts - etcd_restarts)) -ge 5 ]
}

# Data that etcd cannot start with is kept for a person to look at. The cluster
# has all of it when the others are most, and gives this node a new place.
etcd_replace_data() {
  etcd_keeps_ending || return 0
  disk_has_room || return 0
  why="etcd ends again and again; \`journalctl -u etcd\` tells why"
  [ -n "$ETCD_PEERS" ] && etcd_peers_have_quorum || return 0
  aside=/var/lib/kubeseed/etcd-damaged-$(date +%s)
  report wait "etcd cannot start with its data, which is kept in $aside; this \
node joins the others as a new member"
  etcd_give_up_place && etcd_rest && mv /var/lib/etcd/member "$aside" &&
    etcd_forget
}

etcd_is_in_place() {
  why=
  if etcd_has_data && ! etcd_is_of_another_seed; then
    ! etcd_is_healthy || return 0
    etcd_replace_data
    return 1
  fi
  if ! etcd_is_starting; then
    [ ! -e /run/kubeseed/etcd-may-start ] || etcd_rest
    etcd_find_place
  fi
  return 1
}

step_etcd() {
  if etcd_has_data && ! etcd_is_of_another_seed; then
    etcd_start
  else
    etcd_rest
  fi
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_in_place
}

ready_etcd() {
  # Joined anew, and cut off before that was on the disk.
  ! etcd_has_data || etcd_start
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_in_place
}
