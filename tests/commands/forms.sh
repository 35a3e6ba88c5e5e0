# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# seed --format: other forms hold what the ISO holds, are kept as new as it, and
# go with it.

spec forms ''
seeds=$work/forms/seeds

file_of() { # FORM NAME: to standard output
  case $1 in
  dir) cat "$seeds/m2/$2" ;;
  fat) mtype -i "$seeds/m2.img" "::$2" ;;
  tar) tar -xOf "$seeds/m2.tar" "$2" ;;
  esac
}
holds() { # FORM: what the ISO has
  for name in user-data meta-data network-config; do
    isoinfo -R -x "/$name" -i "$seeds/m2.iso" >"$work/iso.file" 2>/dev/null &&
      file_of "$1" "$name" | cmp - "$work/iso.file" || return 1
  done
}
sums() {
  (cd "$seeds" && find . -type f -exec sha256sum {} + | sort -k 2)
}

check "seed without --format makes ISOs alone" eval 'ks forms seed &&
  [ "$(ls "$seeds")" = "$(printf "%s\n" dead1.iso m2.iso m3.iso)" ]'
sums >"$work/iso.sums"
for form in dir fat tar; do
  check "seed --format $form" ks forms seed --format $form m2
  check "seed --format $form holds what the ISO holds" holds $form
done
check "seed --format leaves the ISO as it is" eval \
  'sums | grep -F .iso | cmp - "$work/iso.sums"'
check "seed --format writes what nobody else reads" eval \
  '[ -z "$(find "$seeds" -perm /077)" ] && [ ! -e "$seeds/m3.img" ]'
check "seed --format fat has cloud-init's label" eval \
  '[ "$(/usr/sbin/blkid -p -s LABEL -o value "$seeds/m2.img")" = CIDATA ]'
check "seed --format fat is whole" /usr/sbin/fsck.fat -n "$seeds/m2.img"

# Another zone, another hour, another locale.
same_again() {
  sums >"$work/all.sums"
  rm -r "$seeds"
  sleep 2.1 # FAT's times are in two seconds
  for form in dir fat tar; do
    TZ=Asia/Tokyo LC_ALL=C.UTF-8 ks forms seed --format $form m2 || return 1
  done
  ks forms seed && sums | diff "$work/all.sums" -
}
check "seed --format makes the same bytes again" same_again

kept_new() {
  sed -i 's/^name: demo/&\nusers: [{name: somebody, sshKeys: []}]/' "$work/forms.yaml"
  ks forms seed || return 1
  for form in dir fat tar; do
    holds $form && file_of $form user-data | grep -q 'name: somebody' || return 1
  done
}
check "a later seed keeps other forms as new as the ISO" kept_new
check "seed --format of another word" exits 2 ks forms seed --format zip
no_mtools() {
  mkdir -p "$work/bin" && rm -f "$seeds/m2.img" &&
    PATH=$work/bin exits 3 ks forms seed --format fat m2 2>"$work/said"
  cat "$work/said"
  grep -q mtools "$work/said" && [ ! -e "$seeds/m2.img" ] &&
    [ -z "$(find "$seeds" -name '*.kubeseed-*')" ]
}
check "seed --format fat names the package of mtools" no_mtools

# mtools takes what follows @@ for an offset in a file of the name before it.
foreign_left() {
  mkdir "$work/x@@y" && cp "$work/forms.yaml" "$work/x@@y/c.yaml" &&
    echo notes >"$work/x" && truncate -s 300K "$work/x" &&
    cp "$work/x" "$work/x.before" &&
    (cd "$work/x@@y" && "$kubeseed" seed -q c.yaml --format fat m2) || return 1
  cmp "$work/x" "$work/x.before" &&
    (cd "$work"/x@@y/*.cluster/seeds && mtype -i m2.img ::meta-data)
}
check "seed --format fat in a folder with @@" foreign_left
links_left() {
  mkdir "$work/linked" && echo mine >"$work/linked/user-data" &&
    ln -s "$work/linked" "$seeds/old" && ks forms seed --prune &&
    [ "$(cat "$work/linked/user-data")" = mine ] || return 1
  rm -rf "$seeds/old" "$seeds/m2" && ln -s "$work/linked" "$seeds/m2" || return 1
  exits 1 ks forms seed || return 1
  rm "$seeds/m2"
  [ "$(cat "$work/linked/user-data")" = mine ]
}
check "what links among the seeds lead to is left" links_left
check "destroy --all takes them as well" eval \
  'ks forms destroy --all --yes && [ ! -e "$seeds" ]'
