# shellcheck shell=sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A state folder whose name ssh_config cannot hold: told before anything is made.
# shellcheck disable=SC2154 # work, kubeseed and check are run's

no_way_to_quote() { # COMMAND...
  # shellcheck disable=SC2016 # it is the folder's name
  bad=$work/'a${HOME}b'
  exits 1 "$kubeseed" -C "$bad" "$@" "$work/offline.yaml" >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  find "$bad"
  [ "$status" -eq 0 ] && grep -q 'ssh_config cannot hold' "$work/said" &&
    [ ! -e "$bad/pki" ] && [ ! -e "$bad/seeds" ] && [ ! -e "$bad/run" ]
}
check "seed makes nothing where ssh could not look" no_way_to_quote seed
check "up starts nothing where ssh could not look" no_way_to_quote up
