# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# plan NODE and plan --diff: what seeds hold and would hold, line by line, no secret
# of it, and nothing written.

spec preview 'endpoint: {address: 192.168.4.20}'
preview=$work/preview
files_of() { # of the state, with times
  find "$preview" -printf '%P %m %T@ %s\n' 2>/dev/null | sort
}
sees() { # STATUS ARGUMENT...: of plan; its lines go to $work/plan.txt
  sees_status=$1
  shift
  files_of >"$work/before"
  exits "$sees_status" ks preview plan "$@" >"$work/plan.txt" 2>"$work/said"
  result=$?
  cat "$work/plan.txt" "$work/said"
  files_of | diff "$work/before" - || return 1
  return $result
}
has() { # stdin: these lines, in this order, with others between them
  awk 'NR == FNR { want[++n] = $0; next }
    $0 == want[at + 1] { at++ }
    END { if (at < n) { print "not there: " want[at + 1]; exit 1 } }' - "$work/plan.txt"
}

check "plan of a node without a state makes none" sees 0 m2
check "and tells that keys are still to be made" has <<'LINES'
m2 (control-plane)
  /etc/hosts (0644 root:root)
  | 192.168.4.31 dead1.demo.internal dead1
  /etc/kubernetes/pki/ca.key (0600 root:root)
  | (made by `kubeseed seed`)
LINES
check "which is nowhere then" [ ! -e "$preview" ]
check "plan --diff without a state" sees 1 --diff
check "says what makes seeds" grep -q 'kubeseed seed' "$work/said"

check "seed" ks preview seed
check "plan of a node" sees 0 m2
key=$(sha256sum "$preview/pki/ca.key" | cut -d ' ' -f 1)
router=$("$kubeseed" -q --json plan "$work/preview.yaml" | jq .routerId)
check "shows files and hides keys" has <<LINES
  /etc/kubernetes/pki/ca.key (0600 root:root)
  | (secret: $(stat -c %s "$preview/pki/ca.key") bytes, sha256:$key)
  /etc/keepalived/keepalived.conf (0600 root:root)
  |   virtual_router_id $router
  |     auth_pass (secret)
LINES
whole() {
  isoinfo -R -x /user-data -i "$preview/seeds/m2.iso" 2>/dev/null |
    sed -n 's/^- path: //p' >"$work/paths" && sed -n 's/^  \(\/[^ ]*\) (0[0-7]* .*/\1/p' \
    "$work/plan.txt" | diff "$work/paths" - && [ -s "$work/paths" ]
}
check "each file that the seed lays down" whole
for_programs_too() {
  "$kubeseed" -q --json plan -C "$preview" "$work/preview.yaml" m2 dead1 >"$work/json" &&
    jq -e --arg key "$key" 'length == 2 and .[0].name == "m2" and .[1].name == "dead1" and
      ([.[0].contents[] | select(.path == "/etc/kubernetes/pki/ca.key")][0] |
      .sha256 == $key and .secret and .content == null and .mode == "0600") and
      ([.[0].contents[] | select(.path == "/etc/hosts")][0] | .owner == "root:root" and
      (.secret | not) and (.content | contains("dead1")))' "$work/json"
}
check "plan NODE --json" for_programs_too

check "plan --diff of what seed has made" sees 0 --diff
check "shows nothing then" [ ! -s "$work/plan.txt" ]

# More lines than are compared, and what the author's own commands hold.
cp "$work/preview.yaml" "$work/preview.keep"
{
  printf 'files:\n- path: /etc/long\n  content: |\n'
  seq -f '    line %.0f' 4000
  echo 'cloudConfig: {runcmd: ["PASSWORD=hunter2 join", "curl https://me:hunter2@host/"]}'
} >>"$work/preview.yaml"
check "plan of a node with a long file" sees 0 m2
check "shows all of it, and no password of a command" has <<'LINES'
  /etc/long (0644 root:root)
  | line 1
  | line 3500
  | line 4000
LINES
check "nor of an address" sh -c 'grep -q "curl https://(secret)@host/" "$1" && ! grep hunter2 "$1"' \
  sh "$work/plan.txt"
mv "$work/preview.keep" "$work/preview.yaml"

# One node in the place of another, and another user.
sed -i 's/name: m3\(.*\)33/name: m4\134/
  s/^name: demo/&\nusers: [{name: somebody, sshKeys: []}]/' "$work/preview.yaml"
check "plan --diff of another spec" sees 1 --diff
check "tells which lines, and what machines need" has <<'LINES'
dead1: to be re-seeded: a machine takes it at its next boot, but once it is a member only with an empty disk
  /etc/hosts (0644 root:root)
    -192.168.4.33 m3.demo.internal m3
    +192.168.4.34 m4.demo.internal m4
  cloud-config
    -- name: debian
    +- name: somebody
m4: a new seed; its machine takes it at its first start
LINES
check "and whose are left" grep -q '^m3: not in the spec any more' "$work/plan.txt"
check "and how many of each" grep -q \
  'of 3 seeds 2 would change and 1 be new, and 1 are of nodes that' "$work/said"
check "plan --diff of one node" sees 1 --diff m2
check "is of it alone" sh -c '! grep -q "^dead1\|^m[34]" "$1" && grep -q "^m2" "$1"' \
  sh "$work/plan.txt"
mkdir -p "$preview/disks" "$preview/logs" && : >"$preview/disks/m2.qcow2"
check "one with a disk here" sees 1 --diff m2
check "takes it at its next boot" grep -q \
  '^m2: to be re-seeded: the machine here takes it at its next boot' "$work/plan.txt"
echo '@kubeseed {"node":"m2","step":"ready","state":"ready","uptime":145}' \
  >"$preview/logs/m2.console"
check "one that was ready" sees 1 --diff m2
check "needs an empty disk" grep -q '^m2: to be emptied: the machine here' "$work/plan.txt"
seeds() { # ARGUMENT...
  exits 0 ks preview seed "$@" 2>"$work/said"
}
check "seed --prune" seeds --prune
check "tells that it takes no other" grep -q \
  "only with an empty disk: the node m2; where what has changed" "$work/said"
check "seed of what has not changed" seeds
check "does not" eval '! grep "empty disk" "$work/said"'
rm -r "$preview/disks" "$preview/logs"

# Where nobody joins, a member takes its seed once more when it is told to.
spec unlike-kubeadm 'endpoint: {address: 192.168.4.20}'
sed -i 's/payload: debian/&, bootstrapper: static-pods/' "$work/unlike-kubeadm.yaml"
taken() { # LINE: what plan --diff, and then seed, tell
  sed -i 's/^name: demo/&\nusers: [{name: somebody, sshKeys: []}]/' "$work/unlike-kubeadm.yaml"
  ks unlike-kubeadm plan --diff >"$work/said" 2>&1
  grep "^m2: to be re-seeded: .* after .sudo /root/bin/take-seed.sh. on it" "$work/said" || {
    cat "$work/said"
    return 1
  }
  ks unlike-kubeadm seed >"$work/said" 2>&1 &&
    grep 'only when told so: the node m2; .*take-seed.sh' "$work/said"
}
check "seed of such a cluster" ks unlike-kubeadm seed
mkdir -p "$work/unlike-kubeadm/disks" "$work/unlike-kubeadm/logs" && : >"$work/unlike-kubeadm/disks/m2.qcow2"
echo '@kubeseed {"node":"m2","step":"ready","state":"ready","uptime":145}' \
  >"$work/unlike-kubeadm/logs/m2.console"
check "take-seed.sh is named where nodes have it" taken
renewed() {
  sed -i 's/192.168.4.32/192.168.4.42/' "$work/unlike-kubeadm.yaml"
  ks unlike-kubeadm seed >"$work/said" 2>&1 &&
    grep 'etcd of the node m2 are made anew; .* after .sudo /root/bin/take-seed.sh' \
      "$work/said" && ! grep 'only once' "$work/said"
}
check "also for certificates that are others" renewed

printf 'nonsense' >"$preview/seeds/m2.iso"
check "plan --diff of a medium that is none" sees 1 --diff m2
check "says so" grep -q '  what is there cannot be read: ' "$work/plan.txt"
check "seed" ks preview seed
check "another key" eval 'rm -r "$preview/pki/nodes/m2" && sees 1 --diff m2'
check "is told by its digest" grep -q \
  '^    is another (secret): sha256:[0-9a-f]\{16\}, was sha256:[0-9a-f]\{16\}$' "$work/plan.txt"
check "and no line of it or of its certificate" sh -c '! grep -q "BEGIN" "$1"' sh \
  "$work/plan.txt"
diff_json() { # STATUS FILTER
  exits "$1" "$kubeseed" -q --json plan --diff -C "$preview" "$work/preview.yaml" \
    >"$work/json" && jq -e --arg key "$key" "$2" "$work/json"
}
check "plan --diff --json tells of it too" diff_json 1 \
  '[.seeds[] | select(.name == "m2")][0] | .change == "changed" and .fault == null and
   ([.pieces[] | select(.path | endswith("etcd/pki/server.key"))][0] |
   .change == "changed" and .lines == null and .is == "0600 etcd:etcd" and
   (.isSha256 | test("^[0-9a-f]{64}$")) and .isSha256 != .wasSha256)'
check "with no line of a key or a certificate" sh -c '! grep -q BEGIN "$1"' sh "$work/json"
check "seed" ks preview seed
check "and of no difference" diff_json 0 '.gone == [] and
  ([.seeds[] | select(.change == "none" and .needs == null and .pieces == [])] | length) == 3'
cp "$work/preview.yaml" "$work/preview.keep"
sed -i 's/name: m4/name: m5/' "$work/preview.yaml"
check "of lines, and of nodes that are new or gone" diff_json 1 '.gone == ["m4"] and
  ([.seeds[] | [.name, .change]] == [["dead1", "changed"], ["m2", "changed"], ["m5", "new"]]) and
  (.seeds[0].needs | startswith("to be re-seeded")) and
  ([.seeds[0].pieces[] | select(.path == "/etc/hosts")][0].lines |
  contains("+192.168.4.34 m5.demo.internal m5"))'
mv "$work/preview.keep" "$work/preview.yaml"
printf 'nonsense' >"$preview/seeds/m2.iso"
check "and of a medium that is none" diff_json 1 \
  '.seeds[1] | .pieces == [] and (.fault | startswith("what is there cannot be read"))'
check "seed" ks preview seed

# Of each spec: no key, token, secret, hash of a password or credential. The last line
# of a key may be so short that other base64 has it as well, and the second one of an
# elliptic key is its public half, as the certificate has it.
hidden_in() { # SPEC
  state=$work/hidden.state
  rm -rf "$state"
  "$kubeseed" -q seed -C "$state" "$1" >/dev/null 2>&1 || return 1
  nodes=$("$kubeseed" -q --json plan "$1" 2>/dev/null | jq -r '.nodes[].name')
  # shellcheck disable=SC2086
  { "$kubeseed" -q plan -C "$state" "$1" $nodes &&
    "$kubeseed" -q --json plan -C "$state" "$1" $nodes; } >"$work/plan.txt" 2>/dev/null ||
    return 1
  find "$state/pki" -name '*.crt' -exec cat {} + >"$work/public"
  { find "$state/pki" \( -name '*.key' -o -name '*.secret' -o -name id_ed25519 -o \
    -name ca \) -type f -exec cat {} + | grep -v '^-----' | grep '.\{8\}' |
    awk 'NR == FNR { public = public "\n" $0; next } !index(public, $0)' \
      "$work/public" -
    cut -d . -f 2 "$state/pki/token"; } >"$work/secret" 2>/dev/null
  [ -s "$work/secret" ] && ! grep -F -f "$work/secret" "$work/plan.txt"
}
for file in tests/specs/good/*.yaml seeds/*.yaml; do
  check "no secret is shown of $file" hidden_in "$file"
done
# (The spec itself is among its own files, on one node for everybody to read.)
hides_passwords() {
  hidden_in tests/specs/good/everything.yaml && grep -q 'hashed_passwd:.*(secret)' \
    "$work/plan.txt" && ! grep 'hashed_passwd: *.*bbbbbbbb' "$work/plan.txt" >/dev/null
}
check "no password either" hides_passwords
