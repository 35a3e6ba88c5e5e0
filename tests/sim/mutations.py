# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts made worse on purpose: what each of their safeguards is good for.

A mutation that no run notices means that the simulator sees too little, or
that the safeguard is not needed.
"""
import itertools

import scenarios

LIB = "/usr/lib/kubeseed/"


class Mutation:
    def __init__(self, name, path, old, new, topologies, wanted, runs=8):
        self.name = name
        self.path = path
        self.old = old
        self.new = new
        self.topologies = topologies
        self.wanted = wanted  # scenario/argument of the runs, in part
        self.runs = runs

    def apply(self, files):
        entry = files.get(self.path)
        if not entry:
            return
        mode, content = entry
        text = content.decode()
        if self.old not in text:
            raise ValueError(f"mutation {self.name}: '{self.old}' is not in "
                             f"{self.path} any more")
        files[self.path] = (mode, text.replace(self.old, self.new).encode())

    def jobs(self, topologies):
        """Some runs of the kinds that should notice, of each kind as many, by
        number so that a run that found nothing is not tried again."""
        found = []
        for name in self.topologies:
            every = scenarios.jobs(topologies[name, self.name], self.runs * 2)
            for i in range(9):  # there is one of some kinds
                every += scenarios.jobs(topologies[name, self.name], 1, f".{i}")
            kinds = [[j for j in every if f"/{w}" in j] for w in self.wanted]
            by_turns = [j for turn in itertools.zip_longest(*kinds)
                        for j in turn if j]
            found += by_turns[:self.runs]
        return found


# `if false; then` before a function's body makes it do nothing, and succeed.
def emptied(function):
    return function + "() {", function + "() {\n  return 0"


ALL = [
    Mutation("no turns", LIB + "steps-stacked.sh",
             *emptied("turn_is_ours"), ["stacked", "five"],
             ["at-once", "replaced"], 16),
    Mutation("a turn is not given back", LIB + "steps-stacked.sh",
             *emptied("give_turn_back"), ["stacked"], ["at-once"]),
    Mutation("a turn from before a cut is not given back",
             LIB + "steps-kubernetes.sh",
             '[ "$ETCD_MODE" != stacked ] || give_turn_back', ":",
             ["stacked"], ["damaged"], 12),
    Mutation("a turn ends before the API server is ready",
             LIB + "steps-stacked.sh", *emptied("turn_is_over"), ["stacked"],
             ["at-once"], 16),
    Mutation("who has seen a cluster says that it is empty",
             LIB + "steps-stacked.sh",
             '[ ! -e "$cluster_seen" ] || word=joining', ":", ["stacked"],
             ["founder-lost"]),
    Mutation("what was seen is not kept", LIB + "steps-common.sh",
             '{ : >"$cluster_seen" && sync; }', '{ :; }', ["stacked", "five"],
             ["founder-lost"]),
    Mutation("a node that joins is waited for while it is off",
             LIB + "steps-stacked.sh", '! listens "$lost" 2379 || return 1',
             "return 1", ["five"], ["left"], 8),
    Mutation("a dead member goes only in its turn", LIB + "steps-stacked.sh",
             'if [ -n "$own" ]; then\n    # The', 'if false; then\n    # The',
             ["five", "stacked"], ["replaced", "disk-lost/m"]),
    Mutation("control planes join at once", LIB + "steps-kubernetes.sh",
             *emptied("wait_for_turn"), ["founding"], ["at-once"]),
    Mutation("an added member is not started", LIB + "steps-stacked.sh",
             *emptied("finish_member"), ["stacked"], ["at-once"]),
    Mutation("the kubelet sees a manifest that is not done",
             LIB + "steps-common.sh", "/.${1##*/}.new", "/${1##*/}.new",
             ["stacked", "copied"], ["at-once", "cuts"], 60),
    Mutation("a lost member is not removed", LIB + "steps-stacked.sh",
             'etcd_ask "$ETCD_PEERS" member remove "${own%%,*}"', ":",
             ["stacked"], ["disk-lost/m"]),
    Mutation("the bootstrap program takes no lock", LIB + "bootstrap",
             *emptied("alone"), ["founding", "copied", "stacked"], ["twice"], 60),
    Mutation("a seed is noted before it is on the disk", LIB + "bootstrap",
             "  sync\n  cp /var/lib/cloud", "  cp /var/lib/cloud",
             ["founding", "external"], ["overwritten"], 60),
    Mutation("steps are not recorded", LIB + "bootstrap",
             ': >"$recorded/$step"', ":", ["founding"],
             ["line/m1,wipe", "line/m1,ready"]),
    Mutation("a step that fails is not tried again", LIB + "bootstrap",
             "until run_step; do", "until run_step || :; do", ["external"],
             ["runtime-killed/m2"], 16),
    Mutation("the token is deleted at once", LIB + "steps-kubernetes.sh",
             "all_have_joined && sleep 60 && all_have_joined",
             "all_have_joined", ["founding"], ["last-cut/w"], 60),
    Mutation("the membership changes before the kubelet's identity is kept",
             LIB + "steps-stacked.sh", *emptied("start_kubelet_first"),
             ["stacked"], ["point/m2", "point/m3"], 60),
    Mutation("a member without its pod is not started again",
             LIB + "steps-stacked.sh", *emptied("revive_member"),
             ["stacked"], ["point/m2", "point/m3"], 60),
    Mutation("a member without a quorum is not asked for the membership",
             LIB + "steps-stacked.sh", "list=$(members_told) || return 0",
             "return 0", ["copied"], ["at-once", "order"], 60),
    Mutation("the membership changes before the kubelet's files are synced",
             LIB + "steps-stacked.sh", '"$bootstrap_copy"\n  sync',
             '"$bootstrap_copy"', ["local"], ["off-and-on", "point/m"],
             200),
    Mutation("what lets a kubelet in is not kept", LIB + "steps-stacked.sh",
             'install -m 0600 "$bootstrap_conf" "$bootstrap_copy"', ":",
             ["local"], ["forgotten"], 200),
    Mutation("who was given up before it started waits",
             LIB + "steps-stacked.sh", '[ -z "$own" ] || ! member_can', "! member_can",
             ["local", "learners"], ["given-up"]),
    Mutation("a CA that was made anew is not taken",
             LIB + "steps-kubernetes.sh",
             '[ "$PKI_MODE" != copied ] || know_cluster_ca\n  why=', "why=",
             ["copied"], ["disk-lost-early"]),
    Mutation("half a CA is kept", LIB + "steps-copied.sh",
             '  rm -rf "$pki"\n  kubeadm', "  kubeadm", ["copied"],
             ["point/m1"], 200),
    Mutation("half a certificate's pair is kept", LIB + "steps-kubernetes.sh",
             '*.crt) [ -e "${half%.crt}.key" ] || rm -f "$half" ;;',
             "*.crt) ;;", ["founding", "external"], ["point/m"], 100),
    Mutation("a repeated join leaves nothing out", LIB + "steps-kubernetes.sh",
             "printf '%s,kubelet-start' \"$JOIN_SKIP\"",
             "printf '%s' \"$JOIN_SKIP\"", ["stacked"], ["at-once"]),
    Mutation("the founder founds again (founding)",
             LIB + "steps-kubernetes.sh", "joins_existing() {",
             "joins_existing() {\n  return 1", ["founding"],
             ["disk-lost/m1"]),
    Mutation("the founder founds again (stacked)",
             LIB + "steps-kubernetes.sh", "joins_existing() {",
             "joins_existing() {\n  return 1", ["stacked"],
             ["disk-lost/m1"]),
    Mutation("an empty disk asks nobody", LIB + "steps-etcd.sh",
             *emptied("etcd_most_agree"), ["founding"],
             ["disk-lost-dark"], 40),
    Mutation("whoever has lost its data keeps its identity",
             LIB + "steps-etcd.sh", "; most of its members \\\nare needed to give it a "
             'place"\n    etcd_tell', '"\n    etcd_start; return',
             ["founding"], ["disk-lost/m"]),
    Mutation("lists of members need not be the same", LIB + "steps-etcd.sh",
             '[ "$(etcd_known_members "$answer")" != "$seed" ]', "false",
             ["founding", "external"], ["wrong-seeds", "wrong-peer"]),
    Mutation("a corrected seed's members are not taken", LIB + "steps-etcd.sh",
             "etcd_is_of_another_seed() {",
             "etcd_is_of_another_seed() {\n  return 1",
             ["founding", "external"], ["corrected"], 3),
    Mutation("whom etcd is founded with is not kept", LIB + "steps-etcd.sh",
             '"with$with"; } | keep "$etcd_promise"',
             '"with$with"; } >"$etcd_promise"',
             ["founding", "external"], ["corrected"], 24),
    Mutation("a new disk may found with who founded with the old one",
             LIB + "steps-etcd.sh", "*) agrees= ;;", "*) ;;",
             ["founding", "external"], ["promised"], 20),
    Mutation("a promise is nothing beside the only one with data",
             LIB + "steps-etcd.sh",
             '[ -z "$silent$differ$blank" ] && etcd_all_agree "$running"',
             "return 1", ["founding"], ["promised"], 60),
    Mutation("etcd that runs lets an empty disk found", LIB + "steps-etcd.sh",
             '*) apart="$apart $name" ;;', '*) fresh="$fresh$name " ;;',
             ["founding", "external"], ["beside", "behind"], 20),
    Mutation("a member that never comes keeps its place",
             LIB + "steps-etcd.sh", *emptied("etcd_drop_absent"),
             ["founding-five"], ["late"]),
    Mutation("damaged data is kept in place (founding)",
             LIB + "steps-etcd.sh", *emptied("etcd_replace_data"),
             ["founding", "external"], ["damaged"]),
    Mutation("damaged data is kept in place (stacked)",
             LIB + "steps-stacked.sh", "member_is_damaged() {",
             "member_is_damaged() {\n  return 1", ["stacked"], ["damaged"]),
    Mutation("who meets a cluster that lives founds all the same",
             LIB + "steps-etcd.sh", "*clientURLs* | joining*) note_cluster",
             "never) note_cluster", ["founding", "external"],
             ["order", "behind"], 12),
    Mutation("a new list of members is a vote (founding)",
             LIB + "steps-etcd.sh", '"$ETCD_MEMBERS" $ETCD_EARLIER',
             '"$ETCD_MEMBERS"', ["grown"], ["grown"], 2),
    Mutation("a new list of members is a vote (stacked)",
             LIB + "steps-stacked.sh", '"$ETCD_MEMBERS" $ETCD_EARLIER',
             '"$ETCD_MEMBERS"', ["grown-stacked"], ["grown-alone"], 2),
    Mutation("who knows other members does not join", LIB + "steps-etcd.sh",
             "! etcd_peers_have_quorum || etcd_join_existing", ":",
             ["founding", "external"], ["wrong-peer", "moved"], 6),
    Mutation("a wrong clock is no matter", LIB + "steps-common.sh",
             *emptied("clock_is_sane"), ["founding"], ["trouble"], 20),
    Mutation("a full disk is no matter", LIB + "steps-common.sh",
             *emptied("disk_has_room"), ["founding"], ["trouble"], 20),
    Mutation("two machines with one address are no matter",
             LIB + "steps-common.sh", *emptied("address_is_ours_alone"),
             ["founding"], ["trouble"], 20),
    Mutation("a stranger may keep the endpoint's address",
             LIB + "steps-vip.sh", *emptied("vip_has_no_stranger"),
             ["founding"], ["trouble"], 20),
    Mutation("who joins again does not remember it", LIB + "steps-kubernetes.sh",
             ': >"$recorded/joining"', ":", ["stacked"], ["remembered"]),
    Mutation("who waits for an API server waits for ever",
             LIB + "steps-kubernetes.sh",
             '[ "$PKI_MODE" = copied ] || peer_has_api || return', ":",
             ["external"], ["all-replaced"]),
    Mutation("an API server is waited for no time",
             LIB + "steps-kubernetes.sh", "all_on_since + 1800",
             "all_on_since + 1", ["external", "founding"],
             ["disk-lost-dark/m1"], 40),
    Mutation("who has begun to found does not remember it",
             LIB + "steps-kubernetes.sh", ': >"$recorded/initializing"', ":",
             ["stacked", "local"], ["forgotten"], 40),
    Mutation("a member that votes is given the vote again",
             LIB + "steps-stacked.sh", "kubeadm_join etcd-join", "kubeadm_join",
             ["local"], ["off-and-on", "point/m"]),
    Mutation("manifests are not applied", LIB + "steps-manifests.sh",
             *emptied("apply_manifest"), ["one"], ["at-once"], 2),
    Mutation("manifests are kept for others to read", LIB + "steps-common.sh",
             " \\\n    /etc/kubeseed/manifests/*", "", ["one"], ["at-once"], 2),
    Mutation("a manifest that is applied is so again", LIB + "steps-manifests.sh",
             'if grep -qxF "$digest $manifest" "$applied"', "if false", ["one"],
             ["corrected-manifest"], 4),
    Mutation("a corrected manifest is not applied", LIB + "steps-manifests.sh",
             'rm -f "$recorded/manifests"', ":", ["one"],
             ["corrected-manifest"], 8),
    Mutation("the token is not renewed", LIB + "steps-kubernetes.sh",
             *emptied("renew_token"), ["founding"], ["disk-lost/m"]),
    Mutation("the token is not kept while nodes are missing",
             LIB + "steps-kubernetes.sh", *emptied("keep_token"),
             ["founding"], ["token"], 2),
    Mutation("the token is kept for ever", LIB + "steps-kubernetes.sh",
             *emptied("token_is_kept"), ["founding"], ["token"], 2),
    Mutation("clocks need not agree", LIB + "steps-kubernetes.sh",
             *emptied("clock_agrees"), ["founding"], ["slow-clock"], 2),
    Mutation("the token is not deleted", LIB + "steps-kubernetes.sh",
             *emptied("step_tidy"), ["founding"], ["at-once"], 2),
    Mutation("the seed's copies are not wiped", LIB + "steps-common.sh",
             *emptied("step_wipe"), ["founding"], ["at-once"], 2),
    Mutation("emulated nodes keep kubeadm's leases",
             LIB + "steps-kubernetes.sh", *emptied("patch_for_emulated"),
             ["founding"], ["at-once"]),
    Mutation("records come before what they stand for", LIB + "bootstrap",
             "  sync\n  : >\"$recorded/$step\"\n  sync",
             "  : >\"$recorded/$step\"", ["founding"],
             ["line/m1,kubeadm-init,done", "line/m2,kubeadm-join,done",
              "line/w1,kubeadm-join,done"], 30),
    Mutation("who does not hear the address's holder takes it too", LIB + "vip",
             *emptied("may_start"), ["grown", "grown-external"], ["grown-live"]),
    Mutation("who has the address beside another keeps it", LIB + "vip",
             "if ! is_known && holds && ! knows_all_holders && another_serves",
             "if false",
             ["grown-external"], ["grown-live/unaware,new-first"], 30),
    Mutation("who is told of the address's holder does not tell it", LIB + "vip",
             "remember $heard", ":", ["grown-external"], ["grown-returns"], 2),
    Mutation("who takes the address does not hear who takes it too", LIB + "vip",
             *emptied("hear"), ["grown-external"], ["grown-returns"], 12),
    Mutation("a control plane that is new is not told who has the address",
             LIB + "vip", *emptied("learn"), ["grown"], ["grown-live"]),
    Mutation("a holder without an API server is waited for", LIB + "vip",
             'if serves && ! is_ready "$ENDPOINT"; then return 0; fi', ":",
             ["grown-stacked", "grown"], ["mixed/m2,first", "mixed/m3,first"], 4),
    Mutation("who is new takes the address while nobody has it", LIB + "vip",
             *("is_new() {", "is_new() {\n  return 1"),
             ["grown-stacked", "grown"], ["grown/", "grown-alone"]),
    Mutation("keepalived that has ended is not started again",
             "/etc/systemd/system/keepalived.service.d/kubeseed.conf",
             "Restart=always", "Restart=no", ["grown", "founding"],
             ["grown-live", "killed"]),
    Mutation("containerd without its CRI is left alone", LIB + "steps-containerd.sh",
             "systemctl restart containerd.service || :", ":",
             ["founding", "stacked"], ["without-cri"]),
    Mutation("empty files are kept", LIB + "steps-kubernetes.sh",
             *emptied("drop_torn_files"), ["founding"], ["point/"], 60),
    Mutation("cut-off files are kept", LIB + "steps-kubernetes.sh",
             *emptied("is_whole"), ["founding", "stacked"], ["torn"]),
    Mutation("the kubelet sees a static pod that is not done",
             LIB + "steps-static.sh", 'keep "/etc/kubernetes/manifests/$1.yaml"',
             'cat >"/etc/kubernetes/manifests/$1.yaml"',
             ["static", "static-external"], ["disk-fills", "point/m"], 40),
    Mutation("systemd sees a unit that is not done",
             LIB + "steps-systemd.sh", 'keep "$unit"', 'cat >"$unit"',
             ["units"], ["point/m", "cuts"], 200),
    Mutation("a corrected unit is not started anew", LIB + "steps-systemd.sh",
             'if ! cmp -s', 'if [ ! -e "$unit" ] && ! cmp -s', ["units"],
             ["corrected-own"], 8),
    Mutation("a unit is not started at the next boot", LIB + "steps-systemd.sh",
             '  ln -sfn "$unit" /etc/systemd/system/multi-user.target.wants', "  :",
             ["units"], ["off-and-on", "cuts"], 8),
    Mutation("a static pod is the same on an emulated machine",
             LIB + "steps-no-kubeadm.sh", "if [ -e /run/kubeseed/emulated ]",
             "if false", ["static"], ["at-once"]),
    Mutation("images are not waited for", LIB + "steps-static.sh",
             'wait_for "containerd" find_images', "find_images || :",
             ["static"], ["runtime-killed"], 16),
    Mutation("a corrected seed's static pods are not taken",
             LIB + "steps-no-kubeadm.sh", '    rm -f "$done_once"', "    :",
             ["static", "static-external"], ["corrected-own"], 8),
    Mutation("the first objects are not made", LIB + "steps-no-kubeadm.sh",
             *emptied("make_objects"), ["static", "static-external"],
             ["at-once"], 2),
    Mutation("all objects are said to be there when one is not",
             LIB + "steps-no-kubeadm.sh",
             "create_missing /run/kubeseed/objects.yaml || return",
             "create_missing /run/kubeseed/objects.yaml || :",
             ["static", "static-external"], ["killed", "cuts"], 80),
    Mutation("an object that is there is a failure", LIB + "steps-no-kubeadm.sh",
             " -e '(AlreadyExists)'", "", ["static", "static-external"],
             ["killed", "cuts", "line/m1,objects", "order"], 80),
    Mutation("a control plane is not marked", LIB + "steps-no-kubeadm.sh",
             *emptied("mark_node"), ["static"], ["at-once"], 2),
    Mutation("the kubeconfig of the first hour stays", LIB + "steps-no-kubeadm.sh",
             'shred -u -n 1 "$first_hour"', ":", ["static"], ["at-once"], 2),
    Mutation("a kubeconfig that is half shredded is asked",
             LIB + "steps-no-kubeadm.sh", "if ! objects_are_made; then", "if :; then",
             ["static"], ["shredding"], 40),
]


def select(names):
    """Those of that name; all of them without one."""
    known = {m.name: m for m in ALL}
    unknown = [n for n in names if n not in known]
    if unknown:
        raise SystemExit(f"sim: no mutation is called '{unknown[0]}'")
    return [known[n] for n in names] if names else ALL
