# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# certs: of a state, a medium and nodes that answer; what it hides, and how it exits.

spec certs 'users: [{name: somebody, sshKeys: []}]'
check "seed of a state with certificates" ks certs seed
certs() { # STATUS ARGUMENT...: what is told goes to $work/told
  wanted=$1
  shift
  exits "$wanted" "$kubeseed" certs "$@" >"$work/told" 2>"$work/said"
  result=$?
  cat "$work/told" "$work/said"
  return $result
}
says() { # WORDS: somewhere in what was told
  grep -qF -- "$1" "$work/told" "$work/said"
}
of_state() {
  certs 0 -C "$work/certs" "$work/certs.yaml" &&
    grep -A 4 '^pki/nodes/m2/etcd-server.crt$' "$work/told" >"$work/leaf.txt" &&
    sed -n 2p "$work/leaf.txt" | grep -q '^  ends on 20..-..-.., in 182[45] days$' &&
    sed -n 3,4p "$work/leaf.txt" | diff - /dev/fd/3 3<<'ONE'
  CN=m2, by CN=etcd-ca
  for m2, m2.demo.internal, localhost, 192.168.4.32, 127.0.0.1, ::1
ONE
}
check "certs of a state" of_state
complete() {
  find "$work/certs/pki" -name '*.crt' -printf 'pki/%P\n' | sort >"$work/there"
  grep '^pki/' "$work/told" | sort | diff "$work/there" -
}
check "each that is there" complete
first_ends_first() {
  sed -n 's/.*ends on \([-0-9]*\).*/\1/p' "$work/told" | sort -c
}
check "what ends first comes first" first_ends_first
check "certs --warn" certs 1 -C "$work/certs" "$work/certs.yaml" --warn 1900
check "marks what ends" grep -qx '  ends on .*, in 182[45] days (!)' "$work/told"
check "and not what lasts" grep -qx '  ends on .*, in 36[45][0-9] days' "$work/told"
check "and counts it" grep -q ' of [0-9]* certificates have ended, or within 1900 days' \
  "$work/said"
check "--warn wants days" certs 2 --warn 3d "$work/certs.yaml"
check "and not fewer than none" certs 2 --warn=-1 "$work/certs.yaml"

of_medium() {
  "$kubeseed" --json certs "$work/certs/seeds/m2.iso" >"$work/told" &&
    jq -e '.ok and (.certificates | length > 5 and all(.daysLeft > 1000 and .warn == false
      and .fault == null)) and (.certificates[] | select(.file == "/etc/etcd/pki/peer.crt")
      | .subject == "CN=m2" and .issuer == "CN=etcd-ca" and (.names | index("192.168.4.32")))' \
      "$work/told"
}
check "certs of a medium, for programs" of_medium
check "certs of a state's folder names the spec" certs 2 "$work/certs"
check "certs of nothing" certs 2 "$work/nothing"
check "certs of what is no medium" certs 1 /dev/null
spec no-certs 'etcd: {mode: stacked}
pki: {mode: copied}'
check "certs of a state without any" eval 'ks no-certs seed &&
  certs 1 -C "$work/no-certs" "$work/no-certs.yaml" && says "kubeseed certs --live"'

# Nodes: one whose certificate ends in five days, one that is none, one that is off.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 \
  -subj /CN=short -keyout "$work/short.key" -out "$work/short.crt" 2>/dev/null
mkdir "$work/ssh.certs"
printf '@section certificates\n' | tee "$work/ssh.certs/m2.answer" \
  >"$work/ssh.certs/m3.answer"
cat >>"$work/ssh.certs/m2.answer" <<ANSWER
@certificate /etc/kubernetes/pki/apiserver.crt
$(cat "$work/certs/pki/ca.crt")
@certificate /etc/kubernetes/scheduler.conf
$(base64 -w 0 <"$work/short.crt")
@section end
ANSWER
cp "$work/ssh.certs/m2.answer" "$work/good.answer"
live() { # STATUS ARGUMENT...
  live_wanted=$1
  shift
  FAKE_SSH_DIR=$work/ssh.certs certs "$live_wanted" --live -C "$work/certs" \
    "$work/certs.yaml" "$@"
}
check "certs --live" live 1 m2
check "tells where and when" eval 'grep -A 1 "^m2:/etc/kubernetes/scheduler.conf" \
  "$work/told" | grep -q "in [45] days (!)" && says "CN=short (a CA), by CN=short" &&
  says "m2:/etc/kubernetes/pki/apiserver.crt"'
check "and asks for nothing else" eval \
  'grep -qx ONLY=certificates "$work/ssh.certs/m2.script"'
check "certs --live --warn of less" live 0 m2 --warn 3
json_live() {
  FAKE_SSH_DIR=$work/ssh.certs "$kubeseed" --json certs --live -C "$work/certs" \
    "$work/certs.yaml" m2 --warn 3 >"$work/told" 2>/dev/null &&
    jq -e '.certificates[] | select(.node == "m2" and
      .file == "/etc/kubernetes/scheduler.conf") | .daysLeft < 6 and (.warn | not)' \
      "$work/told"
}
check "certs --live for programs" json_live
check "a node that is off is told" live 1 dead1 m2 --warn 3
check "by its name" grep -q '^not asked: .*dead1' "$work/told"
check "an answer that is cut short is told" eval \
  'echo nonsense >"$work/ssh.certs/m2.answer" && live 1 m2 && says "m2: its answer is cut"'
unread() {
  printf '@section certificates\n@certificate /etc/x.crt\n-----BEGIN CERTIFICATE-----\n!\n' \
    >"$work/ssh.certs/m2.answer"
  live 1 m2 && grep -A 1 '^m2:/etc/x.crt$' "$work/told" | grep 'cannot be read'
}
check "so is one that cannot be read" unread
terminal_safe() {
  printf '@section certificates\n@certificate /etc/\033[2J.crt\nx\n' \
    >"$work/ssh.certs/m2.answer"
  live 1 m2 && ! grep -q "$(printf '\033')" "$work/told" "$work/said"
}
check "a terminal obeys no node" terminal_safe
