# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# inspect: what it shows of a seed and what not, what is wrong with media, and
# that its answer for programs says the same.

spec inspect ''
check "a seed to inspect" ks inspect seed
state=$work/inspect
seed=$state/seeds/m2.iso
medium=$work/medium
mkdir "$medium"

shows() { # WORDS: of the medium that is shown
  grep -qF -- "$1" "$work/shown" || {
    echo "not shown: $1"
    cat "$work/shown"
    return 1
  }
}
"$kubeseed" inspect "$seed" >"$work/shown" 2>&1
check "inspect takes a good seed" [ $? -eq 0 ]
everything() {
  "$kubeseed" seed -q -C "$work/everything.state" tests/specs/good/everything.yaml \
    >/dev/null 2>&1 || return 1
  for iso in "$work/everything.state"/seeds/*.iso; do
    "$kubeseed" inspect "$iso" >"$work/inspected" || { cat "$work/inspected" && return 1; }
  done
}
check "and those of a spec with every key" everything
check "inspect shows the label" shows 'ISO 9660, label cidata'
check "inspect shows the node" shows 'node        m2'
check "inspect shows its address" shows ' 192.168.4.32/24'
check "inspect shows the steps" shows ' kubeadm-join '
check "inspect marks a secret" shows '/etc/kubernetes/pki/ca.key (secret, private key)'
check "inspect shows whom a certificate names" shows 'O=system:masters, CN=kube-apiserver-etcd-client'

# The keys, the token and what else is secret in the state.
hides() {
  cat "$work/shown" >"$work/inspected"
  "$kubeseed" --json inspect "$seed" >>"$work/inspected" || return 1
  for file in "$state"/pki/*.key "$state"/pki/token "$state"/pki/*.secret; do
    sed '/^-----/d' "$file" | grep '[^ ]' >"$work/secret"
    ! grep -qFf "$work/secret" "$work/inspected" || {
      echo "shows $file"
      return 1
    }
  done
}
check "inspect shows no secret" hides

for_programs() {
  "$kubeseed" --json inspect "$seed" >"$work/json" || return 1
  key=$(sha256sum "$state/pki/ca.key" | cut -d ' ' -f 1)
  jq -e --arg key "$key" '.node == "m2" and .faults == [] and
    .medium.form == "ISO 9660" and (.steps | index("kubeadm-join")) and
    ([.files[] | select(.path == "/etc/kubernetes/pki/ca.key")][0] |
      .sha256 == $key and .mode == "0600" and .secret) and
    ([.certificates[] | select(.ca)] | length > 2)' "$work/json"
}
check "inspect --json" for_programs

# The seed as a folder in which something is changed by sed.
broken() { # WORDS FILE SED
  rm -rf "${medium:?}"/*
  for file in user-data meta-data network-config; do
    isoinfo -R -x "/$file" -i "$seed" >"$medium/$file" 2>/dev/null
  done
  [ -z "$2" ] || sed -i "$3" "$medium/$2"
  "$kubeseed" inspect "$medium" >"$work/shown" 2>&1
  status=$?
  cat "$work/shown"
  if [ -z "$1" ]; then
    [ $status -eq 0 ]
  else
    [ $status -eq 1 ] && sed -n '/^faults/,$p' "$work/shown" | grep -F -- "$1"
  fi
}
check "inspect of a folder" broken '' ''
while IFS='|' read -r words file change; do
  check "inspect tells: $words" broken "$words" "$file" "$change"
done <<'FAULTS'
meta-data has no instance-id|meta-data|/instance-id/d
user-data calls the node m2, meta-data m9|meta-data|s/local-hostname: m2/local-hostname: m9/
network-config has no version 1 or 2|network-config|s/version: 2/version: 7/
user-data does not begin with #cloud-config|user-data|1d
user-data:4:1: this is no YAML that is read here|user-data|2s/.*/a: [/
/etc/hosts stands twice in write_files|user-data|s,path: /etc/resolv.conf,path: /etc/hosts,
the permissions '0o644' are no octal number|user-data|s/"0644"/"0o644"/
no program on the seed has the step jump|user-data|s/STEPS='check/STEPS='jump check/
/etc/kubeseed/node.env is of m7, the seed of m2|user-data|s/NODE='m2'/NODE='m7'/
there is no /usr/lib/kubeseed/bootstrap|user-data|s,/usr/lib/kubeseed/bootstrap$,/usr/lib/kubeseed/boot,
there is no /etc/kubeseed/node.env|user-data|s,path: /etc/kubeseed/node.env,path: /etc/kubeseed/env,
/etc/kubernetes/pki/ca.key is not the key of /etc/kubernetes/pki/ca.crt|user-data|s,pki/ca.key,pki/ca.key0,; s,pki/front-proxy-ca.key,pki/ca.key,
holds a private key, and everybody on the node reads it|user-data|s/"0600"/"0644"/
there is no certificate in /etc/kubeseed/ca.crt|user-data|/path: .etc.kubeseed.ca.crt/,/^- / s/BEGIN CERT/BEGIN NONE/
FAULTS

# As on a stick, which is larger than what is on it.
cp "$seed" "$work/stick" && truncate -s 1G "$work/stick"
check "inspect takes an ISO on a large device" "$kubeseed" inspect "$work/stick"

# An unquoted password that YAML takes for something else.
secret_kept() {
  for word in '!' '*' '&'; do
    broken 'user-data:2:' user-data "2s/.*/password: ${word}Hunter2/" || return 1
    ! grep -q Hunter2 "$work/shown" || return 1
  done
}
check "inspect shows nothing of what is no YAML" secret_kept

# U+009B begins orders to a terminal.
terminal_spared() {
  broken '' '' && : >"$medium/$(printf 'a\302\23331m')" &&
    genisoimage -quiet -R -V cidata -o "$work/name.iso" "$medium" 2>/dev/null ||
    return 1
  "$kubeseed" inspect "$work/name.iso" >"$work/shown" 2>&1
  [ $? -eq 1 ] && grep -q 'a name that is none' "$work/shown" &&
    ! grep -q "$(printf '\302\233')" "$work/shown"
}
check "inspect shows no orders to a terminal" terminal_spared

missing() {
  broken '' '' && rm "$medium/meta-data" &&
    exits 1 "$kubeseed" inspect "$medium" >"$work/shown" 2>&1
  grep -qF 'there is no meta-data: cloud-init does not take it' "$work/shown"
}
check "inspect tells of a file that is missing" missing

cut_short() {
  head -c 100000 "$seed" >"$work/cut.iso"
  exits 1 "$kubeseed" inspect "$work/cut.iso" 2>&1 |
    grep -F "cannot read the medium '$work/cut.iso': 'user-data' reaches beyond"
}
check "inspect refuses a medium that is cut" cut_short
check "inspect of nothing" exits 2 "$kubeseed" inspect "$work/nothing"
other_label() {
  genisoimage -quiet -V other -J -R -o "$work/other.iso" "$medium" &&
    exits 1 "$kubeseed" inspect "$work/other.iso" >"$work/shown" 2>&1
  grep -qF "its label is 'other': cloud-init looks for cidata" "$work/shown"
}
check "inspect tells of another label" other_label
