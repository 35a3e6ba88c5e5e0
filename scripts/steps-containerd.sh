# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034
#
# containerd, as far as pods need it. Sourced by bootstrap.
#
# It starts also when one of its plugins cannot, and stays so. Without the one that the
# kubelet asks it by (CRI), which wants an inotify instance for example, no pod would
# ever run.

# Leaves in $cri_fault what containerd says is wrong with it, or nothing. crictl would
# be more to the point, but is not on every image.
ask_cri() {
  told=$(ctr --timeout 20s plugins ls -d id==cri 2>/dev/null) || return
  case $told in
  *Error:*) cri_fault=$(printf '%s\n' "$told" | sed -n 's/^ *Message: *//p') ;;
  *"ID: "*) cri_fault= ;;
  *) cri_fault="there is none" ;;
  esac
}

# Starts containerd again, after a longer pause each time, of five minutes at the most.
# What runs in containers goes on.
mend_cri() {
  cri_pause=$((${cri_pause:-5} * 2))
  [ "$cri_pause" -le 300 ] || cri_pause=300
  cri_due=$((now + cri_pause))
  cri_why="its CRI plugin does not run: $cri_fault; it is started again, and in \
$cri_pause s once more"
  systemctl restart containerd.service || :
}

# For who waits for something that needs it. One that does not answer at all systemd
# starts again; and one that was well is so for half a minute: on an emulated machine
# a question costs seconds.
cri_is_there() {
  now=$(uptime_seconds)
  if [ "$now" -ge "${cri_due:-0}" ]; then
    why="it does not answer"
    ask_cri || return 1
    if [ -n "$cri_fault" ]; then
      mend_cri
    else
      cri_pause=
      cri_due=$((now + 30))
      cri_why=
    fi
  fi
  why=$cri_why
  [ -z "$why" ]
}

wait_for_cri() {
  wait_for "containerd" cri_is_there
}
