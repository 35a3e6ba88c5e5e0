# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# The folders that are the node's local volumes. Sourced by bootstrap.

# Asked anew at every boot: the seed may have been corrected, or the disk replaced.
rm -f "$recorded/volumes"

step_volumes() {
  while read -r folder; do
    mkdir -p "$folder"
  done </etc/kubeseed/volumes
}
