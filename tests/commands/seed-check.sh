# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# seed --check: which media are not what spec and keys make, and nothing written.

spec asked ''
asked=$work/asked

everything() { # of the state, with times
  find "$asked" -printf '%P %m %T@ %s\n' | sort
}
says_of() { # EXPECTED: what --check prints; ours.txt has what was told besides
  everything >"$work/before"
  ks asked seed --check >"$work/said" 2>"$work/ours.txt"
  status=$?
  cat "$work/said" "$work/ours.txt"
  printf '%s' "$1" | diff - "$work/said" || return 1
  everything | diff "$work/before" - || return 1
  if [ -z "$1" ]; then [ $status -eq 0 ]; else [ $status -eq 1 ]; fi
}
check "seed --check without a state makes none" eval \
  '! ks asked seed --check && [ ! -e "$asked" ]'
check "seed" ks asked seed
check "seed --check of what seed has made" says_of ''
check "in another zone, locale and folder" eval \
  '(cd / && TZ=Asia/Tokyo LC_ALL=C.UTF-8 says_of "")'
printf x >>"$asked/seeds/m2.iso"
check "seed --check of a medium that was changed" says_of "$asked/seeds/m2.iso differs
"
rm "$asked/seeds/m3.iso"
check "seed --check of one that is gone" says_of "$asked/seeds/m2.iso differs
$asked/seeds/m3.iso is missing
"
check "seed --check of one node" exits 0 ks asked seed --check dead1
check "seed" ks asked seed
sed -i 's/^name: demo/&\nusers: [{name: somebody, sshKeys: []}]/' "$work/asked.yaml"
check "seed --check of another spec" says_of "$asked/seeds/dead1.iso differs
$asked/seeds/m2.iso differs
$asked/seeds/m3.iso differs
"
check "seed --check with --prune" exits 2 ks asked seed --check --prune
