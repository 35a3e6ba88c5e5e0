# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# kubeconfig -o FILE: a file that is there is somebody's.

conf=$work/kube/config
mkdir "$work/kube"

refuses() {
  echo "precious" >"$conf"
  exits 2 ks offline kubeconfig -o "$conf" >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -q -- "--merge adds" "$work/said" && [ "$(cat "$conf")" = precious ]
}
check "kubeconfig -o overwrites nothing by itself" refuses

takes_no_list() {
  KUBECONFIG=$work/kube/a:$work/kube/b
  export KUBECONFIG
  exits 2 ks offline kubeconfig -o "$KUBECONFIG" --merge >"$work/said" 2>&1
  result=$?
  unset KUBECONFIG
  cat "$work/said"
  [ "$result" -eq 0 ] && grep -q "is a list of files" "$work/said"
}
check "kubeconfig -o takes no list of files" takes_no_list

no_kubeconfig() {
  exits 2 ks offline kubeconfig -o "$conf" --merge >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -q "config:1:1: .*no kubeconfig" "$work/said" &&
    [ "$(cat "$conf")" = precious ]
}
check "kubeconfig --merge leaves alone what is no kubeconfig" no_kubeconfig

answers() { # STATUS WORDS ARGS...
  wanted=$1
  words=$2
  shift 2
  exits "$wanted" ks offline kubeconfig "$@" >"$work/said" 2>&1
  result=$?
  cat "$work/said"
  [ "$result" -eq 0 ] && grep -qF -e "$words" "$work/said"
}
check "kubeconfig -o wants a name" answers 2 "which file?" -o '' --merge

forced() {
  ks offline kubeconfig -o "$conf" --force 2>"$work/said" || return 1
  cat "$work/said"
  grep -q "has the context 'demo', which is the current one" "$work/said" &&
    cmp "$conf" "$work/offline/admin.conf" && [ "$(stat -c %a "$conf")" = 600 ]
}
check "kubeconfig --force overwrites" forced

# By a link, as some keep their home; the link stays one.
merged() {
  printf '%s\n' 'apiVersion: v1' 'kind: Config' 'clusters:' \
    '- {name: work, cluster: {server: https://work, odd: 1}}' \
    'users: []' 'contexts: null' 'current-context: work' >"$work/kube/real"
  ln -sf real "$conf"
  ks offline kubeconfig -o "$conf" --merge &&
    ks offline kubeconfig -o "$conf" --merge || return 1
  [ -L "$conf" ] && [ "$(stat -c %a "$work/kube/real")" = 600 ] &&
    python3 - "$conf" "$work/offline/admin.conf" <<'PY'
import sys
import yaml
new, ours = (yaml.safe_load(open(f)) for f in sys.argv[1:])
work = {"name": "work", "cluster": {"server": "https://work", "odd": 1}}
assert new["clusters"] == [work] + ours["clusters"], new
assert new["users"] == ours["users"] and new["contexts"] == ours["contexts"]
assert new["current-context"] == ours["current-context"] == "demo"
PY
}
check "kubeconfig --merge keeps the others" merged
check "kubeconfig --merge into none makes one" \
  ks offline kubeconfig --merge -o "$work/kube/new"
ln -s nowhere "$work/kube/dangling"
check "kubeconfig --merge into a link that leads nowhere" answers 1 \
  "is a link that leads nowhere" --merge -o "$work/kube/dangling"
check "kubeconfig --merge without a file exits 2" answers 2 \
  "--merge is for -o FILE" --merge

# Another cluster of the same name, or one that tells no CA.
another() {
  for ca in 'certificate-authority-data: QQ==, ' ''; do
    printf '%s\n' 'kind: Config' 'clusters:' \
      "- {name: demo, cluster: {${ca}server: https://theirs}}" >"$work/kube/two"
    cp "$work/kube/two" "$work/kube/before"
    exits 1 ks offline kubeconfig --merge -o "$work/kube/two" \
      >"$work/said" 2>&1 || return 1
    cat "$work/said"
    grep -q "two:3:.*'demo' .*--merge --force replaces" "$work/said" &&
      cmp "$work/kube/two" "$work/kube/before" || return 1
    echo 'extra: kept' >>"$work/kube/two"
    ks offline kubeconfig --merge --force -o "$work/kube/two" &&
      ! grep theirs "$work/kube/two" && grep 'extra: kept' "$work/kube/two" ||
      return 1
  done
}
check "kubeconfig --merge keeps another cluster of the same name" another

# Somebody else's user or context of our names, in a cluster that is ours.
another_user() {
  printf '%s\n' 'kind: Config' 'users:' \
    '- {name: demo-admin, user: {token: theirs}}' 'contexts:' \
    '- {name: demo, context: {cluster: theirs, user: me}}' >"$work/kube/two"
  cp "$work/kube/two" "$work/kube/before"
  exits 1 ks offline kubeconfig --merge -o "$work/kube/two" \
    >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -q "two:3:.*'demo-admin' .*--merge --force replaces" "$work/said" &&
    grep -q "two:5:.*'demo' here (theirs) .*elsewhere" "$work/said" &&
    cmp "$work/kube/two" "$work/kube/before" || return 1
  ks offline kubeconfig --merge --force -o "$work/kube/two" &&
    ! grep theirs "$work/kube/two"
}
check "kubeconfig --merge keeps another user and context" another_user

# As kubectl does it, but not a tree of folders for what is mistyped.
folder() {
  exits 2 ks offline kubeconfig -o "$work/missing/new/config" \
    >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -qF "mkdir -p -m 700 '$work/missing/new'" "$work/said" &&
    [ ! -e "$work/missing" ] &&
    ks offline kubeconfig --merge -o "$work/missing/config" &&
    [ "$(stat -c %a "$work/missing")" = 700 ] &&
    cmp "$work/missing/config" "$work/offline/admin.conf"
}
check "kubeconfig -o makes the folder, and only that one" folder

# kubectl's lock: FILE.lock beside what is named, also where that is a link.
locked() { # NAME OPTION
  file=$work/kube/$1
  ln -s "$1.real" "$file" && echo 'kind: Config' >"$file.real" &&
    touch "$file.lock" || return 1
  exits 1 ks offline kubeconfig "$2" -o "$file" >"$work/$1.said" 2>&1
  result=$?
  cat "$work/$1.said"
  [ "$result" -eq 0 ] && [ "$(grep -c 'is locked' "$work/$1.said")" -eq 1 ] &&
    grep -qF "if none is, it was left behind: \`rm '$file.lock'\`" \
      "$work/$1.said" && [ "$(cat "$file.real")" = 'kind: Config' ] &&
    [ -e "$file.lock" ]
}
both_locked() { # at once, since each waits
  locked three --merge &
  locked four --force && wait $!
}
check "kubeconfig -o respects kubectl's lock" both_locked

# Who has the lock adds something and gives it back.
waits_for_lock() {
  mkfifo "$work/said.fifo" &&
    { ks offline kubeconfig --merge -o "$work/kube/three" 2>"$work/said.fifo" & } &&
    read -r line <"$work/said.fifo" && echo "$line" || return 1
  case $line in *three\'\ is\ locked*) ;; *) return 1 ;; esac
  echo 'extra: added meanwhile' >>"$work/kube/three.real"
  rm "$work/kube/three.lock"
  wait $! && grep 'added meanwhile' "$work/kube/three.real" &&
    grep 'name: demo-admin' "$work/kube/three.real" &&
    [ ! -e "$work/kube/three.lock" ]
}
check "kubeconfig -o waits for kubectl's lock, and gives it back" waits_for_lock

# Two at once: a lost update would leave only one's cluster.
both() {
  sed 's/^name: demo/name: other/' "$work/offline.yaml" >"$work/other.yaml"
  ks other seed || return 1
  for _ in 1 2 3 4 5; do
    rm -f "$work/kube/both"
    ks other kubeconfig --merge -o "$work/kube/both" &
    ks offline kubeconfig --merge -o "$work/kube/both" && wait $! &&
      grep 'name: demo-admin' "$work/kube/both" &&
      grep 'name: other-admin' "$work/kube/both" || return 1
  done
}
check "two kubeconfig --merge at once lose nothing" both

# Not the place of a file: root would replace /dev/null itself.
special() {
  mkfifo "$work/kube/fifo"
  for option in --force --merge; do
    exits 2 ks offline kubeconfig "$option" -o "$work/kube/fifo" || return 1
  done
  [ -p "$work/kube/fifo" ] &&
    exits 2 ks offline kubeconfig -o "$work/kube" --force
}
check "kubeconfig -o takes only files" special

# `sudo kubeseed kubeconfig`: kubectl without sudo must read it afterwards.
owner() {
  rm -f "$conf"
  echo "kind: Config" >"$conf"
  chown 12345:12345 "$conf"
  ks offline kubeconfig --merge -o "$conf" &&
    [ "$(stat -c %u:%g:%a "$conf")" = 12345:12345:600 ]
}

# What is made in the home of the one who called sudo is theirs, else not.
sudo_owner() {
  home=$work/kube/home
  mkdir -p "$home" "$work/kube/root" && chown 12345:12346 "$home" || return 1
  for to in .kube/config new; do
    SUDO_UID=12345 SUDO_GID=1 ks offline kubeconfig --merge -o "$home/$to" ||
      return 1
  done
  for made in .kube .kube/config new; do
    [ "$(stat -c %u:%g "$home/$made")" = 12345:12346 ] || return 1
  done
  SUDO_UID=1 ks offline kubeconfig -o "$home/.kube/roots" &&
    SUDO_UID=12345 ks offline kubeconfig -o "$work/kube/root/config" || return 1
  for made in "$home/.kube/roots" "$work/kube/root/config"; do
    [ "$(stat -c %u "$made")" = 0 ] || return 1
  done
}
if [ "$(id -u)" -eq 0 ]; then
  check "kubeconfig leaves a file its owner" owner
  check "kubeconfig gives a home what is made in it" sudo_owner
fi
