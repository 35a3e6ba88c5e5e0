# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Keys behind a pass phrase: nothing of them is left in the clear, and what comes back
# is what was there, whatever ended the programs in between.

spec sealed ''
phrase=$work/phrase
echo 'correct horse' >"$phrase"

in_the_clear() {
  grep -rlE 'PRIVATE KEY|client-key-data' "$work/sealed" ||
    find "$work/sealed" -name '*.secret' -o -name token -o -name '*.iso' | grep .
}

seals() {
  ks sealed seed || return 1
  (cd "$work/sealed" && find pki seeds id_ed25519 admin.conf -type f -exec sha256sum {} + |
    sort -k 2) >"$work/before"
  in_the_clear && ks sealed seal --passphrase-file "$phrase" || return 1
  ! in_the_clear && [ ! -e "$work/sealed/pki" ] &&
    [ "$(stat -c %a "$work/sealed/keys.sealed")" = 600 ] &&
    [ "$(head -n 1 "$work/sealed/keys.sealed")" = 'kubeseed sealed 1' ]
}
check "seal leaves no key in the clear" seals

refuses() {
  for command in seed up verify certs 'seed --check' 'ssh m2' kubeconfig \
    'export --to disk' 'export --to raw'; do
    # shellcheck disable=SC2046,SC2086
    "$kubeseed" ${command%% *} -C "$work/sealed" "$work/sealed.yaml" \
      $(case $command in *' '*) echo "${command#* }" ;; esac) \
      >"$work/said" 2>&1 </dev/null && return 1
    cat "$work/said"
    grep 'are sealed behind a pass phrase; `kubeseed unseal' "$work/said" || return 1
  done
  [ ! -e "$work/sealed/pki" ]
}
check "without its keys nothing is done, or made anew" refuses

wrong() {
  echo 'correct house' >"$work/wrong"
  exits 1 ks sealed unseal --passphrase-file "$work/wrong" >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep 'the pass phrase is another one' "$work/said" &&
    [ -e "$work/sealed/keys.sealed" ] && [ ! -e "$work/sealed/pki/ca.key" ]
}
check "another pass phrase opens nothing" wrong

damaged() {
  cp "$work/sealed/keys.sealed" "$work/kept.sealed"
  printf x | dd of="$work/sealed/keys.sealed" bs=1 seek=5000 conv=notrunc 2>/dev/null
  exits 1 ks sealed unseal --passphrase-file "$phrase"
  bad=$?
  head -c 40 "$work/kept.sealed" >"$work/sealed/keys.sealed"
  exits 1 ks sealed unseal --passphrase-file "$phrase" || bad=1
  cp "$work/kept.sealed" "$work/sealed/keys.sealed"
  return "$bad"
}
check "nor does a file that was changed" damaged

# By other means than kubeseed's, as the manual tells.
by_others() {
  python3 - "$work/kept.sealed" "$phrase" <<'PYTHON' >"$work/opened"
import hashlib
import sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
data = open(sys.argv[1], "rb").read()
phrase = open(sys.argv[2], "rb").readline().rstrip(b"\n")
head = len(b"kubeseed sealed 1\n") + 32 + 12
salt, nonce = data[head - 44:head - 12], data[head - 12:head]
key = hashlib.scrypt(phrase, salt=salt, n=131072, r=8, p=1, maxmem=1 << 28, dklen=32)
sys.stdout.buffer.write(AESGCM(key).decrypt(nonce, data[head:], data[:head]))
PYTHON
  grep -q 'BEGIN PRIVATE KEY' "$work/opened"
}
if python3 -c 'import cryptography' 2>/dev/null; then
  check "any scrypt and AES-256-GCM opens it" by_others
fi

comes_back() {
  ks sealed unseal --passphrase-file - <"$phrase" && ks sealed seed || return 1
  (cd "$work/sealed" && sha256sum -c --quiet "$work/before") &&
    [ ! -e "$work/sealed/keys.sealed" ] &&
    [ "$(find "$work/sealed/pki" -type f -perm /077 | wc -l)" -eq 0 ]
}
check "unseal brings back the same keys, and they the same seeds" comes_back

by_variable() {
  KUBESEED_PASSPHRASE_FILE=$phrase ks sealed seal &&
    exits 1 ks sealed seal --passphrase-file "$phrase" 2>"$work/said" || return 1
  grep 'are sealed already' "$work/said"
}
check "the variable names the file as well" by_variable

# As a run leaves it that ended before it had removed all keys, or before it had
# removed the sealed file.
interrupted() {
  cp "$work/sealed/keys.sealed" "$work/kept.sealed"
  ks sealed unseal --passphrase-file "$phrase" && ks sealed seed &&
    cp "$work/kept.sealed" "$work/sealed/keys.sealed" || return 1
  exits 1 ks sealed seed || return 1
  exits 1 ks sealed seal --passphrase-file "$work/wrong" || return 1
  [ -e "$work/sealed/pki/ca.key" ] &&
    ks sealed seal --passphrase-file "$phrase" && ! in_the_clear || return 1
  ks sealed unseal --passphrase-file "$phrase" || return 1
  cp "$work/kept.sealed" "$work/sealed/keys.sealed"
  rm "$work/sealed/pki/ca.key"
  ks sealed unseal --passphrase-file "$phrase" && ks sealed seed &&
    (cd "$work/sealed" && sha256sum -c --quiet "$work/before")
}
check "an interrupted run is done again" interrupted

short() {
  echo short >"$work/short"
  exits 2 ks sealed seal --passphrase-file "$work/short" && : >"$work/short" &&
    exits 1 ks sealed seal --passphrase-file "$work/short" &&
    exits 1 ks sealed seal --passphrase-file "$work/none" || return 1
  exits 2 setsid "$kubeseed" seal -C "$work/sealed" "$work/sealed.yaml" \
    </dev/null 2>"$work/said" || return 1
  grep 'there is no terminal' "$work/said" && [ -e "$work/sealed/pki/ca.key" ]
}
check "a pass phrase that is none seals nothing" short

disk_is_told() {
  mkdir -p "$work/sealed/disks" && touch "$work/sealed/disks/m2.qcow2" &&
    ks sealed seal --passphrase-file "$phrase" 2>"$work/said" || return 1
  cat "$work/said"
  grep 'still has keys in the clear: disks/m2.qcow2' "$work/said"
}
check "disks of machines stay, and are told of" disk_is_told

ends() {
  ks sealed destroy --all --yes && [ ! -e "$work/sealed" ]
}
check "destroy --all removes a sealed state" ends
