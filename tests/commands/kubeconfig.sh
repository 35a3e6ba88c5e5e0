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

no_kubeconfig() {
  exits 2 ks offline kubeconfig -o "$conf" --merge >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -q "config:1:1: .*no kubeconfig" "$work/said" &&
    [ "$(cat "$conf")" = precious ]
}
check "kubeconfig --merge leaves alone what is no kubeconfig" no_kubeconfig

forced() {
  ks offline kubeconfig -o "$conf" --force &&
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
check "kubeconfig --merge into a link that leads nowhere" exits 1 \
  ks offline kubeconfig --merge -o "$work/kube/dangling"
check "kubeconfig --merge without a file exits 2" exits 2 \
  ks offline kubeconfig --merge

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

no_folder() {
  exits 2 ks offline kubeconfig -o "$work/missing/config" \
    >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -qF "mkdir -p -m 700 '$work/missing'" "$work/said"
}
check "kubeconfig -o into a missing folder names the mkdir" no_folder

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
if [ "$(id -u)" -eq 0 ]; then
  check "kubeconfig leaves a file its owner" owner
fi
