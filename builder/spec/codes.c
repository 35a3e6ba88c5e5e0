/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/codes.h"

#include "base/mem.h"
#include <string.h>

const struct code spec_codes[] = {
    /* ---- The text and its shape ---- */
    {"KS0001", "the text cannot be read as YAML",
     "A spec is one YAML document in UTF-8: maps, lists and plain values, "
     "without anchors, aliases and tags. Lines of one map begin at the same "
     "column, with blanks and not with tabs. Within { } and [ ] a range stands "
     "in quotes: {name: \"m{1..3}\"}; so does, anywhere, what holds a colon "
     "with a blank behind it."},
    {"KS0002", "the file is too large",
     "No spec of a cluster is that large; is it the right file?"},
    {"KS0003", "a key stands twice in one map",
     "YAML keeps one of the two and drops the other in silence. Remove one."},
    {"KS0004", "a letter looks like another one",
     "Web pages and word processors put such letters in the place of plain "
     "ones. Write it anew, or put the text in quotes if it is meant."},
    {"KS0010", "an unknown key",
     "What a spec says and nobody reads would be lost in silence. `kubeseed "
     "explain --recursive` lists all keys."},
    {"KS0011", "keys of a Kubernetes manifest",
     "A spec has kubeseed's own form: `name`, `kubernetes`, `network` and "
     "`nodes` stand at the top. `kubeseed init` writes one."},
    {"KS0012", "a key is missing",
     "It has no default, since none would be right for most clusters."},
    {"KS0013", "a map or a list is wanted here",
     "A map has `key: value` on each line, a list `- value`. `kubeseed "
     "explain KEY` shows an example."},

    /* ---- Values ---- */
    {"KS0020", "the value does not look like one of this key",
     "`kubeseed explain KEY` shows what its values look like."},
    {"KS0021", "a word is written wrongly",
     "`kubeseed explain KEY` lists the words of a key."},
    {"KS0022", "no address of a Debian mirror",
     "Root takes packages from there, so it must be what apt takes, without "
     "a name or password, which the image would show to everybody."},
    {"KS0023", "the image has such a user or group already",
     "Write another name: cloud-init would change that one, or make none."},
    {"KS0024", "no name, or no range of names",
     "A host name has letters a-z, digits and inner '-', 63 at most. A range "
     "counts up, as in m{01..03}."},
    {"KS0025", "a version of Kubernetes that cannot be made",
     "`kubeseed explain kubernetes.version` tells which can."},
    {"KS0026", "IPv6 where IPv4 belongs",
     "A cluster has IPv4, and beside it IPv6 if it has network.ipv6: subnet, "
     "pods and services there, and `ipv6` of nodes. A cluster of IPv6 alone, "
     "and name servers, routes and an endpoint of IPv6 are not supported."},
    {"KS0027", "an address that no machine can have",
     "Addresses of loopback, multicast and 0.0.0.0/8 lead nowhere, or to the "
     "machine itself."},
    {"KS0028", "an address where a network is wanted",
     "The bits behind the slash's number must be 0."},
    {"KS0029", "no usable network",
     "It holds addresses that no machine can have."},
    {"KS0030", "a MAC address that no card has",
     "All zero stands for none, and an odd first byte for a group of cards."},
    {"KS0031", "no public key of ssh",
     "An entry is one line of a .pub file: type, key, comment. It is told "
     "without its text, which may be a private key."},
    {"KS0032", "a public key that lets nobody in",
     "sshd reads the line and does not take the key."},
    {"KS0033", "no taint",
     "A taint is key=value:Effect; the effects are NoSchedule, "
     "PreferNoSchedule and NoExecute."},
    {"KS0034", "no label",
     "Keys and values follow Kubernetes' rules for labels: 63 letters at most, "
     "before the key perhaps a DNS name and a slash."},
    {"KS0035", "no setting of the kernel",
     "Names are as sysctl(8) has them; `sysctl -a` lists them."},

    /* ---- Names and addresses that do not fit together ---- */
    {"KS0101", "two nodes have one address",
     "Both would lose connections at random."},
    {"KS0102", "two nodes have one name",
     "Kubernetes knows nodes by their names."},
    {"KS0103", "two nodes have one MAC address",
     "A switch sends frames to one of the two. Leave `mac` out for machines "
     "on this host."},
    {"KS0104", "two users have one name", "Write both keys at one of them."},
    {"KS0105", "a name that leads elsewhere",
     "Each machine answers for it itself, or the cluster's own DNS does."},
    {"KS0106", "a DNS name becomes too long",
     "DNS knows names of 253 letters at most (RFC 1035)."},
    {"KS0107", "the endpoint and a node have one name",
     "The endpoint's name leads to whichever node answers, a node's to it "
     "alone."},
    {"KS0110", "the subnet has no address left",
     "Addresses that are not written are taken from the subnet's .31 on."},
    {"KS0111", "an address outside of the subnet",
     "Nodes talk to each other, and to the endpoint and the gateway, on one "
     "network."},
    {"KS0112", "one address for two things",
     "Gateway, endpoint and nodes each have one of their own."},
    {"KS0113", "several nodes for one address",
     "With a + behind it, an address counts up with a range of names."},
    {"KS0114", "too many nodes", "So many fit into no subnet that is read."},
    {"KS0120", "networks overlap",
     "A packet to an address in both would go to one of them, mostly the "
     "wrong one."},
    {"KS0121", "the subnet is too small",
     "A cluster needs a /29 or larger, and a further network room for its "
     "router and a node."},
    {"KS0122", "the network of the pods has no size that works",
     "Each node has a /24 of it, and kubeadm takes a /8 to /24 of them."},
    {"KS0123", "the network of the services has no size that works",
     "The API server takes a /12 to /24."},
    {"KS0124", "an address in a network of the cluster's own",
     "What is sent there goes to pods or services, and not to the machine."},
    {"KS0125", "a name server that is no machine",
     "The first and last address of a subnet are no machine's."},
    {"KS0126", "a name server that does not answer",
     "No node of kubeseed's answers DNS from outside."},
    {"KS0127", "more name servers than are asked", "resolv.conf(5) has three."},
    {"KS0128", "more nodes than networks of pods",
     "The others stay NotReady with most networks. Write a larger one."},
    {"KS0129", "the bridge network is for some hundred nodes",
     "Each has a route to each other one."},

    /* ---- Roles ---- */
    {"KS0130", "a route that leads nowhere, or away from the cluster",
     "A router stands in the network of the card that leads to it. The subnet, "
     "the pods and the services have their own ways, which kubeseed makes."},
    {"KS0131", "an interface that no card is for",
     "A card is known by its MAC address (mac) or by the name that Debian "
     "gives "
     "it, such as enp0s3 (name)."},
    {"KS0132", "an interface's address that several things would have",
     "Each card of a node is in a network of its own, and each node has an "
     "address of its own there: with a + it counts up with the nodes."},
    {"KS0133", "a gateway that cannot be reached",
     "The default route goes by a card with an address, one of them."},
    {"KS0134", "a gateway outside of the subnet",
     "Hosters have such, on the same wire (on-link). Elsewhere it is a slip, "
     "and nodes reach nothing outside: write one of the subnet's addresses."},
    {"KS0135", "no name server at all",
     "Pods' own names are answered by CoreDNS, which asks a name server of the "
     "nodes for all others, and ends when it has none to ask. Any address will "
     "do where no other names are needed."},
    {"KS0136", "VLANs and bonds that do not fit together",
     "A VLAN is on a card or a bond, at most once with its number. A bond's "
     "cards are named in it alone."},
    {"KS0137", "further addresses that do not fit",
     "They are of the same card and network as the first one, and one "
     "machine's."},
    {"KS0160", "addresses that the gateway cannot give",
     "What it gives by DHCP must be of the network at that interface, and "
     "nobody's who has it without asking. A wrong broadcast address reaches "
     "nobody, or somebody else: it is the network's last one."},
    {"KS0161", "nobody, or too many, for what a gateway does",
     "One node of the role gateway does what the key gateway says."},
    {"KS0140", "IPv6 that does not work so",
     "Nodes, pods and services have a network each, which do not overlap, and "
     "kubeadm says how large they may be. `kubeseed explain network.ipv6` "
     "tells more."},
    {"KS0145", "nodes in several networks that do not find each other",
     "Each network has a router in it that leads to the others. Whoever holds "
     "the endpoint's address has a card in that one's network, and cni bridge, "
     "as flannel's host-gw, needs all nodes of Kubernetes in one. `kubeseed "
     "explain network.subnets` "
     "tells more."},
    {"KS0150", "a setting of VXLAN that does not fit",
     "Only what the cluster's pods travel in can be set. Between addresses of "
     "IPv4 VXLAN puts 50 bytes before each packet: Ethernet's, IPv4's, UDP's "
     "and its own header."},
    {"KS0151", "a port that a service may get",
     "The API server gives services of type NodePort a free port of "
     "--service-node-port-range, and kube-proxy takes what comes to it on "
     "any node."},
    {"KS0152", "a network between pods that cannot be had so",
     "What runs in pods needs images, from a payload that has them, and a "
     "release that is for the version of Kubernetes. `kubeseed explain "
     "network.cni` tells which there are; vxlan and bridge need no image."},
    {"KS0153", "a key to etcd on every node",
     "Who may ask etcd reads and writes all that is in it, also what "
     "Kubernetes "
     "shows to nobody. flannel that asks the API server needs no such key."},
    {"KS0201", "no control plane", "Somebody must run the API server."},
    {"KS0202", "too many control planes",
     "Each asks and is asked by all others, and each runs a member of etcd."},
    {"KS0203", "one control plane",
     "Without it, running pods stay and nothing else changes. Three survive "
     "the loss of one."},
    {"KS0204", "a number of etcd members that does not help",
     "A majority must be there: two of three, three of four, three of five. "
     "Write an odd number, five at most."},
    {"KS0205", "etcd.mode and roles do not fit",
     "Nodes of the role etcd are for etcd.mode external, which needs them."},
    {"KS0206", "one member of etcd",
     "With its disk all of the cluster's state is lost."},
    {"KS0207", "etcd's times do not fit",
     "etcd refuses an election timeout below five heartbeats."},
    {"KS0208", "keys that are made too late",
     "With pki.mode copied the first node makes the CAs, after its first "
     "boot: what needs a certificate or the CA's hash before cannot work."},
    {"KS0209", "kubeadm does not make such keys",
     "Before 1.19 it knows RSA alone."},
    {"KS0240", "how long certificates are valid cannot be so",
     "kubeadm is told from 1.31 on. Before, what it makes itself lasts a year, "
     "and ten as a CA."},
    {"KS0241", "keys of one's own that do not serve",
     "A CA needs its certificate and its key, each of the cluster's CAs one of "
     "its own; kubeadm signs with RSA of 2048 bits or more, or ECDSA."},
    {"KS0210", "provider and load balancers do not fit",
     "haproxy, nginx and pacemaker run on nodes of the role load-balancer, and "
     "nothing else does."},
    {"KS0211", "one load balancer",
     "With it the way to the API is gone. Two hand the address on."},
    {"KS0212", "too many load balancers", "One at a time holds the address."},
    {"KS0213", "an external load balancer without an address",
     "Nodes must know where yours answers."},
    {"KS0214", "the endpoint is the first node's address",
     "With the provider first-node it follows from there."},
    {"KS0215", "the endpoint is one node",
     "When that is down, nobody reaches the API, whoever else could answer."},
    {"KS0216", "a port that is taken",
     "Two programs of one machine cannot listen on one port."},
    {"KS0217", "a port that the endpoint cannot have",
     "API servers listen at 6443. Load balancers can be asked at another port "
     "as "
     "well: endpoint.port with the provider haproxy, nginx, "
     "pacemaker or external."},
    {"KS0301", "payload and version do not fit",
     "Seeds of one version and an image with another make no cluster."},
    {"KS0302", "the payload's folder or bundle cannot be used",
     "It must be there, and have a manifest.json or be whole."},
    {"KS0303", "a key that this payload does not use",
     "Mirrors, keys, certificates and further images are for what is fetched "
     "from pkgs.k8s.io; "
     "the payload debian is built, and a folder is there."},
    {"KS0304", "a version that pkgs.k8s.io never had",
     "Its packages begin with 1.24, so there is nothing to fetch. 1.20.2 can "
     "be built with the payload debian; others need a payload of yours."},
    {"KS0305", "a newer Kubernetes than is known",
     "What changed up to then is known here; what changed later is not, and "
     "most often nothing that matters did. `kubeseed verify` tells whether the "
     "cluster is what it should be; a newer kubeseed may know more."},
    {"KS0306", "a Kubernetes that needs another containerd",
     "The image has Debian's containerd, unless image.containerd names "
     "another. "
     "From 1.38 on a kubelet takes nothing before containerd 2."},
    {"KS0307", "a file that the payload or the image names is not there",
     "Keys and certificates of mirrors and containerd's archive are files, "
     "whose "
     "names begin at the spec's folder."},
    {"KS0308", "a payload with images of other names",
     "kubeadm asks for its images by name, and a seed is made from the spec "
     "alone, which does not say what a folder's images are called. Those of "
     "the payload debian have names that its word stands for."},
    {"KS0309", "a payload for other machines",
     "Packages and images are for one processor, and a bundle's Debian "
     "packages "
     "for one release of Debian."},

    {"KS0310", "another containerd than the spec says",
     "What runs all containers is known by its SHA-256: an archive that is cut "
     "short or another one goes into no image."},

    {"KS0401", "a disk smaller than the image",
     "The image would not fit on to it."},
    {"KS0402", "too small, or no whole number of MiB",
     "Debian and Kubernetes do not fit on less, or do not start in it."},
    {"KS0403", "less than kubeadm asks for",
     "Its preflight check wants two processors and 1700 MB on a control "
     "plane; kubeseed lets it go on."},

    /* ---- Labels, users, what is added ---- */
    {"KS0501", "a label that a kubelet may not set",
     "The API server refuses it (NodeRestriction), and the node would not "
     "join. Set it with kubectl when the cluster runs."},
    {"KS0502", "a label that the kubelet sets itself",
     "Its own value wins, or pods are placed by a wrong one."},
    {"KS0504", "a setting that is kubeadm's",
     "Without kubeadm nobody makes certificates on a node, lets a member of "
     "etcd in or renews anything there: the workstation has made it all "
     "before. `kubeseed explain kubernetes.bootstrapper` tells more."},
    {"KS0503", "labels or taints on a node outside of Kubernetes",
     "Only control planes and workers are nodes of Kubernetes."},
    {"KS0601", "the first user could not be kubeseed's way in",
     "`ssh`, `verify` and tokens for nodes that join later need it."},
    {"KS0602", "sudo would ask for a password that is not there",
     "Write `password`, or another `sudo`."},
    {"KS0603", "a user that nobody can log in as",
     "The key that kubeseed makes lets in the first user. Give this one "
     "sshKeys, a password for the console, or the shell /usr/sbin/nologin."},
    {"KS0604", "a group that comes with a user",
     "Debian makes each user's own group with the user, and no user whose "
     "group "
     "is there before."},
    {"KS0701", "a file that is not yours to write",
     "It belongs to a program that makes or changes it, and that would not "
     "work with another one; or there is a folder of that name. What is for a "
     "user's home can lie elsewhere, from where commands.before copies it."},
    {"KS0702", "a file without content, or with two",
     "Write content, or source, the name of a file."},
    {"KS0703", "two files for one path", "The second would replace the first."},
    {"KS0704", "a setting that the cluster needs",
     "Without it no pod reaches another one."},
    {"KS0705", "a file where a folder must be",
     "No file can have another one in it."},
    {"KS0706", "a setting that the kubelet sets",
     "It has its own value for some of the kernel's settings, and its "
     "configuration knows no other. Nodes of the roles etcd and load-balancer "
     "have no kubelet."},
    {"KS0707", "a setting that comes with a module",
     "A module that something else loads later is too late: settings come "
     "first."},
    {"KS0708", "a source that cannot be read",
     "Its name begins at the spec's folder, and it is a file of 1M at most."},
    {"KS0801", "a manifest by its address",
     "What a server gives changes, and seeds must not: the same spec and keys "
     "make the same seeds, on any day and without a network."},
    {"KS0802", "too many manifests",
     "A folder counts as one, and its files are applied by name."},
    {"KS0803", "a manifest that cannot be applied",
     "Its name begins at the spec's folder. It is a file with objects of "
     "Kubernetes in YAML or JSON, or a folder of such, 8M at most in all."},
    {"KS0804", "an image that nodes do not carry",
     "Nodes need no network but their own, and have the images of "
     "kubernetes.images and Kubernetes' own. Write the image there, by its "
     "whole name; or let the nodes have a way to its registry."},
    {"KS0861", "a setting of another add-on",
     "Each setting of an entry counts for one add-on alone, and would else be "
     "lost in silence. `kubeseed explain addons` tells which is whose."},
    {"KS0864", "an add-on that cannot be had so",
     "What runs in pods needs images, from a payload that has them, and a "
     "release that is for the version of Kubernetes. local-volumes needs no "
     "image."},
    {"KS0865", "addresses of services that cannot be theirs",
     "MetalLB gives them to services of the type LoadBalancer, and one of the "
     "nodes answers for each in the nodes' network: so they are addresses of "
     "that network that no machine has and that nobody else gives."},
    {"KS0866", "an add-on that nobody looks after",
     "Faults that are found in it, also those that let somebody in, are not "
     "mended any more."},
    {"KS0867", "an add-on without what it needs",
     "kube-dns asks the nodes' name servers for all that is not of the "
     "cluster."},
    {"KS0862", "an add-on twice",
     "It is applied once; write all of its settings in one entry."},
    {"KS0863", "volumes that cannot be had so",
     "Local volumes are folders of nodes that take pods, made before the "
     "kubelet starts. Each is an object of its own, of which the first node "
     "asks at each boot whether it is there."},
    {"KS0811", "an argument that is not yours to write",
     "kubeadm or kubeseed sets it, or what they do stands on it: with another "
     "value nodes would not find each other."},
    {"KS0812", "admission without NodeRestriction",
     "Without it a kubelet may change other nodes' objects and read their "
     "secrets. The argument takes the place of kubeadm's."},
    {"KS0813", "a mode that kube-proxy does not have",
     "In older versions it is behind a feature gate, or not there."},
    {"KS0821", "a registry without anything",
     "Its name alone changes nothing."},
    {"KS0822", "credentials for whoever asks",
     "They would be sent to any registry whose images somebody names."},
    {"KS0823", "two entries for one registry",
     "containerd has one folder for each."},
    {"KS0824", "a file of containerd's registries",
     "With `registries` kubeseed writes these files."},
    {"KS0825", "a file of a registry that cannot be used",
     "Its name begins at the spec's folder. A CA is in PEM, without its key; "
     "credentials are one line, user:password."},
    {"KS0814", "two places for one audit log",
     "auditPolicy lays the policy down, and sets the arguments for it and for "
     "the log."},
    {"KS0817", "two configurations of encryption",
     "encryptionAtRest lays one down and sets the argument. With the argument "
     "alone it is a file of your own, by `files` and `extraVolumes`."},
    {"KS0818", "no patch of what kubeadm writes",
     "kubeadm would stop at it, whenever it is tried. A patch of the type json "
     "is a list of operations, one of the others a map; each is a file."},
    {"KS0819", "a patch of what kubeadm does not patch",
     "It would be passed over in silence."},
    {"KS0841", "an admission plugin that there is not",
     "An API server ends at once when it is told of a plugin that it does not "
     "know, and which there are differs from version to version. "
     "NodeRestriction keeps kubelets to their own nodes, and is always on."},
    {"KS0842", "ports of services that somebody has",
     "A service of the type NodePort gets one of the range on all nodes, and "
     "what else listens there is reached no more."},
    {"KS0843", "addresses that no kubelet has",
     "API servers ask a kubelet at the first of these that its node has, and "
     "nodes here have an InternalIP and a Hostname."},
    {"KS0844", "a webhook that cannot be asked",
     "Its kubeconfig is a file beside the spec: one context, with the server "
     "that takes a TokenReview and who asks it. Files that it names must be "
     "there for API servers; what is in them can stand in it."},
    {"KS0845", "a CA of an issuer that cannot be used",
     "It is in PEM, without its key."},
    {"KS0847", "a token that cannot be one",
     "It is sent with each request, as one word, and who guesses it is let in: "
     "`openssl rand -hex 24` makes one. Without `file` kubeseed does. Each is "
     "one user's."},
    {"KS0848", "name servers of pods that nobody asks, or that nobody is",
     "resolv.conf(5) has room for three. The cluster's own DNS is at the tenth "
     "address of network.services; whoever answers at another one of that "
     "network is a service with this clusterIP."},
    {"KS0849", "nothing is left for pods",
     "What is reserved, and what is kept free for evictions, is taken from "
     "what "
     "a node has; a kubelet does not start with less than that."},
    {"KS0846", "two places for one argument",
     "A key of its own sets it; the argument itself is for what has none."},
    {"KS0870", "certificates of kubelets that the cluster cannot sign",
     "kubernetes.kubelet.servingCertificates rotated takes the key of the "
     "cluster's CA on control-plane nodes, and a Kubernetes that lets requests "
     "name their signer."},
    {"KS0871", "control planes that register no node",
     "With kubernetes.kubelet.controlPlanes absent the API server knows of "
     "workers alone, and nothing is sent to control planes or said of them."},
    {"KS0872", "a port that another program has",
     "endpoint.healthPort is one of control-plane nodes, on all their "
     "addresses."},
    {"KS0815", "no audit policy",
     "An API server does not start with it. It begins with `apiVersion: "
     "audit.k8s.io/v1` and `kind: Policy`; `rules` lists what is logged."},
    {"KS0816", "two volumes at one path of a pod",
     "The kubelet refuses such a pod, and the component never starts. kubeadm "
     "mounts keys, certificates and kubeconfigs, and auditPolicy its own."},
    {"KS0720", "an argument of the kernel that is not the author's to set",
     "With it the machine would not come up, would come up as another one, or "
     "nobody would hear of its first boot."},
    {"KS0721", "too many arguments for the kernel",
     "GRUB reads them from a file in whose first sector they must fit, so that "
     "a power cut leaves no half of them: 450 letters for all, the role and "
     "the node together."},
    {"KS0722", "a disk at a place that cannot be one",
     "What is there is used before disks are mounted: by the boot, the seed or "
     "the steps of the first boot."},
    {"KS0723", "a disk that is not always the same one",
     "Linux numbers disks in the order in which it finds them; the names below "
     "/dev/disk/by-id and by-path stay."},
    {"KS0724", "disks that do not fit together",
     "Each has a name of its own on its node, at most 20 letters, and a place "
     "that is not within another's."},
    {"KS0725", "a key of cloud-init that is not the author's to set",
     "Much of what cloud-init does on other machines has a key of its own in a "
     "spec, where it fits the rest; some is the image's or the seed's, and for "
     "the rest the image runs no module."},
    {"KS0726", "no value for this key of cloud-init",
     "cloud-init would say so on the node, when nobody looks any more."},
    {"KS0727", "a file that follows from the spec's proxy",
     "Write what it is to have besides into another one, such as one of "
     "/etc/profile.d."},
    {"KS0728", "a file of certificates that cannot be used",
     "It holds certificates in PEM, each between BEGIN and END, and no key."},
    {"KS0729", "a file that follows from locale or keyboard",
     "Nodes get it with these keys; leave one of the two out."},
    {"KS0711", "more annotations than a node can have",
     "Kubernetes takes 256 KiB of all of an object's, and adds some itself."},
    {"KS0709", "an annotation that is not the author's to set",
     "What Kubernetes sets itself would be changed back, and nodes of the "
     "roles etcd and load-balancer are none of Kubernetes."},
    {"KS0710", "entries of 'roles' that do not fit the nodes",
     "Each role has one entry at most, and it is for nodes that are there."},
    {0},
};

/* What faults and warnings are made from. Where several have one code, the kind
 * of fault is the same. tests/specs/run tells when one is missing. */
static const struct told {
  const char *code;
  const char *format;
} told[] = {
    {"KS0002", "more than %zu bytes are too much for this file"},
    {"KS0003", "the key '%s' stands here twice; first at line %d"},
    {"KS0004", "%s (U+%04X) stands here; write %s, or put the text in quotes"},
    {"KS0010", "unknown key '%s' in %s; did you mean '%s'?"},
    {"KS0010", "unknown key '%s' in %s; did you mean '%s', in '%.*s'?"},
    {"KS0010", "unknown key '%s' in %s; known are: %s"},
    {"KS0011", "there is no '%s' here, as Kubernetes' manifests have it: write "
               "its keys at the top, such as 'name'; known are: %s"},
    {"KS0012", "%s needs the key '%s'"},
    {"KS0013", "%s must be %s"},
    {"KS0020", "'%s' must be %s"},
    {"KS0020", "'%s' is '%s', but must be %s"},
    {"KS0020", "'%s' must be a text"},
    {"KS0020", "'%s' must be one line of text"},
    {"KS0020", "an entry of '%s' must be %s"},
    {"KS0020", "an entry of '%s' must be a text"},
    {"KS0021", "'%s' is '%s'; did you mean '%s'?"},
    {"KS0022", "'%s' %s"},
    {"KS0023", "'%s' is '%s', %s"},
    {"KS0024", "the name '%s' %s"},
    {"KS0024",
     "the name '%s' must be of a-z, 0-9 and inner '-', at most 63 long"},
    {"KS0025", "Kubernetes %s %s"},
    {"KS0026", "'%s' is '%s', but IPv6 is for what stands beside IPv4, under "
               "network.ipv6; write %s"},
    {"KS0027", "'%s' is '%s', which is %s"},
    {"KS0028",
     "'%s' is '%s', which is an address inside a network; the network is %s"},
    {"KS0029", "'%s' is '%s', but %s"},
    {"KS0030", "'%s' is '%s', which no network card has; leave 'mac' out for "
               "one that is made up"},
    {"KS0030", "'%s' is '%s', a multicast address; no network card has one"},
    {"KS0031", "put the key in quotes; as it is, the ':' in it makes a map"},
    {"KS0031", "this entry of '%s' %s"},
    {"KS0032", "this entry of 'sshKeys' %s"},
    {"KS0033", "a taint must be a text%s %s"},
    {"KS0033", "the taint '%s' %s"},
    {"KS0033", "the taint '%s' has the key and the effect of one before it"},
    {"KS0034", "the label's key '%s' must be %s"},
    {"KS0034", "the label '%s' must be a plain text"},
    {"KS0034", "the label '%s' is '%s', but must be %s"},
    {"KS0034", "the annotation's key '%s' must be %s"},
    {"KS0034", "the annotation '%s' must be a plain text"},
    {"KS0035", "the setting '%s' must be %s"},
    {"KS0035", "the setting '%s' must be one line of text"},
    {"KS0101", "the nodes '%s' and '%s' have the same address %s"},
    {"KS0102", "two nodes have the name '%s'"},
    {"KS0103", "the nodes '%s' and '%s' have the same MAC address %s"},
    {"KS0103", "two cards of the node '%s' have the same MAC address %s"},
    {"KS0104", "two users have the name '%s'"},
    {"KS0105", "the domain is '%s', which is %s; write another one"},
    {"KS0105", "the endpoint's name is '%s', which is %s; write another one"},
    {"KS0105", "a node has the name '%s', which is %s; write another one"},
    {"KS0106", "with the name '%s' before the domain a DNS name is %zu long, "
               "and at most %d are possible; write a shorter domain"},
    {"KS0107",
     "the endpoint's name '%s' is that of the node '%s'; write one of its own"},
    {"KS0107", "the node '%s' has the endpoint's name '%s'; write another name "
               "for the node, or an endpoint.name"},
    {"KS0110", "%s: the subnet %s has no default address left for it; write an "
               "address, or a larger subnet"},
    {"KS0111", "%s: the address %s %s %s"},
    {"KS0111", "%s: the address %s is neither in the subnet %s nor in one of "
               "network.subnets"},
    {"KS0112", "the endpoint has the gateway's address"},
    {"KS0112", "the node '%s' has the gateway's address"},
    {"KS0112",
     "the node '%s' has the endpoint's address; that must be one of its own"},
    {"KS0113", "%zu nodes cannot share the address %s; write %s+ to count up"},
    {"KS0113", "%zu nodes cannot share one MAC address; write %s+ to count up"},
    {"KS0113",
     "'mac' is '%s', but its vendor has no %zu addresses from there on"},
    {"KS0114", "more than %d nodes"},
    {"KS0120", "the network '%s' (%s) overlaps '%s' (%s)"},
    {"KS0121", "the network %s has no room for a router and a node; /30 is "
               "the smallest"},
    {"KS0121", "the subnet %s has no room for a cluster; /29 is the smallest"},
    {"KS0122", "the pod network must be a /%d to /%d, as kubeadm wants it: "
               "each node has a /%d of it"},
    {"KS0122", "the pod network %s has no room for a /24 on each of %zu nodes"},
    {"KS0123",
     "the service network must be a /12 to /24, as the API server wants it"},
    {"KS0124", "%s %s is in the network '%s' (%s): %s"},
    {"KS0125", "the name server %s is no machine's address, but the first or "
               "last one of the subnet"},
    {"KS0126", "the name server %s is the node '%s', and no node answers DNS "
               "unless you make it"},
    {"KS0126", "the name server %s is the endpoint's address, and no node "
               "answers DNS there"},
    {"KS0135", "without a gateway nodes have no name server, and CoreDNS does "
               "not start without one; write network.dns"},
    {"KS0127",
     "of %zu name servers only the first %d are asked (resolv.conf(5))"},
    {"KS0128", "the pod network %s has a /%d for %zu nodes, and there are %zu: "
               "the others get none from Kubernetes"},
    {"KS0129", "cni %s gives each of %zu nodes a route to each other; for "
               "more than %d an overlay network that learns them is the right "
               "one: write `cni: flannel`, or `none` and install it in the "
               "cluster"},
    {"KS0150", "with cni %s pods' packets do not travel in VXLAN; leave out "
               "'vxlan', or write `cni: vxlan`"},
    {"KS0150", "with cni %s pods' packets are %d bytes smaller than "
               "'mtu', and IPv6 needs %d; write at least %d"},
    {"KS0152", "the payload '%s' has no images of %s; write `cni: vxlan`, "
               "which needs none, or another payload"},
    {"KS0152", "kubeseed knows of no %s for Kubernetes %s, only for %s and "
               "later; write `cni: vxlan`, or `none` and install one"},
    {"KS0152", "'flannel' is for cni flannel and canal, and this is %s; leave "
               "it out"},
    {"KS0152", "canal gives pods addresses of IPv4 alone; write `cni: calico` "
               "or `flannel`, or leave out ipv6"},
    {"KS0152",
     "canal's calico learns from the API server, and its flannel with "
     "it; write `store: api`"},
    {"KS0152", "flannel gives pods addresses of IPv6 by the API server alone; "
               "write `store: api`, or leave out ipv6"},
    {"KS0153", "every node has a certificate for etcd then, which the "
               "workstation makes: write `mode: offline` under pki, or "
               "`store: api`"},
    {"KS0153", "every node, workers too, can then read and write all that etcd "
               "holds, the cluster's secrets among it; `store: api` needs no "
               "such key"},
    {"KS0152", "the payload '%s' has no image %s, and cni %s needs it; add "
               "it, or write `cni: vxlan`"},
    {"KS0151", "the port %d of network.vxlan is one of those that services of "
               "type NodePort get on every node, %d to %d; where one gets it, "
               "pods of different nodes do not reach each other"},
    {"KS0130", "a route to %s would lead away from the cluster's own network "
               "'%s'; write another network"},
    {"KS0130", "the router %s is not in the card's network %s"},
    {"KS0130", "the router %s is the card's own address"},
    {"KS0130", "two routes lead to %s"},
    {"KS0130", "a card without an address leads to no router; write its "
               "address"},
    {"KS0130",
     "'%s' is '%s', which is everywhere: the way there is the key 'gateway'"},
    {"KS0113", "%zu nodes cannot share the %s %s; write %s+ to count up"},
    {"KS0131", "an interface needs a mac, or the name that its card has"},
    {"KS0132", "the card's network %s overlaps '%s' (%s), and nodes would not "
               "know by which card to answer"},
    {"KS0132", "from %s on the network %s has no addresses for %zu nodes"},
    {"KS0132", "two interfaces of a node have the name '%s'"},
    {"KS0132", "the networks %s and %s of one node's interfaces '%s' and '%s' "
               "overlap"},
    {"KS0133",
     "gateway: dhcp takes what a DHCP server tells, and the address is not "
     "from one; write address: dhcp, or the gateway's address"},
    {"KS0133",
     "a card without an address leads to no gateway; write its address"},
    {"KS0133", "the interfaces '%s' and '%s' of one node have a gateway both; "
               "one leads everywhere, for others write routes"},
    {"KS0136", "link is what a VLAN is on; write vlan, or leave it out"},
    {"KS0136",
     "a VLAN is on a card or bond and has its MAC address; write that as an "
     "interface of its own, and its name as link"},
    {"KS0136", "'%s' and '%s' are both VLAN %d of one card"},
    {"KS0136", "'link' is '%s', but must be the name of another interface of "
               "the node that is a card or a bond"},
    {"KS0136", "VLAN %d of the cluster's card is the subnet itself"},
    {"KS0136",
     "a VLAN cannot send larger packets than what it is on, which has %d"},
    {"KS0136", "'%s' is an interface, and a member of the bond '%s'; it cannot "
               "be both"},
    {"KS0136", "'%s' is twice a member of the bond '%s'"},
    {"KS0134", "the gateway %s is not in the subnet %s; nodes take it to be on "
               "the same wire (on-link)"},
    {"KS0145", "the router %s is no machine's address in its network %s"},
    {"KS0145", "nodes of the subnet find those of network.subnets by the "
               "gateway; write it"},
    {"KS0145", "nodes have IPv6 in one network only; leave out network.subnets "
               "or network.ipv6"},
    {"KS0145", "the node '%s' is in another network than the nodes before it, "
               "and with cni %s packets of pods are handed to the next node on "
               "the wire; write `cni: vxlan`"},
    {"KS0145", "the node '%s' may hold the endpoint's address %s, and has no "
               "card in its network %s; write an interface with an address "
               "there"},
    {"KS0137", "the card has the address %s already"},
    {"KS0137", "%s is no machine's address in the card's network %s"},
    {"KS0137", "a card without an address has no further ones; write its "
               "address"},
    {"KS0137", "%zu nodes cannot share further addresses; write an entry for "
               "each"},
    {"KS0160", "%s is no machine's address in the network %s, which the "
               "gateway has there"},
    {"KS0160", "the range holds %s, the address of %s; write one that has no "
               "machine's"},
    {"KS0160", "'%s' leads out, and who is there has addresses from elsewhere; "
               "write another interface"},
    {"KS0160", "'%s' is no interface of the gateway '%s' with an address of "
               "its own"},
    {"KS0160", "the range ends before it begins"},
    {"KS0160", "the broadcast address of %s is %s; write that, or leave it "
               "out"},
    {"KS0160", "two ranges are for one interface; write one"},
    {"KS0160", "there is no TFTP from which it could come; write tftp"},
    {"KS0161", "%zu gateways; one has the networks' addresses, and two would "
               "give the same ones to different machines"},
    {"KS0161", "no node has the role gateway, and no other does what stands "
               "here"},
    {"KS0161", "'%s' is no interface of the gateway '%s'; it must be one of "
               "its 'interfaces'"},
    {"KS0140", "addresses of both families need Kubernetes 1.20 or later"},
    {"KS0140", "addresses of both families are what the feature gate "
               "IPv6DualStack switches off; leave one of the two out"},
    {"KS0140", "a subnet of IPv6 must be a /%d or larger"},
    {"KS0140", "the pods' network of IPv6 must be a /%d to /%d, as kubeadm "
               "wants it: each node has a /%d of it"},
    {"KS0140", "the services' network of IPv6 must be a /%d to /%d, as kubeadm "
               "wants it"},
    {"KS0140",
     "the pods' network %s has no room for a /%d on each of %zu nodes"},
    {"KS0140", "%s: the address %s %s the subnet %s"},
    {"KS0140", "%s: the subnet %s has no address like its one of IPv4; write "
               "ipv6, or a larger subnet"},
    {"KS0140", "the node '%s' has an address of IPv6, and the cluster no "
               "network of it; write network.ipv6"},
    {"KS0201", "no node has the role control-plane"},
    {"KS0202", "%zu control-plane nodes; at most %d"},
    {"KS0203", "one control-plane node is not highly available; three are"},
    {"KS0204", "%zu %s, but at most %d make sense: each write waits for a "
               "majority of them"},
    {"KS0204", "%zu %s: %zu etcd members survive no more failures than %zu do "
               "(%zu), and lose their quorum more easily; use %zu or %zu"},
    {"KS0205", "nodes of role etcd need etcd.mode external; with '%s' etcd "
               "runs on the control-plane nodes"},
    {"KS0205", "the node '%s' cannot have a member of etcd besides: %s"},
    {"KS0205", "etcd.mode is external, but no node has the role etcd"},
    {"KS0206", "one node of role etcd is not highly available; three are"},
    {"KS0207",
     "electionMs must be at least five times heartbeatMs (etcd refuses less)"},
    {"KS0208", "pki.mode copied needs etcd.mode stacked: with '%s' the etcd "
               "certificates must exist before the first boot, so their CA "
               "cannot be made on the first node"},
    {"KS0208",
     "discovery by token needs the CA's hash, and with pki.mode copied the CA "
     "is made on the first node; write `discovery: file`"},
    {"KS0209", "kubeadm before 1.31 makes RSA keys of 2048 bits alone; write "
               "rsa-2048 or ecdsa-p256"},
    {"KS0209", "kubeadm before 1.34 makes no keys on the curve P-384; write "
               "ecdsa-p256 or rsa-2048"},
    {"KS0209", "kubeadm before 1.19 makes no ECDSA keys; write `pki: "
               "{algorithm: rsa-2048}`"},
    {"KS0240", "a certificate cannot outlive its CA, for which pki.validity.ca "
               "is %s"},
    {"KS0240", "with pki.mode copied kubeadm makes the CAs, and before 1.31 "
               "for ten years; leave it out, or write pki.mode offline"},
    {"KS0240", "with pki.mode copied kubeadm makes all certificates, and "
               "before 1.31 for a year; leave it out"},
    {"KS0240", "kubeadm before 1.31 makes its own certificates for a year; "
               "this is for those of etcd and the administrator"},
    {"KS0241",
     "a CA without its key: with the bootstrapper kubeadm nodes get "
     "certificates from the cluster when they join, which signs them with that "
     "key. Write `bootstrapper: static-pods` under kubernetes, with which all "
     "are made and signed before; or let the key that stays elsewhere sign a "
     "CA for this cluster (an intermediate), and name that one's certificate "
     "and key"},
    {"KS0241", "a CA without its key: kubeadm makes the certificates of a "
               "stacked etcd's members on their nodes, with that key. Write "
               "`etcd: {mode: founding}`, or name the key"},
    {"KS0241", "a CA's key without its certificate; write cert as well"},
    {"KS0241", "with pki.mode copied the first node makes this one; write "
               "pki.mode offline, or leave it out"},
    {"KS0241", "pki.authorities.%s: %s"},
    {"KS0241", "'%s' cannot be pki.authorities.%s: %s"},
    {"KS0241", "pki.authorities.%s has the key of %s: each must have its own, "
               "or who is let in by the one is by the other"},
    {"KS0210", "the provider %s needs nodes of the role load-balancer, two for "
               "high availability"},
    {"KS0210", "nodes of the role load-balancer need the provider haproxy, "
               "nginx or pacemaker, not %s"},
    {"KS0211", "one load balancer is a single point of failure; two are not"},
    {"KS0212", "%zu load balancers; one at a time holds the endpoint, at most "
               "%d make sense"},
    {"KS0026", "'%s' is '%s', but the second network, of IPv6, has its own key "
               "under network.ipv6; write %s"},
    {"KS0020",
     "'%s' is '%s', but certificates, etcd and other nodes' seeds have "
     "a node's address from the beginning: reserve one for its MAC "
     "address at the DHCP server, and write that one here (with "
     "network.addresses dhcp the node asks for it)"},
    {"KS0213", "the provider external needs endpoint.address, the address of "
               "your load balancer, or endpoint.name, its DNS name"},
    {"KS0135",
     "nodes know the endpoint by its DNS name alone, and have no name "
     "server; write network.dns, or endpoint.address"},
    {"KS0135", "the time server '%s' is a DNS name, and nodes have no name "
               "server; write network.dns, or its address"},
    {"KS0217", "with the provider %s the API servers answer at the endpoint "
               "themselves, and they are at %d; for another port write "
               "provider: haproxy, nginx, pacemaker or external"},
    {"KS0217",
     "the endpoint's port is %d, where sshd listens; write another one"},
    {"KS0214", "with the provider first-node the endpoint is the address of "
               "'%s', %s; leave it out"},
    {"KS0215", "the endpoint is the first node: when it is down, so is the "
               "API; this is not highly available"},
    {"KS0216", "statsPort is the endpoint's own port; write another one"},
    {"KS0216", "statsPort is %d, where sshd listens; write another one"},
    {"KS0301", "the payload '%s' is Kubernetes %s, not %s; write 'version: "
               "%s', or another payload"},
    {"KS0308", "the images of the payload '%s' are called '%s/...', and "
               "kubeadm asks for '%s/...'; %s"},
    {"KS0309", "the payload '%s' is made for %s, and this machine is %s; use "
               "one that was made for it"},
    {"KS0309", "the bundle '%s' has the packages of Debian's %s, and the image "
               "is Debian %d, %s; make the bundle with the same "
               "'image.debian'"},
    {"KS0302", "%s; write 'debian', 'pkgs.k8s.io', a folder with a "
               "manifest.json or a bundle"},
    {"KS0303", "'%s' is for the payload pkgs.k8s.io, and this one is '%s'"},
    {"KS0304", "pkgs.k8s.io has Kubernetes from 1.24 on; for %s name a mirror "
               "that has it, or a folder, in kubernetes.payload"},
    {"KS0305", "Kubernetes %s is newer than %s, the newest that this kubeseed "
               "knows; it is treated as that one"},
    {"KS0306", "Kubernetes %s wants containerd 2, as all from %s on, and "
               "Debian %d has containerd 1: its nodes will not be Ready; name "
               "an archive of containerd 2 in image.containerd"},
    {"KS0310", "'%s' has the SHA-256 %s and not that of 'sha256', %s; fetch "
               "it again, or write the right one"},
    {"KS0307", "'%s' names the file '%s': %s; write where it is, or leave it "
               "out"},
    {"KS0401", "the disk of '%s' is smaller than image.disk"},
    {"KS0402", "%s must be at least %uM, in whole MiB"},
    {"KS0403",
     "'%s' has less memory than kubeadm wants for a control plane, %dM"},
    {"KS0403",
     "'%s' has fewer processors than kubeadm wants for a control plane, %d"},
    {"KS0501",
     "a kubelet may not give itself the label '%s' (NodeRestriction); set it "
     "when the cluster runs: kubectl label node %s %s"},
    {"KS0502", "the kubelet sets the label '%s' itself, to '%s'; with another "
               "value pods are not placed as they ask"},
    {"KS0504", "the bootstrapper %s is for Kubernetes 1.%d and newer; write "
               "kubeadm, or a newer version"},
    {"KS0504", "with the bootstrapper %s the workstation makes all "
               "certificates, so it must have the CAs: write `mode: offline`"},
    {"KS0504", "a stacked etcd grows by kubeadm's joins, and with the "
               "bootstrapper %s nobody joins; write founding or external"},
    {"KS0504", "with the bootstrapper systemd there is no pod that could be "
               "patched; write extraArgs and extraVolumes"},
    {"KS0504", "the bootstrapper static-pods patches the control plane's pods "
               "alone; write kubelet.extraArgs, or change CoreDNS when the "
               "cluster runs"},
    {"KS0504", "with the bootstrapper %s nobody joins, so %s.%s means nothing; "
               "leave it out"},
    {"KS0504", "what is renewed on a node is what kubeadm made there; with the "
               "bootstrapper %s the certificates come with the seeds, which "
               "`kubeseed seed` makes anew (the manual, WITHOUT KUBEADM)"},
    {"KS0502", "the kubelet sets the label '%s' itself, to each node's name; "
               "with another value pods are not placed as they ask"},
    {"KS0503",
     "labels and taints belong to Kubernetes nodes; '%s' has the role %s"},
    {"KS0503", "labels and taints belong to Kubernetes nodes: workers and "
               "control planes"},
    {"KS0601", "the first user is the one that kubeseed logs in as, so its "
               "sudo must be nopasswd; write another user first"},
    {"KS0601", "the first user is the one that kubeseed logs in as, so its "
               "shell cannot be /usr/sbin/nologin; write another user first"},
    {"KS0602",
     "sudo asks '%s' for a password, and there is none; write password"},
    {"KS0603", "nobody can log in as '%s' without sshKeys: the cluster's own "
               "key lets in the first user only"},
    {"KS0604", "'%s' is in the group of that name without this; leave it out"},
    {"KS0604", "the group '%s' is made with the user of that name; write that "
               "user before this one"},
    {"KS0701", "the file '%s' cannot be one of yours: it %s"},
    {"KS0701",
     "the file '%s' is one that kubeseed lays down itself; write another path"},
    {"KS0702", "the file '%s' needs either content or source"},
    {"KS0703", "two files have the path '%s'"},
    {"KS0704", "the setting '%s' must stay 1: pods are reached through it"},
    {"KS0704", "the setting '%s' must stay 0: nodes have addresses of IPv6"},
    {"KS0705", "the file '%s' would have to be a folder, for '%s'"},
    {"KS0706",
     "the kubelet sets '%s' to %s when it starts, whatever is written here"},
    {"KS0707", "the setting '%s' is there only with the module %s, and nodes "
               "wait for it; write modules: [%s]"},
    {"KS0708", "the source of '%s': %s"},
    {"KS0821", "nothing is said of the registry '%s'; write mirrors, ca or "
               "credentials"},
    {"KS0822", "credentials are for one registry; write its name in place of "
               "'*'"},
    {"KS0823", "two registries have the name '%s'; write their mirrors in one "
               "list"},
    {"KS0824", "the file '%s' is written where registries are; write it there "
               "as well"},
    {"KS0825", "the file of this registry: %s"},
    {"KS0825", "the file of this registry, '%s': it %s"},
    {"KS0020", "the argument '%s' must be %s"},
    {"KS0020", "the argument '%s' must be one line of text"},
    {"KS0020", "the feature gate '%s' must be %s"},
    {"KS0020", "the feature gate '%s' must be true or false"},
    {"KS0814", "the argument '%s' follows from auditPolicy; write one of the "
               "two"},
    {"KS0817", "the argument '%s' follows from encryptionAtRest; write one of "
               "the two"},
    {"KS0818", "the patch '%s': %s"},
    {"KS0818", "the patch '%s', at %s: %s"},
    {"KS0818", "the patch '%s' %s"},
    {"KS0818", "more than %d patches"},
    {"KS0819", "etcd is no pod of kubeadm's with etcd.mode '%s'; write "
               "arguments for it in etcd.extraArgs"},
    {"KS0819", "kubeadm patches the kubelets' configuration from 1.25 on; "
               "write kubernetes.kubelet.extraArgs"},
    {"KS0819", "kubeadm patches CoreDNS from 1.32 on; write what is to be in "
               "its place as one of the manifests"},
    {"KS0819", "kubeadm takes patches from 1.19 on"},
    {"KS0815", "'%s' is no audit policy: it has no lines `apiVersion: "
               "audit.k8s.io/v1` and `kind: Policy`"},
    {"KS0020", "'%s' stands twice in '%s'"},
    {"KS0020", "the claim '%s' must be %s"},
    {"KS0020", "the claim '%s' must be one line of text without ','"},
    {"KS0841", "Kubernetes has the admission plugin '%s' from 1.%d on, and an "
               "API server does not start with one that it does not know"},
    {"KS0841", "Kubernetes has no admission plugin '%s' from 1.%d on, and an "
               "API server does not start with one that it does not know"},
    {"KS0841", "the admission plugin '%s' is not known here; an API server "
               "does not start with one that it does not know"},
    {"KS0841", "the admission plugin '%s' stands in both lists; write it in "
               "one"},
    {"KS0841", "without NodeRestriction a kubelet may change other nodes and "
               "read their secrets; leave it out"},
    {"KS0842", "the port %d is %s's, and a service could get it; write a "
               "range without it"},
    {"KS0842", "the first port, %d, is above the last, %d"},
    {"KS0843", "no node has such an address, for there is no cloud to give it "
               "one; write InternalIP or Hostname, too"},
    {"KS0844", "Kubernetes before 1.17 asks in v1beta1 alone; write that"},
    {"KS0844", "the kubeconfig '%s', at %s: %s"},
    {"KS0844", "the kubeconfig '%s' %s"},
    {"KS0844",
     "the kubeconfig '%s' names '%s', which API servers do not have: put what "
     "is in it there (certificate-authority-data and the like), or bring it by "
     "files and apiServer.extraVolumes"},
    {"KS0844", "'%s' is no text"},
    {"KS0845", "the file of the issuer's CA, '%s': it %s"},
    {"KS0847", "two tokens are for the user '%s'; write its groups in one "
               "entry"},
    {"KS0847", "the token of '%s': %s"},
    {"KS0847", "the token of '%s', in '%s', %s"},
    {"KS0847", "the token of '%s' is that of '%s'; write another one"},
    {"KS0020", "'%s' has no '%s', but %s"},
    {"KS0020", "'%s' of '%s' must be %s"},
    {"KS0848", "a pod asks at most three name servers; leave %zu out"},
    {"KS0848", "nobody answers at %s but a service that one of the manifests "
               "makes, with this clusterIP"},
    {"KS0849", "nothing of the %s of '%s' is left for pods: kubernetes.kubelet "
               "reserves as much"},
    {"KS0846", "the argument '%s' follows from %s.%s; write one of the two"},
    {"KS0020", "the argument '%s' must be without a '"},
    {"KS0811", "the argument '%s' cannot be one of yours: it %s"},
    {"KS0811", "nodes of the role %s have no kubelet"},
    {"KS0812", "this takes the place of kubeadm's NodeRestriction; write it "
               "there, too"},
    {"KS0816", "the pod has something at '%s' already; write another "
               "mountPath"},
    {"KS0711", "annotations of more than 128 KiB; an API server takes 256 KiB "
               "of all that a node has"},
    {"KS0813", "kube-proxy has nftables from 1.31 on; write iptables or ipvs"},
    {"KS0801",
     "'%s' is not fetched: seeds are the same whenever they are made, "
     "and nodes need no network; fetch it once with curl -LO, and "
     "name the file"},
    {"KS0802", "more than %d manifests; put them into a folder"},
    {"KS0861", "'%s' is a setting of %s, and this is %s; leave it out"},
    {"KS0862", "the add-on %s stands twice"},
    {"KS0864", "the payload '%s' has no images of %s; leave it out, or write "
               "another payload"},
    {"KS0864", "the payload '%s' has no image %s, and the add-on %s needs it; "
               "add it, or leave the add-on out"},
    {"KS0864", "kubeseed knows of no %s for Kubernetes %s, only for %s and "
               "later; leave it out"},
    {"KS0865", "%s is among the addresses that services get, and it is %s; "
               "write a range without it"},
    {"KS0865", "no network of the nodes has all of %s; nobody there asks for "
               "these addresses unless a router leads them to the nodes' wire"},
    {"KS0865", "%s has the first or the last address of the network %s, which "
               "is no machine's; write a range without it"},
    {"KS0865", "the first address of %s is behind the last"},
    {"KS0865", "%s is in the network of %s, %s, which is known within the "
               "cluster alone; write addresses of the nodes' network"},
    {"KS0865", "metallb has no addresses to give to services; write "
               "`addresses: [192.168.4.200-192.168.4.220]`, with some that "
               "nobody has"},
    {"KS0865", "with kube-proxy's mode ipvs every node would answer for the "
               "addresses of metallb; write iptables or nftables in "
               "kubernetes.kubeProxy.mode"},
    {"KS0866", "the add-on %s %s"},
    {"KS0867", "nodes have no name server, so kube-dns answers for names of "
               "the cluster alone; write network.dns"},
    {"KS0863", "no node takes pods that could have such a volume; add a "
               "worker, or write `taints: []` on a control plane"},
    {"KS0863", "%d volumes on each of %zu nodes are more than %d, for which "
               "the first node would ask minutes at each boot; write fewer, or "
               "bring a provisioner by manifests"},
    {"KS0863", "'%s' has what is the node's own; write a folder like "
               "/srv/volumes"},
    {"KS0803", "the manifest '%s': %s"},
    {"KS0804", "'%s' takes the image %s, which is not among kubernetes.images: "
               "a node without a way to its registry cannot start it"},
    {"KS0870",
     "kubelets' certificates are approved here from Kubernetes 1.%d on; write "
     "`own`, or a newer version"},
    {"KS0870",
     "the cluster signs these with the key of its CA, and "
     "pki.authorities.kubernetes has none; write `own`, or name the key"},
    {"KS0871", "kubeadm marks the node that a control plane has joined as, and "
               "waits for it; write `bootstrapper: static-pods` or `systemd`, "
               "or leave it out"},
    {"KS0871", "without workers no node is left that takes pods; write "
               "`registered`, or a node of the role worker"},
    {"KS0871", "the network of pods runs in pods, of which control planes get "
               "none: their API servers reach no webhook or aggregated API"},
    {"KS0871", "with kubelet.controlPlanes absent '%s' is no node of "
               "Kubernetes, which could have %s"},
    {"KS0871", "with kubelet.controlPlanes absent control planes are no "
               "nodes of Kubernetes, which could have %s"},
    {"KS0872", "the port %d of control planes is %s's; write another"},
    {"KS0872",
     "a service could get the port %d; write one outside of %d to %d"},
    {"KS0709", "annotations belong to Kubernetes nodes: workers and control "
               "planes"},
    {"KS0709", "Kubernetes sets the annotation '%s' itself; leave it out"},
    {"KS0720", "the kernel's argument '%s' cannot be one of yours: %s"},
    {"KS0721",
     "the arguments for the kernel of '%s' are longer than %d letters"},
    {"KS0722", "no disk can be mounted at '%s', which nodes need before it "
               "is; write a folder like /var/lib/etcd, /var/lib/containerd or "
               "/srv"},
    {"KS0723", "'%s' may be another disk after a boot; write a name below "
               "/dev/disk, such as /dev/disk/by-id/..."},
    {"KS0724", "the disk's name '%s' is longer than %d letters"},
    {"KS0724", "two disks have the name '%s'"},
    {"KS0724", "the disks '%s' and '%s' of '%s' %s"},
    {"KS0725", "cloud-init's '%s' cannot be one of yours: %s"},
    {"KS0726", "cloud-init's '%s' must be %s"},
    {"KS0726", "an entry of cloud-init's '%s' must be a text, or a list of "
               "texts"},
    {"KS0727", "the file '%s' follows from the spec's proxy"},
    {"KS0727", "nothing is said of the proxy; write http"},
    {"KS0728", "the file of certificates: %s"},
    {"KS0728", "the file of certificates, '%s': it %s"},
    {"KS0020", "an entry of '%s' must be the name of a file"},
    {"KS0729", "the file '%s' follows from %s"},
    {"KS0710", "two entries are for the role %s"},
    {"KS0710", "no node has the role %s"},
};

const struct code *code_find(const char *name) {
  for (const struct code *c = spec_codes; c->name; c++)
    if (strcmp(c->name, name) == 0)
      return c;
  return NULL;
}

const struct code *code_of(const char *format) {
  for (size_t i = 0; format && i < ARRAY_SIZE(told); i++)
    if (strcmp(told[i].format, format) == 0)
      return code_find(told[i].code);
  return spec_codes;
}

void codes_add(struct error *err) {
  for (size_t i = 0; i < err->n_faults; i++)
    if (err->faults[i].where)
      err->faults[i].code = code_of(err->faults[i].format)->name;
}
