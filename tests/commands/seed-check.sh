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
check "seed --check of a medium that was changed" says_of \
  "$asked/seeds/m2.iso differs: it was changed after it was made
"
rm "$asked/seeds/m3.iso"
check "seed --check of one that is gone" says_of \
  "$asked/seeds/m2.iso differs: it was changed after it was made
$asked/seeds/m3.iso is missing
"
check "seed --check of one node" exits 0 ks asked seed --check dead1
check "seed" ks asked seed
sed -i 's/^name: demo/&\nusers: [{name: somebody, sshKeys: []}]/' "$work/asked.yaml"
since="differs: spec or keys are others since it was made"
check "seed --check of another spec" says_of "$asked/seeds/dead1.iso $since
$asked/seeds/m2.iso $since
$asked/seeds/m3.iso $since
"
check "seed --check with --prune" exits 2 ks asked seed --check --prune

# ---- seeds.lock ----

check "seed in every form" eval 'ks asked seed m2 --format dir &&
  ks asked seed m2 --format tar && ks asked seed m3 --format fat && ks asked seed'
check "seeds.lock is one of sha256sum" sh -c 'cd "$1" && sha256sum --strict -c seeds.lock' \
  sh "$asked"
lists_all() {
  (cd "$asked" && find seeds -type f | sort) >"$work/media"
  sed 's/^[0-9a-f]*  //' "$asked/seeds.lock" | diff "$work/media" -
}
check "and lists each medium" lists_all
check "nobody else reads it" eval '[ "$(stat -c %a "$asked/seeds.lock")" = 600 ]'
check "seed --check of every form" says_of ''
locked_stays() {
  stat -c '%i %Y' "$asked/seeds.lock" >"$work/inode"
  ks asked seed && ks asked seed m3 && stat -c '%i %Y' "$asked/seeds.lock" |
    diff "$work/inode" - && says_of ''
}
check "what changes nothing does not write it, nor does a part" locked_stays
for file in m2.tar m2/user-data m3.img; do
  cp "$asked/seeds/$file" "$work/kept"
  printf x >>"$asked/seeds/$file"
  case $file in
  *.img | *.tar) says="is not as seeds.lock says" ;; # what is behind its end
  *) says="differs: it was changed after it was made" ;;
  esac
  check "seed --check of $file that was changed" says_of "$asked/seeds/$file $says
"
  rm "$asked/seeds/$file"
  check "seed --check of $file that is gone" says_of "$asked/seeds/$file is missing
"
  cp -p "$work/kept" "$asked/seeds/$file"
done
# Nobody will ever write to it.
in_its_place() { # FILE
  cp -p "$asked/$1" "$work/kept" && rm "$asked/$1" && mkfifo "$asked/$1" || return 1
  timeout 20 "$kubeseed" seed -C "$asked" "$work/asked.yaml" --check >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  rm "$asked/$1" && cp -p "$work/kept" "$asked/$1" && [ $status -eq 1 ]
}
for file in seeds/m2/user-data seeds/m2.tar seeds/m3.img seeds/m2.iso seeds.lock pki/token; do
  check "seed --check with a FIFO in place of $file" in_its_place $file
done
swap() { # Two media of the right bytes, under each other's names
  cp "$asked/seeds/m2.iso" "$work/kept" && cat "$asked/seeds/m3.iso" >"$asked/seeds/m2.iso"
}
check "two media are swapped" swap
check "seed --check tells it" says_of \
  "$asked/seeds/m2.iso differs: it was changed after it was made
"
cat "$work/kept" >"$asked/seeds/m2.iso"
cp "$asked/seeds.lock" "$work/seeds.lock"
sed -i '/seeds.m3.iso/d; s/^.\(.*m2.iso\)/x\1/; s/^x/0/' "$asked/seeds.lock"
sed -i 's/^.\(.*dead1.iso\)/f\1/' "$work/seeds.lock"
check "seed --check of a lock that is not so" eval \
  '! ks asked seed --check >"$work/said" 2>&1 && cat "$work/said" &&
  grep -q "/seeds/m3.iso is not in seeds.lock$" "$work/said"'
check "seed writes it anew" eval 'ks asked seed && says_of "" &&
  grep -q m3.iso "$asked/seeds.lock"'
echo nonsense >>"$asked/seeds.lock"
check "one that is damaged is told" eval '! ks asked seed >"$work/said" 2>&1 &&
  grep -q "seeds.lock. is damaged at line [0-9]*; put your copy" "$work/said"'
rm "$asked/seeds.lock"
check "without one media are compared all the same" says_of ''
cp "$asked/seeds/m2.iso" "$work/kept"
printf x >>"$asked/seeds/m2.iso"
check "and what differs is told" says_of "$asked/seeds/m2.iso differs
"
check "seed" ks asked seed
dated() {
  ks asked seed --iso-writer genisoimage m3 && cd "$asked" && sha256sum -c seeds.lock &&
    sleep 1.1 && ks asked seed --iso-writer genisoimage m3 && sha256sum -c seeds.lock
}
check "a medium with a date has its own digest" eval '(dated)'
pruned() {
  sed 's/name: m3/name: m4/' "$work/asked.yaml" >"$work/pruned.yaml"
  "$kubeseed" seed -C "$asked" "$work/pruned.yaml" && grep -q m3.iso "$asked/seeds.lock" &&
    "$kubeseed" seed -C "$asked" "$work/pruned.yaml" --prune && ! grep m3 "$asked/seeds.lock" &&
    (cd "$asked" && sha256sum -c seeds.lock)
}
check "what is pruned goes from it" pruned
check "destroy --all removes it" eval \
  '"$kubeseed" destroy --all --yes -C "$asked" "$work/pruned.yaml" && [ ! -e "$asked" ]'

# ---- The same bytes, whoever makes them, and wherever ----

spec bytes ''
check "seed" ks bytes seed
elsewhere() { # COMMAND...: makes the seeds of these keys in another place
  rm -rf "$work/far" && mkdir -m 755 "$work/far" && cp -r "$work/bytes" "$work/far/state" &&
    rm -r "$work/far/state/seeds" "$work/far/state/seeds.lock" &&
    cp "$work/bytes.yaml" "$work/far/other name.yaml" || return 1
  if [ "$1" = setpriv ]; then
    cp "$kubeseed" "$work/far/kubeseed" && chown -R 65534:65534 "$work/far" &&
      chmod 711 "$work" || return 1
    set -- "$@" "$work/far/kubeseed"
  else
    set -- "$@" "$kubeseed"
  fi
  (cd / && "$@" seed -C "$work/far/state" "$work/far/other name.yaml") &&
    diff "$work/bytes/seeds.lock" "$work/far/state/seeds.lock" &&
    (cd "$work/far/state" && sha256sum --quiet -c seeds.lock)
}
check "the same bytes in another folder" elsewhere env
check "in another zone and locale" elsewhere env TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8
check "with another umask" elsewhere sh -c 'umask 077; exec "$@"' sh
check "and with none" elsewhere sh -c 'umask 000; exec "$@"' sh
check "without a home and with another name of the host's user" \
  elsewhere env -i PATH="$PATH" USER=somebody
if setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
  check "by another user" elsewhere setpriv --reuid 65534 --regid 65534 --clear-groups
else
  echo "commands: not root, so no other user made seeds" >&2
fi
