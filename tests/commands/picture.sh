# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# plan --svg and --html: what is drawn, that XML's readers take it, and what is
# missing without graphviz.

spec picture 'endpoint: {address: 192.168.4.20}'
draws() { # FORM SPEC: to $work/drawn
  "$kubeseed" -q plan "--$1" "$2" >"$work/drawn"
}
check "plan --svg" draws svg "$work/picture.yaml"
check "is XML" xmllint --noout "$work/drawn"
drawn() { # WORD...: each is in it
  for word; do
    grep -qF -- "$word" "$work/drawn" || {
      echo "not drawn: $word"
      return 1
    }
  done
}
check "shows nodes, endpoint, etcd, networks and keys" drawn '>dead1<' '>m2<' '>m3<' \
  192.168.4.32 192.168.4.20:6443 'founding, 3 members' 192.168.4.0/24 10.244.0.0/16 \
  'keys: ' 'ca.key' 'founds the cluster'
check "plan --html" draws html "$work/picture.yaml"
check "is well-formed" sh -c 'sed "1d; s/<meta [^>]*>//" "$1" | xmllint --noout -' \
  sh "$work/drawn"
check "shows the picture, nodes and keys" drawn '<svg' '<th>m2</th>' \
  'Which seed holds which key' '<th>front-proxy-ca.key</th>'
check "takes nothing from elsewhere" eval \
  '! grep -E "(src|href)=.http|@import|<script" "$work/drawn"'
# Which seed holds which key is what the plan says of its files.
keys_are_so() {
  draws html seeds/workers.yaml || return 1
  sed -n 's|^<tr><th>ca.key</th>\(.*\)</tr>$|\1|p' "$work/drawn" >"$work/row" &&
    sed -n '/Which seed/,$p' "$work/drawn" | sed -n 's|<tr><th></th>\(.*\)</tr>|\1|p;
    s|^<table>||' >"$work/head" && grep -qF '<td>●</td>' "$work/row" &&
    grep -qF '<td></td>' "$work/row"
}
check "a worker has no key of a CA" keys_are_so
many() {
  sed 's/^  - {name: m3.*/&\n  - {name: "w{1..100}", role: worker, address: 192.168.4.100+}/' \
    "$work/picture.yaml" >"$work/many.yaml" && draws svg "$work/many.yaml" &&
    drawn 'and 92 more' '>w8<' && ! grep -q '>w9<' "$work/drawn"
}
check "of many workers some are drawn and the others counted" many
check "of dual stack both" eval 'draws svg tests/specs/good/ipv6.yaml &&
  drawn fd00:4::/64 ">fd00:4::31<" 192.168.4.31 "pods fd00:0:0:244::/62"'
check "the same plan gives the same picture" eval 'draws svg "$work/picture.yaml" &&
  cp "$work/drawn" "$work/drawn.1" && draws svg "$work/picture.yaml" &&
  cmp "$work/drawn" "$work/drawn.1"'
for file in seeds/*.yaml tests/specs/good/everything.yaml tests/specs/good/nginx.yaml; do
  check "plan --svg of $file" eval 'draws svg "$file" && xmllint --noout "$work/drawn"'
done
without_dot() {
  mkdir -p "$work/empty.bin"
  exits 3 env PATH="$work/empty.bin" "$kubeseed" plan --svg "$work/picture.yaml" \
    >"$work/said" 2>&1
  result=$?
  cat "$work/said"
  [ $result -eq 0 ] && grep -q graphviz "$work/said"
}
check "without graphviz its package is named" without_dot
check "plan --svg of one node" exits 2 "$kubeseed" plan --svg "$work/picture.yaml" m2
check "plan --svg and --html" exits 2 "$kubeseed" plan --svg --html "$work/picture.yaml"
check "plan --svg --json" exits 2 "$kubeseed" --json plan --svg "$work/picture.yaml"
