# shellcheck shell=sh disable=SC2154
#
# The cluster's machines in VirtualBox, by VBoxManage (6.1 or newer). What they
# are stands above: cluster, subnet, endpoint, port, user, image_mib, nodes, and
# the function node, which says of one its address, cpus, memory_mib, disk_mib,
# ssh_port and cards: of each the number of its network and its address (MAC).
#
# Each machine is a folder beside this file, with a copy of image.vdi as its
# disk, and NODE.iso as its CD. They are all in one NAT network, by which they
# reach the world, and this host reaches them through ports of 127.0.0.1. Further
# cards are in internal networks, one for each number.
set -u

usage() {
  cat <<USAGE
usage: $0 COMMAND [NODE...]

  create   the network and the machines, those that are not there yet
  start    create, and switch on
  stop     press the power button
  status   which there are, and which are on
  remove   switch off, and delete machines with their disks; with the last
           one the network

Without NODE, all: $nodes
VBOXMANAGE names another VBoxManage.
USAGE
  exit 2
}

vbox() { "${VBOXMANAGE:-VBoxManage}" "$@"; }

network=kubeseed-$cluster
here=$(cd "$(dirname "$0")" && pwd) || exit 1

fail() {
  echo "$0: $*" >&2
  exit 1
}

# ---- The network ----

has_network() {
  vbox list natnets | grep -qE "^(Network)?Name: *$network *$"
}

make_network() {
  has_network ||
    vbox natnetwork add --netname "$network" --network "$subnet" --enable \
      --dhcp off || fail "cannot make the network $network"
}

forward() { # RULE PORT ADDRESS PORT: 127.0.0.1:PORT leads to ADDRESS:PORT
  vbox natnetwork modify --netname "$network" --port-forward-4 delete "$1" \
    >/dev/null 2>&1
  vbox natnetwork modify --netname "$network" \
    --port-forward-4 "$1:tcp:[127.0.0.1]:$2:[$3]:$4"
}

# ---- The machines ----

has() { # NODE
  vbox showvminfo "$cluster-$1" >/dev/null 2>&1
}

is_on() { # NODE
  vbox list runningvms | grep -qF "\"$cluster-$1\""
}

add_disk() { # NODE
  disk=$here/$cluster-$1/disk.vdi
  vbox clonemedium disk "$here/image.vdi" "$disk" --format VDI || return
  # The copy is the machine's; the image is not one of VirtualBox's disks.
  vbox closemedium disk "$here/image.vdi" >/dev/null 2>&1
  [ "$disk_mib" -le "$image_mib" ] ||
    vbox modifymedium disk "$disk" --resize "$disk_mib" || return
  vbox storagectl "$cluster-$1" --name SATA --add sata \
    --controller IntelAhci --portcount 2 --bootable on &&
    vbox storageattach "$cluster-$1" --storagectl SATA --port 0 --device 0 \
      --type hdd --medium "$disk" &&
    vbox storageattach "$cluster-$1" --storagectl SATA --port 1 --device 0 \
      --type dvddrive --medium "$here/$1.iso"
}

add_cards() { # NODE
  name=$1
  n=0
  set --
  for card in $cards; do
    n=$((n + 1))
    case $card in
    0:*) set -- "$@" "--nic$n" natnetwork "--nat-network$n" "$network" ;;
    *) set -- "$@" "--nic$n" intnet "--intnet$n" "$network.${card%:*}" ;;
    esac
    set -- "$@" "--nictype$n" 82540EM "--macaddress$n" "${card#*:}" \
      "--cableconnected$n" on
  done
  vbox modifyvm "$cluster-$name" "$@"
}

make_machine() { # NODE
  vbox modifyvm "$cluster-$1" --memory "$memory_mib" --cpus "$cpus" \
    --ioapic on --rtcuseutc on --firmware bios \
    --boot1 disk --boot2 none --boot3 none --boot4 none \
    --uart1 0x3F8 4 --uartmode1 file "$here/$cluster-$1/console.log" &&
    add_cards "$1" && add_disk "$1" && forward "ssh-$1" "$ssh_port" "$address" 22
}

create() { # NODE
  node "$1"
  has "$1" && return
  echo "$cluster-$1 is made"
  # One that is there, though it was not told, is not ours to take away again.
  vbox createvm --name "$cluster-$1" --ostype Debian_64 --basefolder "$here" \
    --register || fail "cannot make $cluster-$1"
  make_machine "$1" && return
  # Half a one would look like a whole one the next time.
  unmake "$1" >/dev/null 2>&1
  fail "cannot make $cluster-$1"
}

start() { # NODE
  create "$1"
  is_on "$1" || vbox startvm "$cluster-$1" --type headless ||
    fail "cannot start $cluster-$1"
  echo "$cluster-$1 is on: ssh -p $ssh_port $user@127.0.0.1"
}

stop() { # NODE
  if is_on "$1"; then
    vbox controlvm "$cluster-$1" acpipowerbutton
  fi
}

status() { # NODE
  state='not there'
  has "$1" && state=off
  is_on "$1" && state=on
  echo "$cluster-$1: $state"
}

unmake() { # NODE
  if is_on "$1"; then
    vbox controlvm "$cluster-$1" poweroff || return
  fi
  # It stays locked for a moment.
  for _ in 1 2 3 4 5 6 7 8 9; do
    vbox unregistervm "$cluster-$1" --delete && break
    has "$1" || break
    sleep 1
  done
  vbox closemedium dvd "$here/$1.iso" >/dev/null 2>&1
  ! has "$1"
}

remove() { # NODE
  ! has "$1" || unmake "$1" || fail "cannot remove $cluster-$1"
}

remove_network() {
  for name in $nodes; do
    ! has "$name" || return 0
  done
  ! has_network || vbox natnetwork remove --netname "$network"
}

# ---- The command line ----

command -v "${VBOXMANAGE:-VBoxManage}" >/dev/null ||
  fail "there is no ${VBOXMANAGE:-VBoxManage} here: VirtualBox is missing"
[ $# -gt 0 ] || usage
command=$1
shift
case $command in
create | start | stop | status | remove) ;;
*) usage ;;
esac
for name; do
  case " $nodes " in
  *" $name "*) ;;
  *) fail "there is no node '$name'; there are $nodes" ;;
  esac
done
# shellcheck disable=SC2086 # words
[ $# -gt 0 ] || set -- $nodes
case $command in
create | start) make_network ;;
esac
case $command:$endpoint in
*:) ;;
create:* | start:*) forward api "$port" "$endpoint" "$port" || exit ;;
esac
for name; do
  "$command" "$name"
done
case $command in
remove) remove_network ;;
esac
