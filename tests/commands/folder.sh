# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A state folder whose name ssh_config cannot hold: told before anything is made.
# shellcheck disable=SC2154 # work, kubeseed and check are run's

no_way_to_quote() { # FOLDER COMMAND...
  bad=$work/$1
  shift
  exits 2 "$kubeseed" -C "$bad" "$@" "$work/offline.yaml" >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  find "$bad"
  [ "$status" -eq 0 ] && grep -q 'ssh_config cannot hold' "$work/said" &&
    [ ! -e "$bad" ]
}
# shellcheck disable=SC2016 # it is a folder's name
for name in 'a${HOME}b' 'a"b' 'a\b' "$(printf 'a\nb')" "$(printf 'a\033b')/c"; do
  check "seed makes nothing where ssh could not look: $name" \
    no_way_to_quote "$name" seed
  check "up starts nothing where ssh could not look: $name" \
    no_way_to_quote "$name" up
done

# Without -C, or with a relative name, it is the folder it is in that has the name.
beside_it() { # ARGS...
  # shellcheck disable=SC2016 # it is a folder's name
  bad=$work/'x${Y}'
  mkdir "$bad" && cp "$work/offline.yaml" "$bad" || return
  (cd "$bad" && exits 2 "$kubeseed" "$@" seed offline.yaml) >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  rm "$bad/offline.yaml" && rmdir "$bad" || return # nothing else is in it
  [ "$status" -eq 0 ] && grep -q 'ssh_config cannot hold' "$work/said"
}
check "nor where the spec is in such a folder" beside_it
check "nor with a relative name" beside_it -C a/b

# What the command line or the spec already shows is told before anything is made.
early() { # STATUS TEXT COMMAND...
  wanted=$1
  text=$2
  shift 2
  exits "$wanted" timeout 20 "$kubeseed" -C "$work/early" "$@" \
    >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  [ "$status" -eq 0 ] && grep -qF -e "$text" "$work/said" &&
    [ ! -e "$work/early" ]
}
sed 's/payload: debian/payload: {key: none.asc}/; s/1\.20\.2/1.34.2/' \
  "$work/offline.yaml" >"$work/elsewhere.yaml"
check "up --image of a file that is not there" \
  early 2 "--image '$work/none'" up --image "$work/none" "$work/offline.yaml"
mkfifo "$work/pipe"
for file in "$work" "$work/offline.yaml" /dev/null "$work/pipe"; do
  check "up --image $file" early 2 "--image '$file' is no qcow2 image" \
    up --image "$file" "$work/offline.yaml"
done
check "up --internet of containers" early 2 "leads nowhere; take --machines qemu" \
  up --internet --machines container "$work/offline.yaml"
check "up with a payload that is not to be had" \
  early 2 "'key': '$work/none.asc': No such file" up "$work/elsewhere.yaml"
check "payload --bundle into a folder that is not there" \
  early 2 "--bundle: cannot write '$work/none/a.tar'" \
  payload --bundle "$work/none/a.tar" "$work/offline.yaml"
check "verify --junit into a folder that is not there" \
  early 2 "--junit: cannot write '$work/none/x.xml'" \
  verify --junit "$work/none/x.xml" "$work/offline.yaml"

check "init into a folder that is not there" \
  early 2 "cannot write '$work/none/x.yaml': No such" init "$work/none/x.yaml"
check "init --force of a folder" \
  early 2 "cannot write '$work': Is a directory" init --force "$work"
check "init of a folder" early 2 "cannot write '$work': Is a dir" init "$work"

{
  cat "$work/offline.yaml"
  echo 'files: [{path: /etc/motd, source: pipe}]'
} >"$work/piped.yaml"
check "a file whose source is a pipe" \
  early 2 "the source of '/etc/motd': '$work/pipe' is no regular file" \
  check "$work/piped.yaml"
truncate -s 1048577 "$work/large"
sed 's/source: pipe/source: large/' "$work/piped.yaml" >"$work/large.yaml"
check "a file whose source is too large" \
  early 2 "'$work/large' is larger than the 1048576 bytes allowed" \
  check "$work/large.yaml"

# As root even /dev/null would be a file afterwards.
not_replaced() { # COMMAND...
  early 2 "cannot write '$work/pipe': it is no regular file" "$@" &&
    [ -p "$work/pipe" ]
}
check "verify --junit of a pipe" \
  not_replaced verify --junit "$work/pipe" "$work/offline.yaml"
check "init --force of a pipe" not_replaced init --force "$work/pipe"
ln -s nowhere "$work/lost"
check "init of a link that leads nowhere" \
  early 2 "'$work/lost' is a link that leads nowhere" init "$work/lost"
link_stays() {
  ln -s behind.yaml "$work/link.yaml" && echo old >"$work/behind.yaml" &&
    "$kubeseed" init --force "$work/link.yaml" && [ -L "$work/link.yaml" ] &&
    grep -q '^kind: Cluster' "$work/behind.yaml"
}
check "init --force writes the file behind a link" link_stays

# A spec that has files beside it comes with them, under a name of one's own.
with_files() {
  "$kubeseed" init -q -t icc-way -n mine "$work/icc/x.yaml" &&
    grep -qx 'name: mine' "$work/icc/x.yaml" &&
    cmp -s seeds/icc-way/ldap-webhook.yaml "$work/icc/icc-way/ldap-webhook.yaml" &&
    "$kubeseed" check -q "$work/icc/x.yaml"
}
mkdir "$work/icc"
check "init writes the files that a spec has beside it" with_files
begun() {
  rm "$work/icc/x.yaml" && "$kubeseed" init -q -t icc-way "$work/icc/x.yaml"
}
check "init goes on where one was ended before the spec" begun
files_stay() {
  rm "$work/icc/x.yaml" && echo mine >"$work/icc/icc-way/audit-policy.yaml" &&
    early 2 "icc-way/audit-policy.yaml' exists; --force" \
      init -t icc-way "$work/icc/x.yaml" && [ ! -e "$work/icc/x.yaml" ] &&
    grep -qx mine "$work/icc/icc-way/audit-policy.yaml"
}
check "init leaves a file that is there" files_stay

# In a folder for all, as /tmp, the kernel follows no link of somebody else's.
trap_is_left() { # ARGS...
  early 2 "is another user's link in a folder that all may write" "$@" &&
    [ "$(cat "$work/precious")" = precious ] && [ -L "$work/all/trap" ]
}
mkdir -m 1777 "$work/all"
echo precious >"$work/precious"
ln -s "$work/precious" "$work/all/trap"
if chown -h 65534 "$work/all/trap" 2>/dev/null && ! cat "$work/all/trap" 2>/dev/null; then
  for force in "" --force; do
    # shellcheck disable=SC2086
    check "init ${force:+$force }follows no link of another user's" \
      trap_is_left init $force "$work/all/trap"
  done
  check "nor does verify --junit" \
    trap_is_left verify --junit "$work/all/trap" "$work/offline.yaml"
else
  echo "skipped, links of others: that takes root, and fs.protected_symlinks"
fi

# Each card, of which the first is the cluster's.
interfaces() {
  "$kubeseed" --json plan "$work/offline.yaml" >"$work/plan.json" &&
    jq -e '.nodes[1] | .interfaces == [{name: "kube0", mac: .mac,
      address: "192.168.4.32", prefix: 24, gateway: "192.168.4.1", kind: "card",
      of: null, vlan: null, mode: null, mtu: null, routes: []}]' \
      "$work/plan.json"
}
check "plan --json has each node's interfaces" interfaces
