# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# check: a spec from a pipe, its answer for programs, the line it is about, and a
# payload that is a folder.

mkdir "$work/check"
spec check/good ''
spec check/bad 'image: {dsk: 8G}'

shows_line() {
  exits 2 "$kubeseed" check "$work/check/bad.yaml" >"$work/said" 2>&1
  cat "$work/said"
  printf '%s\n' '     6 | image: {dsk: 8G}' '       |         ^' |
    diff - "$work/said.lines"
}
"$kubeseed" check "$work/check/bad.yaml" 2>&1 | sed 1d >"$work/said.lines"
check "check shows the line and the place in it" shows_line

no_place() {
  exits 2 "$kubeseed" check "$work/check/none.yaml" 2>"$work/said" || return 1
  cat "$work/said"
  ! grep 'KS[0-9]' "$work/said"
}
check "what is no fault of a spec has no number" no_place

from_pipe() {
  "$kubeseed" check - <"$work/check/good.yaml" 2>&1 | grep -x -- '-: ok: 3 nodes' &&
    "$kubeseed" check - <"$work/check/bad.yaml" 2>&1 | grep '^-:6:9: unknown key'
}
check "check - reads standard input" from_pipe

for_programs() {
  "$kubeseed" --json check "$work/check/good.yaml" >"$work/said" &&
    jq -e '.ok and .nodes == 3 and .faults == []' "$work/said" || return 1
  "$kubeseed" --json check "$work/check/bad.yaml" >"$work/said" 2>"$work/err"
  [ $? -eq 2 ] && jq -e '(.ok | not) and .faults[0].line == 6 and
    .faults[0].column == 9 and (.faults[0].file | endswith("/bad.yaml")) and
    .faults[0].code == "KS0010" and
    (.faults[0].message | startswith("unknown key"))' "$work/said" || return 1
  sed '/name: m[23]/d' "$work/check/good.yaml" >"$work/check/one.yaml"
  "$kubeseed" --json check "$work/check/one.yaml" >"$work/said" 2>"$work/err" &&
    jq -e '.warnings[0] | .code == "KS0203" and
      .message == "one control-plane node is not highly available; three are"' \
      "$work/said" || return 1
  "$kubeseed" check "$work/check/one.yaml" 2>&1 | grep 'one.yaml: ok: 1 node$'
}
check "check --json" for_programs

# A warning's words end with its code; brackets may stand before.
warns_programs() {
  "$kubeseed" --json check tests/specs/good/settings.yaml >"$work/said" &&
    jq -e '[.warnings[] | select(.message | contains("conntrack"))][0] |
      .line == 9 and .column == 86 and
      .file == "tests/specs/good/settings.yaml" and
      (.code | test("^KS[0-9]{4}$")) and
      (.message | endswith("write modules: [nf_conntrack]"))' "$work/said"
}
check "check --json has each warning's place and words" warns_programs

counts_more() {
  {
    cat "$work/check/good.yaml"
    for i in $(seq 40); do echo "  - {name: x$i, role: king}"; done
  } >"$work/check/many.yaml"
  exits 2 "$kubeseed" --json check "$work/check/many.yaml" >"$work/said" \
    2>"$work/err" || return 1
  jq -e '(.faults | length) + .more >= 40 and .more > 0' "$work/said"
}
check "check --json counts the faults that it does not list" counts_more

# A file's name may be any bytes, and JSON takes only some.
odd_names() {
  odd=$work/check/$(printf 'b\377d')
  cp "$work/check/good.yaml" "$odd.good.yaml"
  cp "$work/check/bad.yaml" "$odd.bad.yaml"
  cp "$work/check/bad.yaml" "$work/check/7:8.yaml"
  mkdir "$odd"
  sed 's|1.20.2, payload: debian|1.29.2, payload: ./none|' \
    "$work/check/good.yaml" >"$odd/payload.yaml"
  "$kubeseed" --json check "$odd.good.yaml" >"$work/said" &&
    jq -e '.ok and (.spec | endswith("/b?d.good.yaml"))' "$work/said" || return 1
  "$kubeseed" --json check "$odd.bad.yaml" >"$work/said" 2>"$work/err"
  [ $? -eq 2 ] && jq -e '.faults[0].line == 6 and
    (.faults[0].file | endswith("/b?d.bad.yaml"))' "$work/said" || return 1
  "$kubeseed" --json check "$odd/payload.yaml" >"$work/said" 2>"$work/err"
  [ $? -eq 2 ] && jq -e '.faults[0].line == 4 and
    (.faults[0].message | contains("/b?d/./none"))' "$work/said" || return 1
  "$kubeseed" --json check "$work/check/7:8.yaml" >"$work/said" 2>"$work/err"
  [ $? -eq 2 ] && jq -e '.faults[0].line == 6 and .faults[0].column == 9 and
    (.faults[0].file | endswith("/7:8.yaml"))' "$work/said"
}
check "check --json of a file with an odd name" odd_names

hides_keys() {
  sed 's/^nodes:/users: [{name: a, sshKeys: ["-----BEGIN PRIVATE KEY----- c2VjcmV0"]}]\n&/' \
    "$work/check/bad.yaml" >"$work/check/secret.yaml"
  exits 2 "$kubeseed" check "$work/check/secret.yaml" 2>"$work/said" || return 1
  cat "$work/said"
  grep -q 'PRIVATE key' "$work/said" && ! grep -q c2VjcmV0 "$work/said"
}
check "no private key is shown" hides_keys

# Nor what may be a password, whatever is wrong with the line.
hides_passwords() { # KEY
  sed "s/^nodes:/users: [{name: a, $1: c2VjcmV0}]\\n&/" \
    "$work/check/bad.yaml" >"$work/check/secret.yaml"
  exits 2 "$kubeseed" check "$work/check/secret.yaml" 2>"$work/said" || return 1
  cat "$work/said"
  grep -q "'password'" "$work/said" && ! grep -q c2VjcmV0 "$work/said"
}
check "no password is shown" hides_passwords password
check "nor one under another name" hides_passwords plain_text_passwd

# Seeds can be made without the folder, so only check looks.
folder() { # PAYLOAD WORDS
  sed "s|1.20.2, payload: debian|1.29.2, payload: $1|" "$work/check/good.yaml" \
    >"$work/check/folder.yaml"
  exits 2 "$kubeseed" check "$work/check/folder.yaml" >"$work/said" 2>&1 || {
    cat "$work/said"
    return 1
  }
  cat "$work/said"
  grep -q "folder.yaml:4:40: .*$2" "$work/said"
}
check "a payload's folder that is not there" folder ./no-such-folder \
  'No such file'
cp -r tests/specs/payload "$work/check/payload"
check "a payload's folder of another version, seen from the spec" \
  folder ./payload 'is Kubernetes 1.29.3, not 1.29.2'
check "or from the root" folder "$PWD/tests/specs/payload" \
  'is Kubernetes 1.29.3, not 1.29.2'

# What a mirror needs lies beside the spec.
file_beside() { # KEY FILE WORDS
  sed "s|1.20.2, payload: debian|1.34.2, payload: {$1: $2}|" \
    "$work/check/good.yaml" >"$work/check/beside.yaml"
  exits 2 timeout 30 "$kubeseed" check "$work/check/beside.yaml" \
    >"$work/said" 2>&1
  result=$?
  cat "$work/said"
  [ "$result" -eq 0 ] &&
    grep -q "beside.yaml:4:40: '$1' names the file '.*/$2': $3" "$work/said"
}
check "a mirror's key that is not there" file_beside key none.pem "No such"
check "nor its authority" file_beside ca none.pem "No such"
mkfifo "$work/check/fifo"
check "a key that is a FIFO is not waited for" \
  file_beside key fifo "it is no regular file"
check "nor is an authority" file_beside ca fifo "it is no regular file"
