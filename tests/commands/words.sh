# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# The command line: what is wrong with it, in which words, and that nothing is
# written then.

ends_with() { # STATUS WORDS COMMAND...: what it says, and how it exits
  wanted=$1
  words=$2
  shift 2
  exits "$wanted" "$@" >"$work/said" 2>&1 || {
    cat "$work/said"
    return 1
  }
  cat "$work/said"
  grep -qF -- "$words" "$work/said"
}

# What it is called with, and what it says; nothing of it makes a file.
mkdir "$work/words"
# Every option of every command that takes a value, as its help has it.
"$kubeseed" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' |
  while read -r name; do
    "$kubeseed" "$name" --help | sed -n '/^Global options/q
      s/^ \{2,6\}\(-[a-z], \)\{0,1\}\(--[a-z-]*\) [A-Z].*/'"$name"' \2/p'
  done >"$work/valued"
check "options that take values are known" grep -qx 'payload --bundle' "$work/valued"
while read -r command option; do
  check "$command $option without a value" ends_with 2 \
    "the option '$option' needs a value; see kubeseed $command --help" \
    env -C "$work/words" "$kubeseed" "$command" "$option"
done <"$work/valued"
while IFS='|' read -r arguments words; do
  set -f
  # shellcheck disable=SC2086
  set -- $arguments
  set +f
  check "kubeseed $arguments" ends_with 2 "$words" \
    env -C "$work/words" "$kubeseed" "$@"
done <<'WORDS'
|no command; see kubeseed --help
--josn plan x|unknown option '--josn'; did you mean '--json'?
plan --josn x|unknown option '--josn'; did you mean '--json'?
up --orde=a x y --stager=3|unknown option '--stager=3'; did you mean '--stagger'?
plan -xq a|unknown option '-x'; see kubeseed plan --help
-xq plan a|unknown option '-x'; see kubeseed --help
console -fx a b|unknown option '-x'; see kubeseed console --help
init -tfx|there is no topology 'fx'
image --force=yes x|the option '--force' takes no value
plan --json=yes x|the option '--json' takes no value
plan -C|the option '-C' needs a value
up --image|the option '--image' needs a value
kubeconfig x -o|the option '-o' needs a value
clean x|unknown command 'clean'; see kubeseed --help
version|unknown command 'version'; did you mean '--version'?
help stop|unknown command 'stop'; did you mean 'down'?
rm x|unknown command 'rm'; did you mean 'destroy'?
start|unknown command 'start'; did you mean 'up'?
up|there is no spec in this folder; name one: kubeseed up [SPEC] [NODE...]
seed|`kubeseed init` writes one to begin with
up --machines lxc x|'lxc'
status|there is no spec in this folder
status m1|there is no spec 'm1'; `kubeseed init m1`
check|there is no spec in this folder
destroy|destroy needs a spec: kubeseed destroy SPEC [NODE...]
check a b|check needs one spec: kubeseed check [SPEC]
plan x.yaml --svg --json|plan --svg is for people
image a b|image needs one spec: kubeseed image [SPEC]
payload a b|payload needs one spec: kubeseed payload [SPEC]
verify a b|verify needs one spec: kubeseed verify [SPEC]
kubeconfig a b|kubeconfig needs one spec: kubeseed kubeconfig [SPEC]
console|console needs one spec and one node: kubeseed console [SPEC] NODE
console x.yaml|console needs one spec and one node: kubeseed console [SPEC] NODE
console x|console needs one spec and one node: kubeseed console [SPEC] NODE
console x.yaml a b|console needs one spec and one node: kubeseed console [SPEC] NODE
ssh x|ssh needs one spec and one node: kubeseed ssh [SPEC] NODE [-- COMMAND...]
paln x|unknown command 'paln'; did you mean 'plan'?
help paln|unknown command 'paln'; did you mean 'plan'?
help plan up|help is for one command
seed --json x|'seed' has no output for programs
--json up x|'up' has no output for programs
plan no-such.yaml|there is no spec 'no-such.yaml'; `kubeseed init no-such.yaml`
explain -o man nodes|--output man is of all keys, without KEY
explain -o comments nodes|--output comments is of all keys, without KEY
plan .|'.'
WORDS
check "none of these has written anything" rmdir "$work/words"

said_nearby() {
  mkdir "$work/nearby" && : >"$work/nearby/lab.yaml" || return 1
  ends_with 2 "no spec '$work/nearby/lab.yml'; did you mean '$work/nearby/lab.yaml'?" \
    "$kubeseed" up "$work/nearby/lab.yml" &&
    ends_with 2 "no spec 'lba.yaml'; did you mean 'lab.yaml'?" \
      env -C "$work/nearby" "$kubeseed" up lba.yaml
}
check "a spec whose name is mistyped is named" said_nearby
check "what init suggests has the file's name as a shell takes it" ends_with 0 \
  "next: kubeseed up 'a b.yaml'" env -C "$work/nearby" "$kubeseed" init "a b.yaml"

# What a shell makes of <(COMMAND).
mkfifo "$work/nearby/substituted"
by_fifo() {
  cat "$work/offline.yaml" >"$work/nearby/substituted" &
  timeout 20 "$kubeseed" check "$work/nearby/substituted"
}
check "a spec may come by a FIFO" by_fifo

# The one spec of a folder need not be named.
here() { # STATUS WORDS COMMAND...
  wanted=$1
  words=$2
  shift 2
  ends_with "$wanted" "$words" env -C "$work/alone" "$kubeseed" "$@"
}
mkdir "$work/alone" && cp "$work/offline.yaml" "$work/alone/lab.yaml"
printf 'apiVersion: v1\nkind: Pod\n# apiVersion: kubeseed/v1\n' >"$work/alone/pod.yaml"
printf 'x: |\n  apiVersion: kubeseed/v1\n' >"$work/alone/text.yml"
mkfifo "$work/alone/pipe.yaml"
mkdir "$work/alone/folder.yaml" "$work/alone/m2"
check "check finds the one spec of a folder" here 0 "lab.yaml: ok: 3 nodes" check
check "so does plan" here 0 "cluster     demo" plan
check "and what takes nodes" here 0 "/alone/demo.cluster/seeds: 1 new" seed m2
check "a word that is no file is a node" here 2 \
  "the spec has no node 'lab'; it has dead1, m2, m3" status lab
ssh_alone() {
  env -C "$work/alone" "$kubeseed" ssh m2 df -h --json </dev/null
  grep -q ' m2 df -h --json$' "$FAKE_SSH_DIR/m2.argv"
}
check "ssh's words are a node and what it is to do" ssh_alone
check "destroy wants it named" here 2 "destroy needs a spec" destroy
sed 's/^apiVersion: \(.*\)/apiVersion: "\1"/' "$work/offline.yaml" >"$work/alone/a b.yml"
check "of two none is taken" here 2 \
  "there are 2 specs in this folder, a b.yml and lab.yaml; name one, as in \`kubeseed plan 'a b.yml'\`" plan
check "and of nodes neither" here 2 "name one, as in \`kubeseed down 'a b.yml' m2\`" down m2
rm "$work/alone/pipe.yaml"

for command in init check explain schema plan payload image seed inspect certs up status \
  console ssh verify kubeconfig export down destroy seal unseal help; do
  check "$command --help" ends_with 0 "Usage: kubeseed $command" \
    "$kubeseed" "$command" --help
  check "help $command" ends_with 0 "Usage: kubeseed $command" \
    "$kubeseed" help "$command"
  check "--help lists $command" ends_with 0 "  $command " "$kubeseed" --help
done
check "global options behind the command" ends_with 0 "cluster     demo" \
  "$kubeseed" plan -qv -C/nowhere --state=/nowhere "$work/offline.yaml"
check "--version behind the command" ends_with 0 "kubeseed " \
  "$kubeseed" plan --version

# What names and values hold must not reach the terminal as it is.
obeys_nothing() {
  name=$(printf 'a\033[2J\nkubeseed: all is well.yaml')
  printf 'apiVersion: kubeseed/v1\nkind: "\\e]0;owned\\a"\n' >"$work/$name"
  exits 2 "$kubeseed" check "$work/$name" >"$work/said" 2>&1 || return 1
  exits 2 "$kubeseed" check "$work/no-$name" >>"$work/said" 2>&1 || return 1
  exits 2 "$kubeseed" plan "--$name" >>"$work/said" 2>&1 || return 1
  cat -v "$work/said"
  ! grep -q "$(printf '\033')" "$work/said" &&
    ! grep -q '^kubeseed: all' "$work/said"
}
check "a terminal obeys no file's name and no value" obeys_nothing

check "a warning stands at its place" ends_with 0 \
  "one-node.yaml:9:8: warning: one control-plane" \
  "$kubeseed" check tests/specs/good/one-node.yaml

said_once() {
  "$kubeseed" seed -C "$work/one.state" tests/specs/good/one-node.yaml 2>&1 |
    grep -q "warning: one control-plane" || return 1
  exits 1 "$kubeseed" status -C "$work/one.state" tests/specs/good/one-node.yaml \
    >"$work/said" 2>&1
  result=$?
  cat "$work/said"
  [ "$result" -eq 0 ] && grep -q "no machine" "$work/said" &&
    ! grep -q warning "$work/said"
}
check "and not again by who looks at the cluster" said_once

# tests/bin/ssh runs the script here, where there is no cluster.
mkdir "$work/unanswered"
check "a node that is not in its cluster yet takes no token, and says so" \
  ends_with 0 "m3 failed: it is not yet in a cluster; a node that joins late" \
  env FAKE_SSH_DIR="$work/unanswered" \
  "$kubeseed" seed -C "$work/offline" "$work/offline.yaml" m2

# A command that is suggested leads to the same state.
check "a suggested command has the -C of the one before" ends_with 1 \
  "\`kubeseed up -C '$work/a b' $work/offline.yaml\`" \
  sh -c '"$1" -q seed -C "$2" "$3" && "$1" status -C "$2" "$3"' sh \
  "$kubeseed" "$work/a b" "$work/offline.yaml"
gone() {
  sed 's/name: m3/name: m4/' "$work/offline.yaml" >"$work/gone.yaml"
  ends_with 0 "\`kubeseed seed --prune -C '$work/a b' $work/gone.yaml\`" \
    "$kubeseed" seed -C "$work/a b" "$work/gone.yaml"
}
check "so has seed's --prune" gone

check "a state folder has a name" ends_with 2 "-C names has no name" \
  "$kubeseed" seed -C '' "$work/offline.yaml"
check "and is no file" ends_with 2 "offline.yaml' is no folder" \
  "$kubeseed" seed -C "$work/offline.yaml" "$work/offline.yaml"

for command in status "ssh m2" "console m2" "console -l m2" verify kubeconfig; do
  # shellcheck disable=SC2086 # words
  set -- $command
  name=$1
  shift
  check "$command where nothing is" ends_with 1 \
    "there is no state folder '$work/never' yet" \
    "$kubeseed" "$name" -C "$work/never" "$work/offline.yaml" "$@"
done
check "destroy of nothing has nothing to do" ends_with 0 "nothing to delete" \
  "$kubeseed" destroy --all --yes -C "$work/never" "$work/offline.yaml"
check "down of nothing has nothing to do" ends_with 0 "nothing to do" \
  "$kubeseed" down -C "$work/never" "$work/offline.yaml"
check "and none of them makes a folder" [ ! -e "$work/never" ]

check "seed to be destroyed" "$kubeseed" seed -q -C "$work/gone" \
  "$work/offline.yaml"
check "destroy of a cluster without machines says so" ends_with 0 \
  "no machine to delete" "$kubeseed" destroy -C "$work/gone" "$work/offline.yaml"
check "and leaves the way to machines of one's own" \
  grep -q 'HostName 192\.' "$work/gone/ssh_config"
check "destroy --all says what is gone" ends_with 0 "keys and seeds of 'demo'" \
  "$kubeseed" destroy --all --yes -C "$work/gone" "$work/offline.yaml"

# As Windows' editors write it.
{ printf '\357\273\277'; cat "$work/offline.yaml"; } >"$work/marked.yaml"
check "a spec may begin with a byte order mark" ends_with 0 ": ok: 3 nodes" \
  "$kubeseed" check "$work/marked.yaml"

no_blank_end() {
  "$kubeseed" schema --help >"$work/said" || return 1
  ! grep '^Usage.* $' "$work/said"
}
check "no usage ends with a blank" no_blank_end

decided() {
  "$kubeseed" plan seeds/haproxy.yaml >"$work/said" || return 1
  grep -q '^image .*Debian 12' "$work/said" &&
    grep -q 'VRRP router [0-9]' "$work/said" &&
    grep -q 'statistics at port 32700' "$work/said" &&
    grep -q 'heartbeat 500 ms, election 5000 ms' "$work/said" &&
    "$kubeseed" --json plan seeds/haproxy.yaml | jq -e \
      '.debian and .routerId and .statsPort and .etcdElectionMs' >/dev/null
}
check "plan shows what the defaults have decided" decided
