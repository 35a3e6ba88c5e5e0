#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One machine and its host: what it has of its own (a disk larger than the image,
# a console for one), and that the host has nothing of it, whoever was killed:
# `up` while it starts a machine, and the machine's launcher.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/host.yaml
sed 's/^name: .*/name: host/; s/^\( *\)memory: .*/&\n\1disk: 12G/' \
  seeds/single.yaml >"$SPEC"
NODE=kube-mast01

# What the host is asked to have changed by nobody: settings that programs of a
# node set, names, cards, mounts, rules. Counters are not among them.
host_settings() {
  for name in kernel/panic kernel/panic_on_oops kernel/hostname \
    kernel/domainname kernel/keys/root_maxkeys kernel/keys/root_maxbytes \
    kernel/printk vm/overcommit_memory vm/panic_on_oom \
    fs/inotify/max_user_instances fs/inotify/max_user_watches fs/nr_open \
    net/ipv4/ip_forward net/ipv4/conf/all/rp_filter \
    net/netfilter/nf_conntrack_max net/core/somaxconn; do
    [ ! -e "/proc/sys/$name" ] || echo "$name $(cat "/proc/sys/$name")"
  done
  ip -o link | sed 's/^[0-9]*: //; s/ state .*//'
  ip -o addr
  cut -d ' ' -f 3- /proc/self/mountinfo
}

# What a machine of this state has of the host while it runs.
group_of() {
  find /sys/fs/cgroup -maxdepth 2 -type d \
    -name "kubeseed-$(stat -c '%D-%i' "$STATE" |
      (IFS=- read -r dev ino; printf '%x-%x' "0x$dev" "$ino"))-*"
}

processes() {
  for group in $(group_of); do
    find "$group" -name cgroup.procs -exec cat {} +
  done | grep .
}

loops() {
  for file in /sys/block/loop*/loop/backing_file; do
    [ ! -e "$file" ] || cat "$file"
  done | grep "^$STATE/"
}

nothing_runs() {
  echo "processes: $(processes), loop devices: $(loops)"
  ! processes >/dev/null && ! loops >/dev/null
}

no_groups() {
  group_of
  [ -z "$(group_of)" ]
}

unchanged() {
  host_settings >"$WORK/after" && diff "$WORK/before" "$WORK/after"
}

begun() {
  [ -e "$STATE/run/$NODE.begun" ]
}

# `up` that is killed once it has begun a start.
killed_up() {
  rm -f "$STATE/run/$NODE.begun"
  "$KUBESEED" up -C "$STATE" --machines container --no-wait "$SPEC" &
  up=$!
  PAUSE=0.01
  within 60 begun
  found=$?
  PAUSE=1
  kill -KILL "$up" && wait "$up"
  [ "$found" -eq 0 ]
}

kill_launcher() {
  kill -KILL "$(cat "$STATE/run/$NODE.pid")"
}

# Two consoles: the first says so by its words, the second is sent away.
one_console() {
  mkfifo "$WORK/typed" || return
  "$KUBESEED" console -C "$STATE" "$SPEC" "$NODE" <"$WORK/typed" \
    >"$WORK/console" 2>&1 &
  console=$!
  exec 9>"$WORK/typed"
  within 30 grep -q 'leaves' "$WORK/console"
  "$KUBESEED" console -C "$STATE" "$SPEC" "$NODE" </dev/null >"$WORK/second" 2>&1
  second=$?
  echo >&9
  within 30 grep -q 'login:' "$WORK/console"
  first=$?
  exec 9>&-
  wait "$console"
  rm -f "$WORK/typed"
  cat "$WORK/console" "$WORK/second"
  [ "$first" -eq 0 ] && [ "$second" -eq 1 ] &&
    grep -q "another console is attached to $NODE" "$WORK/second"
}

large_disk() {
  on "$NODE" 'df --output=size -BM / | tail -n 1 | tr -dc 0-9' >"$WORK/size"
  cat "$WORK/size"
  [ "$(cat "$WORK/size")" -gt 11000 ]
}

host_log_is_left() {
  on "$NODE" "echo the machine $$ was here >/dev/kmsg" || return
  dmesg >"$WORK/dmesg" && ! grep "the machine $$ was here" "$WORK/dmesg"
}

# By which the kubelet tells machines apart: the board's, where there is one.
system_uuid() {
  on "$NODE" 'cat /sys/class/dmi/id/product_uuid 2>/dev/null ||
    cat /etc/machine-id' | tr -d -
}

planned_uuid() {
  "$KUBESEED" --json plan "$SPEC" | sed -n 's/.*"uuid": "\(.*\)".*/\1/p' | tr -d -
}

# In a container without privileges, for one.
told_without() { # CAPABILITY WORDS
  setpriv --bounding-set="-$1" "$KUBESEED" up -C "$STATE" \
    --machines container --no-wait "$SPEC"
  [ $? -eq 3 ] && grep -q "$2" "$WORK/check.out"
}

"$KUBESEED" destroy -q -C "$STATE" "$SPEC" >/dev/null 2>&1
host_settings >"$WORK/before"
must "the machine is switched on" ks up --no-wait
check "and is processes in groups, on a loop device" sh -c \
  "test -n '$(processes)' && test -n '$(loops)'"
check "its launcher is killed" kill_launcher
check "nothing of it runs any more" within 30 nothing_runs
must "it is switched on at once" ks up --no-wait
check "its launcher is killed again" kill_launcher
must "it is switched on without a pause" ks up
check "it is Ready" within 60 all_ready 1
check "the disk is as large as the spec says" large_disk
check "it writes nothing into the host's log" host_log_is_left
check "its UUID is its own" equals "$(planned_uuid)" system_uuid
check "its console has one client" one_console
check "the cluster is what the spec says" ks verify --wait 120
check "the launcher is killed once more" kill_launcher
check "nothing runs any more" within 30 nothing_runs
check "the host is as before" unchanged
check "down of what is off" ks down
check "removes the control groups as well" no_groups

check "up is killed while it starts the machine" killed_up
check "down finds the machine all the same" ks down --now
check "nothing runs any more, again" within 30 nothing_runs
check "the host is as before, again" unchanged
check "and no group is left" no_groups
check "root who may not mount is told" told_without sys_admin CAP_SYS_ADMIN
check "nor make cards" told_without net_admin CAP_NET_ADMIN
finish
