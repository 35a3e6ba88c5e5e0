# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Bootstrapper systemd: what a node runs is a unit. Sourced by bootstrap.

# What systemd is to bind must be there before a unit begins, ExecStartPre= not
# excepted; of a pod the runtime makes such folders. In a unit "%%" is one "%".
make_volumes() { # UNIT-FILE
  sed -n 's/^Bind\(ReadOnly\)\{0,1\}Paths="\([^"]*\)":.*/\2/p' "$1" |
    sed 's/%%/%/g' | while read -r path; do
    [ -e "$path" ] || mkdir -p "$path"
  done
}

# A unit of an earlier seed may run already. It is started anew once, and not
# again each time that what comes behind fails.
place_process() { # NAME
  if [ ! -x "/usr/bin/$1" ]; then
    echo "the image has no /usr/bin/$1: it is older than this seed"
    return 1
  fi
  unit=/etc/systemd/system/$1.service
  fit_process "$1.service" >"/run/kubeseed/$1.service"
  make_volumes "/run/kubeseed/$1.service"
  if ! cmp -s "/run/kubeseed/$1.service" "$unit"; then
    keep "$unit" <"/run/kubeseed/$1.service"
    systemctl daemon-reload
    systemctl try-restart --no-block "$1.service"
  fi
  ln -sfn "$unit" /etc/systemd/system/multi-user.target.wants
  systemctl start --no-block "$1.service"
}
