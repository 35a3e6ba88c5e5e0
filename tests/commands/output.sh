# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# What becomes of output that nobody takes, and of a start with odd signals.

spec printed ''
# More than a pipe holds.
cat >>"$work/printed.yaml" <<SPEC
  - {name: "w{1..400}", role: worker, address: 192.168.8.1+}
SPEC
sed -i 's|subnet: .*}|subnet: 192.168.0.0/16, cni: none, pods: 10.240.0.0/14}|' \
  "$work/printed.yaml"

# As `COMMAND | head` when head has ended: the status must be SIGPIPE's.
unread() { # COMMAND...
  (
    mkfifo "$work/unread"
    : <"$work/unread" &
    reader=$!
    exec 3>"$work/unread"
    wait "$reader"
    "$@" >&3 2>"$work/complaint"
    echo $? >"$work/status"
  )
  rm -f "$work/unread"
  cat "$work/complaint"
  [ "$(cat "$work/status")" -eq 141 ] || {
    echo "exit status $(cat "$work/status") instead of 141"
    return 1
  }
  [ ! -s "$work/complaint" ]
}

wordy() { # WORDS STATUS COMMAND...: says one line, with WORDS
  words=$1
  wanted=$2
  shift 2
  "$@" 2>"$work/complaint"
  status=$?
  cat "$work/complaint"
  [ "$status" -eq "$wanted" ] || {
    echo "exit status $status instead of $wanted"
    return 1
  }
  [ "$(wc -l <"$work/complaint")" -eq 1 ] &&
    grep -q "cannot write to standard output.*$words" "$work/complaint"
}

to_full() {
  "$@" >/dev/full
}

to_none() {
  "$@" >&-
}

for command in "plan $work/printed.yaml" "--json plan $work/printed.yaml" \
  "init -" "init --list" "explain" "explain -o man" "schema" "--help" "help up" \
  "--version" \
  "status -C $work/offline $work/offline.yaml" \
  "kubeconfig -C $work/offline $work/offline.yaml -o -"; do
  set -f
  # shellcheck disable=SC2086
  set -- $command
  set +f
  check "'$command' ends quietly with its reader" unread "$kubeseed" "$@"
  check "'$command' to a full disk" wordy "No space left" 3 \
    to_full "$kubeseed" "$@"
  check "'$command' with stdout closed" wordy "" 1 to_none "$kubeseed" "$@"
done

logs_unread() {
  mkdir -p "$work/offline/logs"
  echo "a line" >"$work/offline/logs/m2.console"
  unread "$kubeseed" console -C "$work/offline" "$work/offline.yaml" m2 --log
}
check "a console's log ends quietly with its reader" logs_unread

# What is printed nowhere must not get into a file that is opened meanwhile.
closed_all() {
  rm -rf "$work/closed"
  "$kubeseed" seed -C "$work/closed" "$work/offline.yaml" <&- >&- 2>&- &&
    "$kubeseed" seed -C "$work/closed" "$work/offline.yaml"
}
check "seed with nothing open" closed_all

ignores_children() {
  sh -c 'trap "" CHLD; exec "$@"' sh \
    "$kubeseed" kubeconfig -C "$work/copied" "$work/copied.yaml"
}
answer m2 "$work/offline/admin.conf"
check "started with SIGCHLD ignored" ignores_children

on_a_terminal() { # COMMAND...
  TERM=xterm python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$@" \
    </dev/null
}

moves_no_cursor() {
  on_a_terminal env NO_COLOR=1 "$kubeseed" status -C "$work/offline" \
    "$work/offline.yaml" >"$work/table"
  cat -v "$work/table"
  grep -q '^m2 ' "$work/table" && ! grep -q "$(printf '\033')" "$work/table"
}
# Drawn once, so that a line may wrap.
shows_all() {
  on_a_terminal sh -c 'stty cols 20; exec "$@"' sh "$kubeseed" status \
    -C "$work/offline" "$work/offline.yaml" >"$work/table"
  cat -v "$work/table"
  grep -q 'dead1  control-plane  -     not here     -' "$work/table"
}
check "status on a narrow terminal shows all" shows_all
check "status under NO_COLOR sends a terminal nothing but text" moves_no_cursor
