/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/table.h"

#include "base/buf.h"
#include "base/mem.h"
#include "spec/settings.h"
#include "spec/spec.h"
#include "spec/tokens.h"
#include <string.h>

static void *add_user(void *list) {
  return spec_user_vec_add(list);
}

static void *add_node(void *list) {
  return spec_node_vec_add(list);
}

static void *add_route(void *list) {
  return spec_route_vec_add(list);
}

static void *add_subnet(void *list) {
  return spec_subnet_vec_add(list);
}

static void *add_interface(void *list) {
  return spec_interface_vec_add(list);
}

static void *add_role(void *list) {
  return spec_role_vec_add(list);
}

static void *add_file(void *list) {
  return spec_file_vec_add(list);
}

static void *add_registry(void *list) {
  return spec_registry_vec_add(list);
}

static void *add_addon(void *list) {
  return spec_addon_vec_add(list);
}

static void *add_disk(void *list) {
  return spec_disk_vec_add(list);
}

static void *add_token(void *list) {
  return spec_token_vec_add(list);
}

static void *add_dhcp(void *list) {
  return spec_dhcp_vec_add(list);
}

static void *add_volume(void *list) {
  return spec_volume_vec_add(list);
}

/* Hours: what is renewed with 30 days left would else be so at once, and more
 * is a slip. */
#define PERIOD_MIN (60 * 24)
#define PERIOD_MAX (100 * 365 * 24)

#define AT(member) offsetof(struct spec, member)
#define AT_API(member) AT(kubernetes.api.member)
#define AT_TOKEN(member) offsetof(struct spec_token, member)
#define AT_USER(member) offsetof(struct spec_user, member)
#define AT_NODE(member) offsetof(struct spec_node, member)
#define AT_ROLE(member) offsetof(struct spec_role, member)
#define AT_FILE(member) offsetof(struct spec_file, member)
#define AT_ADDON(member) offsetof(struct spec_addon, member)
#define AT_DISK(member) offsetof(struct spec_disk, member)
#define AT_DHCP(member) offsetof(struct spec_dhcp, member)
#define AT_ROUTE(member) offsetof(struct spec_route, member)
#define AT_SUBNET(member) offsetof(struct spec_subnet, member)
#define AT_CARD(member) offsetof(struct spec_interface, member)

/* Ways to other networks, by the card that the keys around are of. */
#define ROUTES(PREFIX, OFFSET, DOC)                                            \
  {PREFIX "routes",  TYPE_LIST,        "0.2",                                  \
   OFFSET,           .doc = DOC,       .derived = "none",                      \
   .add = add_route, .item = "a route"},                                       \
      {PREFIX "routes.to",                                                     \
       TYPE_NETWORK,                                                           \
       "0.2",                                                                  \
       AT_ROUTE(to),                                                           \
       .doc = "The network that it leads to.",                                 \
       .required = true,                                                       \
       .example = "10.50.0.0/16",                                              \
       .also = "destination dest network"},                                    \
  {                                                                            \
    PREFIX "routes.via", TYPE_ADDRESS, "0.2", AT_ROUTE(via),                   \
        .doc = "The router on this side.", .required = true,                   \
        .example = "192.168.4.254", .also = "gateway nextHop gw router"        \
  }

/* Several cards that are one. */
#define BOND(PREFIX, MEMBERS, MODE, DOC)                                       \
  {PREFIX "bond", TYPE_MAP,                                                    \
   "0.2",         0,                                                           \
   .doc = DOC,    .also = "bonding team lacp lag"},                            \
      {PREFIX "bond.members",                                                  \
       TYPE_MEMBERS,                                                           \
       "0.2",                                                                  \
       MEMBERS,                                                                \
       .doc = "Its cards: each by the name that Debian gives it, or by its "   \
              "MAC address, with a + to count up.",                            \
       .required = true,                                                       \
       .example = "[eno1, eno2]",                                              \
       .also = "interfaces slaves cards ports"},                               \
  {                                                                            \
    PREFIX "bond.mode", TYPE_WORD, "0.2", MODE,                                \
        .doc = "How they share the work.", .value = "active-backup",           \
        .words = bond_words                                                    \
  }

/* Further network cards of all nodes, or of those of one entry. */
#define INTERFACES(PREFIX, OFFSET, WHERE, MORE)                                \
  {PREFIX "interfaces",                                                        \
   TYPE_LIST,                                                                  \
   "0.2",                                                                      \
   OFFSET,                                                                     \
   .doc = "Further network cards " WHERE ", besides the one over which the "   \
          "cluster talks, which has the name kube0. Nodes are not ready any "  \
          "later for them." MORE,                                              \
   .derived = "none, and any other card asks for an address by DHCP and takes" \
              " neither routes nor name servers",                              \
   .add = add_interface,                                                       \
   .item = "an interface",                                                     \
   .also = "nics networks ethernets networkInterfaces extraInterfaces"},       \
      {PREFIX "interfaces.name",                                               \
       TYPE_IF_NAME,                                                           \
       "0.2",                                                                  \
       AT_CARD(name),                                                          \
       .doc = "What the card is called. Without mac it is the card to which "  \
              "Debian gives this name; with it the card gets the name.",       \
       .derived = "net1, net2 and so on",                                      \
       .example = "enp0s3",                                                    \
       .also = "device interface setName set-name"},                           \
      {PREFIX "interfaces.mac",                                                \
       TYPE_MAC,                                                               \
       "0.2",                                                                  \
       AT_CARD(mac),                                                           \
       .doc = "The card's MAC address, with a + to count up. Machines that "   \
              "kubeseed makes have a card for each interface with one.",       \
       .derived = "the card is known by its name",                             \
       .example = "52:54:00:12:34:57",                                         \
       .also = "macAddress macaddr hwaddr mac_address macaddress match"},      \
      {PREFIX "interfaces.address",                                            \
       TYPE_IF_ADDRESS,                                                        \
       "0.2",                                                                  \
       AT_CARD(address),                                                       \
       .doc = "Its address with the prefix, with a + to count up, or dhcp.",   \
       .derived = "none",                                                      \
       .example = "10.0.0.5/24",                                               \
       .also = "addresses ip ipAddress ipv4 dhcp dhcp4 cidr"},                 \
      {PREFIX "interfaces.ipv6",                                               \
       TYPE_IF_ADDRESS6,                                                       \
       "0.2",                                                                  \
       AT_CARD(address6),                                                      \
       .doc = "Its address of IPv6 with the prefix, with a + to count up.",    \
       .derived = "none",                                                      \
       .example = "fd00:9::5/64",                                              \
       .also = "address6 ip6 ipv6Address"},                                    \
      {PREFIX "interfaces.moreAddresses",                                      \
       TYPE_ADDRESSES,                                                         \
       "0.2",                                                                  \
       AT_CARD(more),                                                          \
       .doc = "Further addresses of it, in the network of address; of one "    \
              "machine.",                                                      \
       .derived = "none",                                                      \
       .example = "[10.0.0.254]",                                              \
       .also = "secondaryAddresses aliases extraAddresses"},                   \
      {PREFIX "interfaces.gateway",                                            \
       TYPE_IF_GATEWAY,                                                        \
       "0.2",                                                                  \
       AT_CARD(gateway),                                                       \
       .doc = "The router that leads everywhere else, in place of "            \
              "network.gateway; or dhcp, with address: dhcp.",                 \
       .derived = "none this way",                                             \
       .example = "10.0.0.1",                                                  \
       .also = "router defaultGateway gw gateway4 defaultRoute"},              \
      {PREFIX "interfaces.mtu",                                                \
       TYPE_INT,                                                               \
       "0.2",                                                                  \
       AT_CARD(mtu),                                                           \
       .doc = "The largest packet that it sends, in bytes.",                   \
       .derived = "the card's own, mostly 1500",                               \
       .min = 576,                                                             \
       .max = 65535,                                                           \
       .example = "9000"},                                                     \
      ROUTES(PREFIX "interfaces.", AT_CARD(routes),                            \
             "Networks that are reached through this card, besides its own."), \
      {PREFIX "interfaces.vlan",                                               \
       TYPE_INT,                                                               \
       "0.2",                                                                  \
       AT_CARD(vlan),                                                          \
       .doc = "It is no card but this VLAN (IEEE 802.1Q) of one.",             \
       .derived = "none: it is a card, or a bond",                             \
       .min = 1,                                                               \
       .max = 4094,                                                            \
       .example = "42",                                                        \
       .also = "vlanId vlan_id tag"},                                          \
      {PREFIX "interfaces.link",                                               \
       TYPE_IF_NAME,                                                           \
       "0.2",                                                                  \
       AT_CARD(link),                                                          \
       .doc = "With vlan: the interface, one of this list, whose VLAN it is.", \
       .derived = "the card, or bond, of the cluster's network",               \
       .example = "net1",                                                      \
       .also = "parent on vlanLink"},                                          \
      BOND(PREFIX "interfaces.", AT_CARD(bond.members), AT_CARD(bond.mode),    \
           "It is no card but several that are one; each of them is named "    \
           "here alone. mac is then the bond's own.")
#define AT_REGISTRY(member) offsetof(struct spec_registry, member)
#define AT_VOLUME(member) offsetof(struct spec_volume, member)

/* What a component of Kubernetes is told; a row of its volumes, for those that
 * are pods. */
#define ARGUMENTS(PREFIX, WHICH, WHAT)                                         \
  {                                                                            \
    PREFIX "extraArgs", TYPE_ARGUMENTS, "0.2",                                 \
        AT(kubernetes.components[WHICH].args),                                 \
        .doc = "Arguments of " WHAT ", by their names without the dashes. "    \
               "Those on which kubeadm or kubeseed stands are refused.",       \
        .derived = "none", .example = "{v: 2}",                                \
        .also = "args flags extra_args"                                        \
  }
/* What the kubelets of a role or of an entry are told besides. */
#define KUBELET(PREFIX, BASE, WHERE)                                           \
  {PREFIX "kubelet", TYPE_MAP, "0.2", 0,                                       \
   .doc = "The kubelet of each node " WHERE "."},                              \
  {                                                                            \
    PREFIX "kubelet.extraArgs", TYPE_ARGUMENTS, "0.2",                         \
        BASE(extras.kubelet_args),                                             \
        .doc = "Its arguments, as those of kubernetes.kubelet. What is for "   \
               "all nodes is so here too, unless the same stands here.",       \
        .derived = "none", .example = "{max-pods: 50}",                        \
        .also = "args flags extra_args"                                        \
  }
#define VOLUMES(PREFIX, WHICH)                                                 \
  {PREFIX "extraVolumes",                                                      \
   TYPE_LIST,                                                                  \
   "0.2",                                                                      \
   AT(kubernetes.components[WHICH].volumes),                                   \
   .doc = "Files and folders of the control-plane nodes that its pod sees.",   \
   .derived = "none",                                                          \
   .add = add_volume,                                                          \
   .item = "a volume",                                                         \
   .also = "volumes"},                                                         \
      {PREFIX "extraVolumes.hostPath",                                         \
       TYPE_PATH,                                                              \
       "0.2",                                                                  \
       AT_VOLUME(host_path),                                                   \
       .doc = "Where it is on the node; `files` can bring it.",                \
       .required = true,                                                       \
       .example = "/etc/oidc"},                                                \
      {PREFIX "extraVolumes.mountPath",                                        \
       TYPE_PATH,                                                              \
       "0.2",                                                                  \
       AT_VOLUME(mount_path),                                                  \
       .doc = "Where it is in the pod.",                                       \
       .derived = "the same",                                                  \
       .example = "/etc/oidc"},                                                \
  {                                                                            \
    PREFIX "extraVolumes.access", TYPE_WORD, "0.2", AT_VOLUME(access),         \
        .doc = "What the pod may do with it.", .value = "read-only",           \
        .words = access_words, .also = "readOnly mode"                         \
  }

/* What an author can add to all nodes, below "roles." to those of a role and,
 * below "nodes.", to those of one entry; the narrower come behind. */
#define EXTRAS(PREFIX, BASE, WHERE, SAME, BEHIND)                              \
  {PREFIX "files",                                                             \
   TYPE_LIST,                                                                  \
   "0.2",                                                                      \
   BASE(extras.files),                                                         \
   .doc =                                                                      \
       "Files of your own " WHERE "; they are there when the first boot's "    \
       "steps begin. Those that kubeseed lays down itself are refused." SAME,  \
   .derived = "none",                                                          \
   .add = add_file,                                                            \
   .item = "a file",                                                           \
   .also = "writeFiles write_files"},                                          \
      {PREFIX "files.path",                                                    \
       TYPE_PATH,                                                              \
       "0.2",                                                                  \
       AT_FILE(path),                                                          \
       .doc = "Where it lies on the node.",                                    \
       .required = true,                                                       \
       .example = "/etc/motd",                                                 \
       .also = "dest destination target"},                                     \
      {PREFIX "files.content",                                                 \
       TYPE_CONTENT,                                                           \
       "0.2",                                                                  \
       AT_FILE(content),                                                       \
       .doc = "What is in it; or write source.",                               \
       .derived = "what source has",                                           \
       .example = "hello",                                                     \
       .also = "contents text data"},                                          \
      {PREFIX "files.source",                                                  \
       TYPE_TEXT,                                                              \
       "0.2",                                                                  \
       AT_FILE(source),                                                        \
       .doc =                                                                  \
           "A file to take the content from, at most 1M; its name begins at "  \
           "the spec's folder.",                                               \
       .derived = "content is written here",                                   \
       .example = "motd",                                                      \
       .also = "src file"},                                                    \
      {PREFIX "files.mode",                                                    \
       TYPE_MODE,                                                              \
       "0.2",                                                                  \
       AT_FILE(mode),                                                          \
       .doc = "Who may read, write and run it, in octal.",                     \
       .value = "0644",                                                        \
       .also = "permissions"},                                                 \
      {PREFIX "files.owner",                                                   \
       TYPE_OWNER,                                                             \
       "0.2",                                                                  \
       AT_FILE(owner),                                                         \
       .doc = "Its user and group, two of the image's: users of the spec are " \
              "made "                                                          \
              "later.",                                                        \
       .value = "root:root"},                                                  \
      {PREFIX "sysctls",                                                       \
       TYPE_SYSCTLS,                                                           \
       "0.2",                                                                  \
       BASE(extras.sysctls),                                                   \
       .doc = "Settings of the kernel " WHERE ", as sysctl(8) has them. A "    \
              "container has its host's, and leaves them." SAME,               \
       .derived = "none",                                                      \
       .example = "{vm.max_map_count: 262144}",                                \
       .also = "sysctl"},                                                      \
      {PREFIX "modules",                                                       \
       TYPE_MODULES,                                                           \
       "0.2",                                                                  \
       BASE(extras.modules),                                                   \
       .doc = "Modules of the kernel that are loaded " WHERE ".",              \
       .derived = "none",                                                      \
       .example = "[nfs]",                                                     \
       .also = "kernelModules"},                                               \
      {PREFIX "kernelArguments",                                               \
       TYPE_KERNEL_ARGS,                                                       \
       "0.2",                                                                  \
       BASE(extras.arguments),                                                 \
       .doc =                                                                  \
           "Arguments of the kernel " WHERE ", behind the image's own" BEHIND  \
           ". A node that was started without them starts once "               \
           "more before its first step. A container has its host's.",          \
       .derived = "none",                                                      \
       .example = "[hugepages=64]",                                            \
       .also = "kernelArgs kernelParameters cmdline kernel_args"},             \
      {PREFIX "locale",                                                        \
       TYPE_LOCALE,                                                            \
       "0.2",                                                                  \
       BASE(extras.locale),                                                    \
       .doc = "In what language and form programs talk to who logs in " WHERE  \
              ", as far as Debian's have it without their "                    \
              "translations; the image has it baked in." SAME,                 \
       .derived = "C.UTF-8",                                                   \
       .example = "de_DE.UTF-8",                                               \
       .also = "lang language"},                                               \
      {PREFIX "keyboard",                                                      \
       TYPE_KEYBOARD,                                                          \
       "0.2",                                                                  \
       BASE(extras.keyboard),                                                  \
       .doc = "The layout of the keyboard at the console " WHERE ", as X.Org " \
              "calls it, behind a colon perhaps its variant; the image has "   \
              "console-setup for it." SAME,                                    \
       .derived = "us",                                                        \
       .example = "de:nodeadkeys",                                             \
       .also = "keymap keyboardLayout"},                                       \
      {PREFIX "cloudConfig",                                                   \
       TYPE_CLOUD,                                                             \
       "0.2",                                                                  \
       BASE(extras.cloud_config),                                              \
       .doc = "What cloud-init is told besides " WHERE ": apt, bootcmd, "      \
              "final_message, output, phone_home, reporting and runcmd, as "   \
              "its manual has them. Maps are merged key by key, lists come "   \
              "one behind the other" BEHIND ", and of anything else the "      \
              "narrower counts. Other keys of cloud-init are refused, with "   \
              "what to write. It runs until the node is a member.",            \
       .derived = "nothing",                                                   \
       .example = "{bootcmd: [\"ip link set eno2 up\"]}",                      \
       .also = "cloud_config userData user-data cloudInit"},                   \
      {PREFIX "disks",                                                         \
       TYPE_LIST,                                                              \
       "0.2",                                                                  \
       BASE(extras.disks),                                                     \
       .doc = "Further disks " WHERE ", each mounted at one place before "     \
              "anything else is done. An empty one gets a file system, ext4, " \
              "and what the image has at that place; one that holds anything " \
              "is left as it is, and the node waits. Machines that kubeseed "  \
              "makes under QEMU have these disks, containers a folder of "     \
              "their one." SAME,                                               \
       .derived = "none",                                                      \
       .add = add_disk,                                                        \
       .item = "a disk",                                                       \
       .also = "extraDisks volumes additionalDisks dataDisks"},                \
      {PREFIX "disks.name",                                                    \
       TYPE_NAME,                                                              \
       "0.2",                                                                  \
       AT_DISK(name),                                                          \
       .doc = "What it is called, at most 20 letters; the serial number of a " \
              "made machine's.",                                               \
       .required = true,                                                       \
       .example = "etcd",                                                      \
       .also = "serial label id"},                                             \
      {PREFIX "disks.mount",                                                   \
       TYPE_PATH,                                                              \
       "0.2",                                                                  \
       AT_DISK(mount),                                                         \
       .doc = "Where it is mounted, such as /var/lib/etcd, "                   \
              "/var/lib/containerd or /srv.",                                  \
       .required = true,                                                       \
       .example = "/var/lib/etcd",                                             \
       .also = "mountPoint path mountPath mountpoint"},                        \
      {PREFIX "disks.device",                                                  \
       TYPE_PATH,                                                              \
       "0.2",                                                                  \
       AT_DISK(device),                                                        \
       .doc = "Which disk or partition of a real machine it is, by a name "    \
              "that stays: one below /dev/disk.",                              \
       .derived = "/dev/disk/by-id/virtio-NAME",                               \
       .example = "/dev/disk/by-path/pci-0000:00:1f.2-ata-2",                  \
       .also = "disk dev"},                                                    \
      {PREFIX "disks.size",                                                    \
       TYPE_SIZE,                                                              \
       "0.2",                                                                  \
       AT_DISK(size),                                                          \
       .doc = "How large that of a made machine is, when it is made.",         \
       .value = "10G",                                                         \
       .also = "capacity"},                                                    \
      {PREFIX "annotations",                                                   \
       TYPE_NOTES,                                                             \
       "0.2",                                                                  \
       BASE(extras.annotations),                                               \
       .doc = "Annotations in Kubernetes " WHERE ", for workers and control "  \
              "planes; each node sets its own when it has joined." SAME,       \
       .derived = "none",                                                      \
       .example = "{example.com/rack: b7}",                                    \
       .also = "nodeAnnotations"},                                             \
      {PREFIX "commands",                                                      \
       TYPE_MAP,                                                               \
       "0.2",                                                                  \
       0,                                                                      \
       .doc = "Commands that root runs " WHERE ", once each" BEHIND            \
              ". A list that "                                                 \
              "fails is run again from its beginning, and the node is not "    \
              "ready before it "                                               \
              "has succeeded. What they print is in /var/log/kubeseed.log.",   \
       .also = "runcmd scripts hooks"},                                        \
      {PREFIX "commands.before",                                               \
       TYPE_COMMANDS,                                                          \
       "0.2",                                                                  \
       BASE(extras.before),                                                    \
       .doc = "Before the node does anything for its cluster.",                \
       .derived = "none",                                                      \
       .example = "[\"mkdir -p /srv/data\"]",                                  \
       .also = "pre preKubeadmCommands"},                                      \
  {                                                                            \
    PREFIX "commands.after", TYPE_COMMANDS, "0.2", BASE(extras.after),         \
        .doc = "When it is a member of its cluster. On a control plane "       \
               "kubectl is the cluster's administrator.",                      \
        .derived = "none", .example = "[\"touch /srv/joined\"]",               \
        .also = "post postKubeadmCommands"                                     \
  }

/* Labels: of all nodes, of those of a role, of those of an entry. */
#define LABELS(PREFIX, SINCE, BASE, WHERE, SAME)                               \
  {                                                                            \
    PREFIX "labels", TYPE_LABELS, SINCE, BASE(extras.labels),                  \
        .doc = "Labels in Kubernetes " WHERE ", for workers and control "      \
               "planes. Of those in kubernetes.io and k8s.io, a kubelet may "  \
               "set few." SAME,                                                \
        .derived = "none", .example = "{zone: a}", .also = "nodeLabels"        \
  }

#define TAINTS(PREFIX, SINCE, BASE, WHERE, INSTEAD)                            \
  {                                                                            \
    PREFIX "taints", TYPE_TAINTS, SINCE, BASE(extras.taints),                  \
        .doc = "Taints in Kubernetes " WHERE ", for workers and control "      \
               "planes" INSTEAD ". An empty list lets pods on to a "           \
               "control-plane node.",                                          \
        .derived = "kubeadm's own on a control plane, none on a worker",       \
        .example = "[\"dedicated=db:NoSchedule\"]", .also = "nodeTaints"       \
  }

#define SAME_AS_ALL                                                            \
  " What is for all nodes is so here too, unless the same stands here."

const struct key spec_keys[] = {
    {"apiVersion", TYPE_WORD, "0.1", AT(api),
     .doc = "The version of this format.", .required = true,
     .words = api_words},
    {"kind", TYPE_WORD, "0.1", AT(kind), .doc = "What the file describes.",
     .required = true, .words = kind_words},
    {"name", TYPE_NAME, "0.1", AT(name),
     .doc = "The cluster's name. MAC addresses and UUIDs of its machines are "
            "derived from it and the subnet, so two clusters on one wire need "
            "different names or subnets.",
     .required = true, .example = "demo", .also = "clusterName"},

    {"kubernetes", TYPE_MAP, "0.1", 0,
     .doc = "Which Kubernetes, and from where.", .required = true},
    {"kubernetes.version", TYPE_VERSION, "0.1", 0,
     .doc = "The version of Kubernetes, in full: 1.15.0 or newer. One "
            "after " VERSION_NEWEST " is treated as that one, with a warning.",
     .required = true, .example = "1.20.2", .also = "kubernetesVersion"},
    {"kubernetes.bootstrapper", TYPE_WORD, "0.1", AT(kubernetes.bootstrapper),
     .doc = "What makes a cluster of the nodes.", .value = "kubeadm",
     .words = bootstrapper_words},
    {"kubernetes.payload", TYPE_MAP, "0.1", 0,
     .doc = "Where the Kubernetes software comes from: its source alone, or a "
            "map with the source and its mirrors.",
     .brief = "source"},
    {"kubernetes.payload.source", TYPE_TEXT, "0.2", AT(kubernetes.payload),
     .doc = "One of this key's words, a folder with a manifest.json, or a "
            "bundle, as seen from the spec.",
     .derived = "debian for 1.20.2, the version that Debian has; else "
                "pkgs.k8s.io",
     .words = payload_words, .also = "src from"},
    {"kubernetes.payload.packages", TYPE_PACKAGES, "0.2",
     AT(kubernetes.from.packages),
     .doc = "A mirror of the packages of pkgs.k8s.io: the address above "
            "v1.34/deb, by https or http.",
     .derived = "the Kubernetes project's own",
     .example = "http://mirror.example/kubernetes/core:/stable:/",
     .also = "repository"},
    {"kubernetes.payload.registry", TYPE_REGISTRY, "0.2",
     AT(kubernetes.from.registry),
     .doc = "A mirror of registry.k8s.io, from which the images of pkgs.k8s.io "
            "come; with http:// in front it is asked without TLS. On the nodes "
            "they keep their own names.",
     .derived = "registry.k8s.io", .example = "mirror.example:5000/k8s",
     .also = "imageRepository"},
    {"kubernetes.payload.proxy", TYPE_PROXY, "0.2", AT(kubernetes.from.proxy),
     .doc = "A proxy through which packages and images of pkgs.k8s.io come.",
     .derived = "what http_proxy, https_proxy and no_proxy say",
     .example = "http://proxy.example:3128"},
    {"kubernetes.payload.key", TYPE_TEXT, "0.2", AT(kubernetes.from.key),
     .doc =
         "The file of the key that signs the packages of pkgs.k8s.io, as seen "
         "from the spec.",
     .derived =
         "the Kubernetes project's, fetched and known by its fingerprint",
     .example = "mirror.asc"},
    {"kubernetes.payload.ca", TYPE_TEXT, "0.2", AT(kubernetes.from.ca),
     .doc = "A file of certificate authorities, in PEM, that the mirrors' "
            "certificates are from, as seen from the spec.",
     .derived = "those of this machine alone", .example = "ca.pem"},
    {"kubernetes.images", TYPE_IMAGES, "0.2", AT(kubernetes.images),
     .doc = "Further container images that the nodes carry, from their own "
            "registries; for the payload pkgs.k8s.io.",
     .derived = "none", .example = "[docker.io/library/busybox:1.36]",
     .also = "extraImages additionalImages containerImages"},
    {"kubernetes.joinDays", TYPE_INT, "0.1", AT(kubernetes.join_days),
     .doc = "For how many days the bootstrap token is kept valid while nodes "
            "are missing; for one that comes later run kubeseed seed.",
     .value = "30", .min = 1, .max = 365, .also = "tokenTTL ttl"},
    {"kubernetes.clusterDomain", TYPE_DNS_NAME, "0.2",
     AT(kubernetes.cluster_domain),
     .doc = "The domain of services and pods, for which the cluster's own DNS "
            "answers.",
     .value = "cluster.local", .also = "dnsDomain serviceDomain"},
    {"kubernetes.featureGates", TYPE_GATES, "0.2", AT(kubernetes.feature_gates),
     .doc = "Feature gates of Kubernetes, for all of its components; one that "
            "the version does not know keeps them from starting.",
     .derived = "none", .example = "{SidecarContainers: true}",
     .also = "feature-gates"},
    {"kubernetes.encryptionAtRest", TYPE_WORD, "0.2", AT(kubernetes.encryption),
     .doc = "How API servers encrypt secrets before etcd has them. The key is "
            "made with the cluster's others; control planes alone have it.",
     .value = "none", .words = encryption_words,
     .also = "encryption secretsEncryption encryptSecrets encryptionConfig "
             "encryptionProvider encryptionProviderConfig kube_encrypt"},
    {"kubernetes.patches", TYPE_PATCHES, "0.2", AT(kubernetes.patches),
     .doc =
         "Files, as seen from the spec, with changes to what kubeadm writes "
         "on the nodes, in this order; by their names kubeadm knows what "
         "each is for, TARGET[SUFFIX][+TYPE].yaml or .json. Targets are "
         "kube-apiserver, kube-controller-manager, kube-scheduler, a stacked "
         "etcd, from 1.25 on kubeletconfiguration, on workers as well, and "
         "from 1.32 on corednsdeployment. What one takes away of that on "
         "which kubeseed stands is not looked at.",
     .derived = "none", .example = "[kube-apiserver+merge.yaml]",
     .also = "kubeadmPatches kubeadm_patches kubeadmConfigPatches"},
    {"kubernetes.apiServer", TYPE_MAP, "0.2", 0, .doc = "The API server.",
     .also = "apiserver kube-apiserver"},
    ARGUMENTS("kubernetes.apiServer.", COMPONENT_API_SERVER, "the API server"),
    {"kubernetes.apiServer.certSANs", TYPE_SANS, "0.2",
     AT(kubernetes.cert_sans),
     .doc = "Further names and addresses at which clients ask it, for its "
            "certificate.",
     .derived = "none", .example = "[api.example.org]",
     .also = "certSans apiServerCertSANs sans"},
    VOLUMES("kubernetes.apiServer.", COMPONENT_API_SERVER),
    {"kubernetes.apiServer.auditPolicy", TYPE_TEXT, "0.2",
     AT(kubernetes.audit_policy),
     .doc = "A file, as seen from the spec, with a Policy of audit.k8s.io: "
            "which requests API servers write to " AUDIT_LOGS "/audit.log, of "
            "which ten files of 100M are kept for 30 days.",
     .derived = "no log", .example = "audit.yaml",
     .also = "audit auditPolicyFile audit-policy-file"},
    {"kubernetes.apiServer.admissionPlugins", TYPE_MAP, "0.2", 0,
     .doc = "Plugins that look at what is asked for before it is done.",
     .also = "admission admissionControllers"},
    {"kubernetes.apiServer.admissionPlugins.enable", TYPE_PLUGINS, "0.2",
     AT_API(enable),
     .doc = "Those besides Kubernetes' own choice and NodeRestriction.",
     .derived = "none", .example = "[AlwaysPullImages]",
     .also = "enabled enableAdmissionPlugins enable-admission-plugins"},
    {"kubernetes.apiServer.admissionPlugins.disable", TYPE_PLUGINS, "0.2",
     AT_API(disable), .doc = "Those of Kubernetes' own choice that do nothing.",
     .derived = "none", .example = "[DefaultStorageClass]",
     .also = "disabled disableAdmissionPlugins disable-admission-plugins"},
    {"kubernetes.apiServer.eventTTL", TYPE_DURATION, "0.2", AT_API(event_ttl),
     .doc = "How long events are kept.", .derived = "Kubernetes' own, 1h",
     .example = "2h", .min = 60, .max = 30 * 24 * 3600,
     .also = "event-ttl eventTtl"},
    {"kubernetes.apiServer.nodePorts", TYPE_PORTS, "0.2", AT_API(node_ports),
     .doc = "The ports of nodes at which services of the type NodePort may "
            "answer, the first and the last.",
     .derived = "Kubernetes' own, 30000-32767", .example = "30000-32767",
     .also = "nodePortRange serviceNodePortRange service-node-port-range "
             "servicesNodePortRange"},
    {"kubernetes.apiServer.kubeletAddresses", TYPE_ADDRESS_TYPES, "0.2",
     AT_API(kubelet_addresses),
     .doc = "By which of a node's addresses API servers ask its kubelet, for "
            "logs and the like: the first that the node has.",
     .derived = "[InternalIP, ExternalIP, Hostname]",
     .example = "[InternalIP, InternalDNS, Hostname]",
     .also = "kubeletPreferredAddressTypes kubelet-preferred-address-types"},
    {"kubernetes.apiServer.tokens", TYPE_LIST, "0.2", AT_API(tokens),
     .doc = "Tokens that API servers know from a file, which control planes "
            "alone have. They hold until the API servers are started without "
            "them.",
     .derived = "none", .add = add_token, .item = "a token",
     .also = "tokenFile staticTokens tokenAuthFile token-auth-file"},
    {"kubernetes.apiServer.tokens.user", TYPE_TOKEN_NAME, "0.2", AT_TOKEN(user),
     .doc = "Who has it.", .required = true, .example = "ann",
     .also = "name username"},
    {"kubernetes.apiServer.tokens.uid", TYPE_TOKEN_NAME, "0.2", AT_TOKEN(uid),
     .doc = "What tells the user apart from others of the name.",
     .derived = "the user's name", .example = "1001", .also = "id"},
    {"kubernetes.apiServer.tokens.groups", TYPE_TOKEN_NAMES, "0.2",
     AT_TOKEN(groups), .doc = "The user's groups; system:masters may do all.",
     .derived = "none, and what the user may do is bound to the name",
     .example = "[ops]", .also = "group"},
    {"kubernetes.apiServer.tokens.file", TYPE_TEXT, "0.2", AT_TOKEN(file),
     .doc = "A file, as seen from the spec, with the token in one line.",
     .derived =
         "kubeseed makes it, and pki/" TOKENS_MADE " in the state has it",
     .example = "ann.token", .also = "token source"},
    {"kubernetes.apiServer.tokenWebhook", TYPE_MAP, "0.2", 0,
     .doc = "Somebody whom API servers ask whose a token is that they do not "
            "know: a gateway to LDAP, for one.",
     .also = "authenticationTokenWebhook webhookTokenAuth webhook"},
    {"kubernetes.apiServer.tokenWebhook.config", TYPE_TEXT, "0.2",
     AT_API(webhook.config),
     .doc = "A file, as seen from the spec, with a kubeconfig whose server "
            "takes a TokenReview.",
     .required = true, .example = "webhook.yaml",
     .also = "kubeconfig configFile file"},
    {"kubernetes.apiServer.tokenWebhook.cacheTTL", TYPE_DURATION, "0.2",
     AT_API(webhook.cache_ttl),
     .doc = "For how long an answer holds, also one that has become wrong.",
     .derived = "Kubernetes' own, 2m", .example = "30m", .min = 1,
     .max = 24 * 3600, .also = "cacheTtl cache ttl"},
    {"kubernetes.apiServer.tokenWebhook.version", TYPE_WORD, "0.2",
     AT_API(webhook.review),
     .doc = "In which version of authentication.k8s.io it is asked.",
     .derived = "v1 from Kubernetes 1.17 on, else v1beta1",
     .words = review_words, .also = "apiVersion reviewVersion"},
    {"kubernetes.apiServer.oidc", TYPE_MAP, "0.2", 0,
     .doc = "Whose tokens of OpenID Connect are taken, and what they say of a "
            "user.",
     .also = "openIDConnect openid"},
    {"kubernetes.apiServer.oidc.issuer", TYPE_ISSUER, "0.2",
     AT_API(oidc.issuer), .doc = "Who issues them, as the tokens say it.",
     .required = true, .example = "https://login.example",
     .also = "issuerURL issuerUrl url oidc-issuer-url"},
    {"kubernetes.apiServer.oidc.clientID", TYPE_TEXT, "0.2",
     AT_API(oidc.client), .doc = "For whom a token must be.", .required = true,
     .example = "kubernetes", .also = "clientId client audience"},
    {"kubernetes.apiServer.oidc.usernameClaim", TYPE_TEXT, "0.2",
     AT_API(oidc.username_claim), .doc = "What of a token is the user's name.",
     .derived = "Kubernetes' own, sub", .example = "email"},
    {"kubernetes.apiServer.oidc.usernamePrefix", TYPE_TEXT, "0.2",
     AT_API(oidc.username_prefix),
     .doc = "What stands before it, so that nobody has the name of a user from "
            "elsewhere; \"-\": nothing.",
     .derived = "the issuer and '#', and for email nothing",
     .example = "\"oidc:\""},
    {"kubernetes.apiServer.oidc.groupsClaim", TYPE_TEXT, "0.2",
     AT_API(oidc.groups_claim), .doc = "What of a token is the user's groups.",
     .derived = "nothing", .example = "groups"},
    {"kubernetes.apiServer.oidc.groupsPrefix", TYPE_TEXT, "0.2",
     AT_API(oidc.groups_prefix),
     .doc =
         "What stands before each, so that none is the group system:masters.",
     .derived = "nothing", .example = "\"oidc:\""},
    {"kubernetes.apiServer.oidc.requiredClaims", TYPE_CLAIMS, "0.2",
     AT_API(oidc.claims), .doc = "What a token must say besides.",
     .derived = "nothing", .example = "{hd: example.org}",
     .also = "requiredClaim claims"},
    {"kubernetes.apiServer.oidc.ca", TYPE_TEXT, "0.2", AT_API(oidc.ca),
     .doc = "A file, as seen from the spec, with the certificate authorities, "
            "in PEM, that the issuer's certificate is from.",
     .derived = "those that the nodes trust", .example = "oidc-ca.pem",
     .also = "caFile oidc-ca-file"},
    {"kubernetes.controllerManager", TYPE_MAP, "0.2", 0,
     .doc = "The controller manager.", .also = "kube-controller-manager"},
    ARGUMENTS("kubernetes.controllerManager.", COMPONENT_CONTROLLER_MANAGER,
              "the controller manager"),
    VOLUMES("kubernetes.controllerManager.", COMPONENT_CONTROLLER_MANAGER),
    {"kubernetes.scheduler", TYPE_MAP, "0.2", 0, .doc = "The scheduler.",
     .also = "kube-scheduler"},
    ARGUMENTS("kubernetes.scheduler.", COMPONENT_SCHEDULER, "the scheduler"),
    VOLUMES("kubernetes.scheduler.", COMPONENT_SCHEDULER),
    {"kubernetes.kubelet", TYPE_MAP, "0.2", 0,
     .doc = "The kubelet of each node of Kubernetes."},
    ARGUMENTS("kubernetes.kubelet.", COMPONENT_KUBELET, "each kubelet"),
    {"kubernetes.kubelet.kubeReserved", TYPE_RESOURCES, "0.2",
     AT(kubernetes.kubelet.kube_reserved),
     .doc = "What of each node is for Kubernetes itself, and not for pods. "
            "Other nodes have it otherwise by `kube-reserved` in their own "
            "kubelet.extraArgs.",
     .derived = "nothing", .example = "{cpu: 200m, memory: 512Mi}",
     .also = "kube-reserved"},
    {"kubernetes.kubelet.systemReserved", TYPE_RESOURCES, "0.2",
     AT(kubernetes.kubelet.system_reserved),
     .doc = "What of each node is for the rest of its programs, and not for "
            "pods.",
     .derived = "nothing", .example = "{cpu: 100m, memory: 256Mi}",
     .also = "system-reserved"},
    {"kubernetes.kubelet.evictionHard", TYPE_THRESHOLDS, "0.2",
     AT(kubernetes.kubelet.eviction_hard),
     .doc = "With how little left of something a node ends pods.",
     .derived = "Kubernetes' own, which also hold for what is not written: "
                "memory.available 100Mi, nodefs.available 10%, "
                "nodefs.inodesFree 5%, imagefs.available 15%",
     .example = "{memory.available: 200Mi}", .also = "eviction-hard eviction"},
    {"kubernetes.kubelet.clusterDNS", TYPE_ADDRESSES, "0.2",
     AT(kubernetes.kubelet.dns),
     .doc = "Whom pods ask for names, one after the other, at most three.",
     .derived = "the tenth address of network.services, where the cluster's "
                "own DNS is",
     .example = "[10.96.0.10]", .also = "cluster-dns clusterDns dns"},
    {"kubernetes.kubelet.servingCertificates", TYPE_WORD, "0.2",
     AT(kubernetes.kubelet.serving),
     .doc = "Where the certificate is from that a kubelet's port shows to API "
            "servers.",
     .value = "own", .words = serving_words,
     .also = "serverTLSBootstrap rotateServerCertificates "
             "rotate-server-certificates rotateCertificates"},
    {"kubernetes.kubelet.controlPlanes", TYPE_WORD, "0.2",
     AT(kubernetes.kubelet.control_planes),
     .doc = "Whether control-plane nodes are nodes of Kubernetes.",
     .value = "registered", .words = control_planes_words,
     .also = "registerNode register-node registerControlPlanes"},
    {"kubernetes.kubeProxy", TYPE_MAP, "0.2", 0,
     .doc = "How services are reached on each node.", .also = "kube-proxy"},
    {"kubernetes.kubeProxy.mode", TYPE_WORD, "0.2", AT(kubernetes.proxy_mode),
     .doc = "By what kube-proxy leads connections to pods.",
     .value = "iptables", .words = proxy_mode_words, .also = "proxyMode"},

    {"image", TYPE_MAP, "0.1", 0,
     .doc = "The disk image that all nodes start from."},
    {"image.debian", TYPE_INT, "0.1", AT(image.debian),
     .doc = "The release of Debian.",
     .derived = "13 for Kubernetes 1.31 and later, else 12", .example = "13",
     .min = 12, .max = 13},
    {"image.disk", TYPE_SIZE, "0.1", AT(image.disk),
     .doc = "The size of the image, at least 2G.", .value = "8G",
     .also = "size diskSize"},
    {"image.kernel", TYPE_WORD, "0.2", AT(image.kernel),
     .doc = "Which of Debian's kernels: for what machines the image is.",
     .value = "cloud", .words = kernel_words},
    {"image.timezone", TYPE_ZONE, "0.2", AT(image.timezone),
     .doc = "The time zone of the nodes; logs and `date` are in it.",
     .value = "UTC", .example = "Europe/Berlin", .also = "timeZone tz"},
    {"image.packages", TYPE_DEBS, "0.2", AT(image.packages),
     .doc = "Further packages of Debian in the image, with what they need. "
            "Their services are not enabled.",
     .derived = "none", .example = "[tcpdump, nfs-common]",
     .also = "extraPackages"},
    {"image.firmware", TYPE_DEBS, "0.2", AT(image.firmware),
     .doc = "Packages of firmware for the machines' devices, from Debian's "
            "non-free-firmware.",
     .derived = "none", .example = "[firmware-realtek, firmware-bnx2]"},
    {"image.mirror", TYPE_MIRROR, "0.1", AT(image.mirror),
     .doc = "A Debian mirror to take packages from, by http, https or, in a "
            "folder, file. It stands in the image's sources.list, so a name "
            "and a password in it are refused.",
     .derived = "mmdebstrap's own", .example = "http://mirror.example/debian",
     .also = "apt aptMirror repository"},
    {"image.containerd", TYPE_MAP, "0.2", 0,
     .doc = "A containerd in place of Debian's, from an archive as its project "
            "publishes them; Kubernetes needs one of version 2 from 1.38 on. "
            "That of a newer Debian is not taken: its runc may need a newer C "
            "library, and before it is released no mirror keeps a version."},
    {"image.containerd.file", TYPE_TEXT, "0.2", AT(image.containerd.file),
     .doc = "The archive, as seen from the spec, with bin/containerd in it.",
     .required = true, .example = "containerd-2.1.9-linux-amd64.tar.gz",
     .also = "archive tarball path"},
    {"image.containerd.sha256", TYPE_TEXT, "0.2", AT(image.containerd.sha256),
     .doc = "The archive's SHA-256, as 64 digits.", .required = true,
     .example = "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca54"
                "6b",
     .also = "digest checksum sha256sum"},

    {"network", TYPE_MAP, "0.1", 0, .doc = "The networks of the cluster.",
     .required = true, .also = "networking"},
    {"network.domain", TYPE_DNS_NAME, "0.1", AT(network.domain),
     .doc = "The DNS domain of the nodes.", .derived = "NAME.internal",
     .example = "kube.demo", .also = "searchDomain search"},
    {"network.subnet", TYPE_NETWORK, "0.1", AT(network.subnet),
     .doc = "The network that the nodes share.", .required = true,
     .example = "192.168.4.0/24", .also = "cidr nodeSubnet nodeCIDR"},
    {"network.gateway", TYPE_GATEWAY, "0.1", AT(network.gateway),
     .doc = "The router that leads to other networks, or none where there is "
            "no way out, or one by another card (interfaces.gateway). One that "
            "is not in the subnet is taken to be on the same wire.",
     .derived = "the subnet's first address", .example = "192.168.4.1",
     .also = "router defaultGateway gw"},
    {"network.subnets", TYPE_LIST, "0.2", AT(network.subnets),
     .doc =
         "Further networks with nodes of the cluster, behind routers: a node "
         "is in the one that has its address. The endpoint's address may be "
         "in one of them if those that hold it are, or have a card there.",
     .derived = "none: all nodes share one", .add = add_subnet,
     .item = "a network", .also = "networks segments racks zones"},
    {"network.subnets.subnet", TYPE_NETWORK, "0.2", AT_SUBNET(net),
     .doc = "The network.", .required = true, .example = "192.168.2.128/25",
     .also = "cidr network"},
    {"network.subnets.gateway", TYPE_ADDRESS, "0.2", AT_SUBNET(gateway),
     .doc = "Its router, which leads to the other networks.", .required = true,
     .example = "192.168.2.254", .also = "router gw via"},
    {"network.addresses", TYPE_WORD, "0.2", AT(network.addresses),
     .doc =
         "How the card over which the cluster talks gets the node's address, "
         "which is the spec's either way: certificates, etcd and other "
         "nodes' seeds have it.",
     .value = "static", .words = addressing_words,
     .also = "addressing dhcp dhcp4 ipam bootproto"},
    {"network.dns", TYPE_ADDRESSES, "0.1", AT(network.dns),
     .doc = "The name servers of the nodes. With gateway: none there is none, "
            "unless it is written.",
     .derived = "the gateway", .example = "[192.168.4.1]",
     .also = "nameservers nameserver dnsServers dnsServer"},
    {"network.ntp", TYPE_SERVERS, "0.2", AT(network.ntp),
     .doc = "The time servers by which the nodes set their clocks, by their "
            "addresses or DNS names.",
     .derived = "those of Debian's pool, where nodes reach it",
     .example = "[192.168.4.1]",
     .also = "timeServers timeserver ntpServers chrony"},
    {"network.pods", TYPE_NETWORK, "0.1", AT(network.pods),
     .doc = "The network of the pods; each node has a /24 of it.",
     .value = "10.244.0.0/16",
     .also = "podSubnet podCIDR podNetwork podNetworkCIDR clusterCIDR "
             "clusterNetwork pod_cidr"},
    {"network.services", TYPE_NETWORK, "0.1", AT(network.services),
     .doc = "The network of the services' addresses: a /12 to /24.",
     .value = "10.96.0.0/12",
     .also = "serviceSubnet serviceCIDR serviceNetwork svcCIDR service_cidr"},
    {"network.mtu", TYPE_INT, "0.2", AT(network.mtu),
     .doc = "The largest packet of the nodes' network, in bytes; with cni "
            "bridge that of pods, too, with vxlan 50 bytes less. A card whose "
            "own is less than 1500 needs it with vxlan.",
     .derived = "the card's own, mostly 1500", .min = 1280, .max = 65535,
     .example = "9000"},
    {"network.vlan", TYPE_INT, "0.2", AT(network.vlan),
     .doc = "The nodes share the subnet as this VLAN (IEEE 802.1Q) on their "
            "card or bond.",
     .derived = "none: it is untagged", .min = 1, .max = 4094, .example = "20",
     .also = "vlanId vlan_id tag"},
    BOND(
        "network.", AT(network.bond.members), AT(network.bond.mode),
        "The card over which the cluster talks is several that are one, on all "
        "nodes alike."),
    ROUTES("network.", AT(network.routes),
           "Networks that nodes reach by another router of the subnet than the "
           "gateway."),
    INTERFACES("network.", AT(network.interfaces), "of all nodes", ""),
    {"network.cni", TYPE_WORD, "0.1", AT(network.cni),
     .doc = "How pods reach each other. What runs in pods is applied by the "
            "first node, and its images are fetched as those of "
            "kubernetes.images are; one that is named there, with another tag, "
            "is taken in its place. The payload debian has none of them.",
     .value = "bridge", .words = cni_words, .also = "networkPlugin plugin"},
    {"network.flannel", TYPE_MAP, "0.2", 0,
     .doc = "How flannel works, with cni flannel or canal."},
    {"network.flannel.backend", TYPE_WORD, "0.2", AT(network.flannel.backend),
     .doc = "How pods' packets come to other nodes.", .value = "vxlan",
     .words = flannel_backend_words, .also = "type mode"},
    {"network.flannel.store", TYPE_WORD, "0.2", AT(network.flannel.store),
     .doc = "Where flannel has its settings, and who has which pods; canal's "
            "asks the API server.",
     .value = "api", .words = flannel_store_words,
     .also = "backendStore datastore subnetManager"},
    {"network.vxlan", TYPE_MAP, "0.2", 0,
     .doc = "The packets in which those of pods travel, with cni vxlan, "
            "calico, flannel and canal; not with flannel.backend host-gw.",
     .also = "overlay"},
    {"network.vxlan.vni", TYPE_INT, "0.2", AT(network.vxlan.vni),
     .doc = "The number of the network, which stands in each packet.",
     .value = "1", .min = 1, .max = 16777215, .also = "id"},
    {"network.vxlan.port", TYPE_INT, "0.2", AT(network.vxlan.port),
     .doc = "The port of UDP to which every node sends them: firewalls between "
            "nodes must let it through. IANA's is 4789; 8472 is what Linux had "
            "before there was one, and what flannel takes.",
     .value = "8472", .min = 1, .max = 65535, .example = "4789"},

    {"network.ipv6", TYPE_MAP, "0.2", 0,
     .doc = "Addresses of IPv6 for nodes, pods and services, beside those of "
            "IPv4 (dual stack). What nodes and their components say to each "
            "other stays IPv4, and so do the endpoint and names.",
     .derived = "none", .also = "dualStack ipFamilies ipv6DualStack inet6"},
    {"network.ipv6.subnet", TYPE_NETWORK6, "0.2", AT(network.ipv6.subnet),
     .doc = "The network of the nodes' addresses.", .required = true,
     .example = "fd00:4::/64", .also = "cidr"},
    {"network.ipv6.gateway", TYPE_ADDRESS6, "0.2", AT(network.ipv6.gateway),
     .doc = "The router that leads to other networks. Nodes believe no "
            "router's advertisements.",
     .derived = "none", .example = "fd00:4::1", .also = "router gateway6"},
    {"network.ipv6.pods", TYPE_NETWORK6, "0.2", AT(network.ipv6.pods),
     .doc = "The network of the pods; each node has a /64 of it.",
     .value = "fd00:10:244::/56", .also = "podSubnet podCIDR clusterCIDR"},
    {"network.ipv6.services", TYPE_NETWORK6, "0.2", AT(network.ipv6.services),
     .doc = "The network of the services' addresses: a /108 to /120.",
     .value = "fd00:10:96::/112", .also = "serviceSubnet serviceCIDR"},

    {"endpoint", TYPE_MAP, "0.1", 0,
     .doc = "The address at which the API server is reached.",
     .also = "controlPlaneEndpoint loadBalancer apiServer api"},
    {"endpoint.address", TYPE_ADDRESS, "0.1", AT(endpoint.address),
     .doc = "The address of the API server, whichever node answers there.",
     .derived = "the subnet's .20; with first-node, that node's; with external "
                "none if name is written",
     .example = "192.168.4.20",
     .also = "vip virtualIP ip host controlPlaneEndpoint"},
    {"endpoint.name", TYPE_DNS_NAME, "0.1", AT(endpoint.name),
     .doc = "The DNS name of that address, or of a load balancer of yours "
            "that nodes know by it alone.",
     .derived = "api.DOMAIN", .example = "api.kube.demo",
     .also = "hostname dnsName fqdn"},
    {"endpoint.port", TYPE_INT, "0.1", AT(endpoint.port),
     .doc = "The port of the endpoint. The API servers are at 6443, and so are "
            "load balancers as well; another one needs haproxy, nginx, "
            "pacemaker or external.",
     .value = "6443", .min = 1, .max = 65535, .also = "bindPort apiPort"},
    {"endpoint.provider", TYPE_WORD, "0.1", AT(endpoint.provider),
     .doc = "What holds the address of the API server.", .value = "keepalived",
     .words = provider_words},
    {"endpoint.statsPort", TYPE_INT, "0.1", AT(endpoint.stats_port),
     .doc = "The port of haproxy's statistics page; its password is "
            "NAME.cluster/pki/stats.secret.",
     .value = "32700", .min = 1, .max = 65535},
    {"endpoint.healthPort", TYPE_INT, "0.2", AT(endpoint.health_port),
     .doc = "A port of control-plane nodes without TLS, where nginx answers "
            "/healthz, /livez and /readyz as the API server beside it does, "
            "whose certificate it checks, and nothing else: for load balancers "
            "that look by HTTP alone.",
     .derived = "none", .min = 1, .max = 65535, .example = "80",
     .also = "healthProxy healthzPort"},
    {"endpoint.routerId", TYPE_INT, "0.1", AT(endpoint.router_id),
     .doc = "The number of VRRP's virtual router; no other one in the subnet "
            "may have it.",
     .derived = "derived from the cluster's name and subnet", .min = 1,
     .max = 255, .example = "42", .also = "virtualRouterId vrid vrrpId"},

    {"gateway", TYPE_MAP, "0.2", 0,
     .doc = "What the node of the role gateway does for the others: it tells "
            "names (DNS), gives addresses (DHCP) and leads from its networks "
            "to each other and out (NAT).",
     .also = "router natGateway dnsmasq"},
    {"gateway.wan", TYPE_IF_NAME, "0.2", AT(gateway.wan),
     .doc = "The one of its interfaces that leads out. What goes that way has "
            "the gateway's address there; nothing comes in by it that was not "
            "asked for, nor ssh.",
     .derived = "none: its networks are all there is", .example = "wan",
     .also = "external uplink outside internet"},
    {"gateway.forwarders", TYPE_ADDRESSES, "0.2", AT(gateway.forwarders),
     .doc = "Name servers that it asks for what is not of network.domain.",
     .derived = "none: it knows the cluster's names alone",
     .example = "[192.0.2.53]", .also = "upstream servers dns"},
    {"gateway.dhcp", TYPE_LIST, "0.2", AT(gateway.dhcp),
     .doc = "Addresses for machines that ask. The spec's own nodes have theirs "
            "from their seeds; one that asks is given that.",
     .derived = "none are given", .add = add_dhcp, .item = "a range",
     .also = "dhcpRanges ranges pools"},
    {"gateway.dhcp.interface", TYPE_IF_NAME, "0.2", AT_DHCP(interface),
     .doc = "The gateway's interface at which it gives them.",
     .derived = "that of network.subnet", .example = "node",
     .also = "card device"},
    {"gateway.dhcp.first", TYPE_ADDRESS, "0.2", AT_DHCP(first),
     .doc = "The first of them.", .required = true, .example = "192.168.4.200",
     .also = "start from"},
    {"gateway.dhcp.last", TYPE_ADDRESS, "0.2", AT_DHCP(last),
     .doc = "The last of them.", .required = true, .example = "192.168.4.239",
     .also = "end to"},
    {"gateway.dhcp.broadcast", TYPE_ADDRESS, "0.2", AT_DHCP(broadcast),
     .doc = "The broadcast address of that network; another one than the "
            "network's last is refused.",
     .derived = "the network's last address", .example = "192.168.4.255"},
    {"gateway.dhcp.router", TYPE_ADDRESS, "0.2", AT_DHCP(router),
     .doc = "The router that they are told.",
     .derived = "network.gateway where it is in that network, else the "
                "gateway's address there",
     .example = "192.168.4.254", .also = "gateway"},
    {"gateway.dhcp.hours", TYPE_INT, "0.2", AT_DHCP(hours),
     .doc = "For how many hours somebody has an address.", .value = "12",
     .min = 1, .max = 8760, .also = "lease leaseTime"},
    {"gateway.tftp", TYPE_PATH, "0.2", AT(gateway.tftp),
     .doc = "A folder on it whose files machines get by TFTP, which start by "
            "PXE; it is made, empty.",
     .derived = "none, and no TFTP", .example = "/srv/tftp",
     .also = "tftpRoot pxe"},
    {"gateway.bootFile", TYPE_TEXT, "0.2", AT(gateway.boot_file),
     .doc = "The file of it that machines which ask by DHCP are told to "
            "start.",
     .derived = "none is told", .example = "pxelinux.0",
     .also = "filename bootfile dhcpBoot"},

    {"etcd", TYPE_MAP, "0.1", 0, .doc = "The database of the API server."},
    {"etcd.mode", TYPE_WORD, "0.1", AT(etcd.mode),
     .doc = "Where etcd runs, and how its members find each other.",
     .value = "founding", .words = etcd_words},
    /* Relaxed from etcd's 100/1000: slow machines lose leaders over nothing. */
    {"etcd.heartbeatMs", TYPE_INT, "0.1", AT(etcd.heartbeat_ms),
     .doc = "Milliseconds between two signs of life of etcd's leader.",
     .value = "500", .min = 10, .max = 5000},
    {"etcd.electionMs", TYPE_INT, "0.1", AT(etcd.election_ms),
     .doc = "Milliseconds without one until another member wants to lead; at "
            "least five times heartbeatMs.",
     .value = "5000", .min = 50, .max = 50000},
    {"etcd.extraArgs", TYPE_ARGUMENTS, "0.2", AT(etcd.args),
     .doc = "Arguments of etcd, by their names without the dashes; those on "
            "which its members stand are refused. With etcd.mode stacked it "
            "does not start with one that it does not know, else it says so "
            "in its journal and goes on without.",
     .derived = "none", .example = "{max-request-bytes: 3145728}",
     .also = "args flags extra_args"},

    {"pki", TYPE_MAP, "0.1", 0, .doc = "The keys of the cluster."},
    {"pki.mode", TYPE_WORD, "0.1", AT(pki.mode), .doc = "Where keys are made.",
     .value = "offline", .words = pki_words},
    {"pki.algorithm", TYPE_WORD, "0.1", AT(pki.algorithm),
     .doc = "What kind of keys.", .value = "ecdsa-p256",
     .words = algorithm_words},
    {"pki.discovery", TYPE_WORD, "0.1", AT(pki.discovery),
     .doc = "How a joining node knows that it talks to its cluster.",
     .value = "file", .words = discovery_words},

    {"pki.authorities", TYPE_MAP, "0.2", 0,
     .doc =
         "CAs and keys of your own, in files beside the spec, instead of "
         "those that kubeseed makes. The state keeps them, as it keeps those; "
         "from then on the spec need not name them, nor the files be there.",
     .also = "cas certificateAuthorities ca ownCA"},
    {"pki.authorities.kubernetes", TYPE_MAP, "0.2", 0,
     .doc = "The CA of API servers, kubelets and users.",
     .also = "kubernetesCA cluster"},
    {"pki.authorities.kubernetes.cert", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_KUBERNETES].cert),
     .doc =
         "A file with its certificate in PEM; behind it may stand those that "
         "signed it, which nodes do not trust.",
     .derived = "kubeseed makes one", .example = "ca.crt",
     .also = "crt certificate certFile"},
    {"pki.authorities.kubernetes.key", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_KUBERNETES].key),
     .doc = "A file with its private key in PEM, without pass phrase. Left out "
            "beside cert the key is elsewhere, and `seed` asks for what it is "
            "to sign; with the bootstrapper static-pods only.",
     .derived = "kubeseed makes one", .example = "ca.key",
     .also = "keyFile privateKey"},
    {"pki.authorities.etcd", TYPE_MAP, "0.2", 0, .doc = "The CA of etcd.",
     .also = "etcdCA"},
    {"pki.authorities.etcd.cert", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_ETCD].cert),
     .doc =
         "A file with its certificate in PEM; behind it may stand those that "
         "signed it, which nodes do not trust.",
     .derived = "kubeseed makes one", .example = "etcd-ca.crt",
     .also = "crt certificate certFile"},
    {"pki.authorities.etcd.key", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_ETCD].key),
     .doc = "A file with its private key in PEM, without pass phrase. Left out "
            "beside cert the key is elsewhere, and `seed` asks for what it is "
            "to sign; not with a stacked etcd.",
     .derived = "kubeseed makes one", .example = "etcd-ca.key",
     .also = "keyFile privateKey"},
    {"pki.authorities.frontProxy", TYPE_MAP, "0.2", 0,
     .doc = "The CA of who may speak to extension API servers.",
     .also = "front-proxy frontProxyCA requestHeader"},
    {"pki.authorities.frontProxy.cert", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_FRONT_PROXY].cert),
     .doc =
         "A file with its certificate in PEM; behind it may stand those that "
         "signed it, which nodes do not trust.",
     .derived = "kubeseed makes one", .example = "front-proxy-ca.crt",
     .also = "crt certificate certFile"},
    {"pki.authorities.frontProxy.key", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_FRONT_PROXY].key),
     .doc = "A file with its private key in PEM, without pass phrase. Left out "
            "beside cert the key is elsewhere, and `seed` asks for what it is "
            "to sign; with the bootstrapper static-pods only.",
     .derived = "kubeseed makes one", .example = "front-proxy-ca.key",
     .also = "keyFile privateKey"},
    {"pki.authorities.serviceAccounts", TYPE_MAP, "0.2", 0,
     .doc = "Who signs the tokens of service accounts.",
     .also = "serviceAccount sa"},
    {"pki.authorities.serviceAccounts.key", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_SERVICE_ACCOUNTS].key),
     .doc =
         "A file with a private key in PEM, RSA or ECDSA, without pass phrase.",
     .derived = "kubeseed makes one", .example = "sa.key",
     .also = "keyFile privateKey"},
    {"pki.authorities.ssh", TYPE_MAP, "0.2", 0,
     .doc = "The CA of the nodes' SSH host keys.", .also = "sshCA"},
    {"pki.authorities.ssh.key", TYPE_TEXT, "0.2",
     AT(pki.authorities[AUTHORITY_SSH].key),
     .doc = "A file with an Ed25519 key as ssh-keygen writes it, without pass "
            "phrase.",
     .derived = "kubeseed makes one", .example = "ssh-ca",
     .also = "keyFile privateKey"},
    {"pki.validity", TYPE_MAP, "0.2", 0,
     .doc = "How long certificates are valid that are made from now on. Of "
            "those that are there only leaves that end later are replaced.",
     .also = "lifetime lifetimes expiry certificateValidity"},
    {"pki.validity.ca", TYPE_PERIOD, "0.2", AT(pki.ca_hours),
     .doc = "Of the cluster's CAs.", .value = "10y", .min = PERIOD_MIN,
     .max = PERIOD_MAX, .also = "caCertificateValidityPeriod cas authorities"},
    {"pki.validity.leaf", TYPE_PERIOD, "0.2", AT(pki.leaf_hours),
     .doc = "Of what they sign: the certificates of etcd, the administrator "
            "and, with Kubernetes 1.31 or newer, those that kubeadm makes. "
            "Kubelets' own last a year.",
     .derived = "5y of those that kubeseed makes, 1y of kubeadm's",
     .min = PERIOD_MIN, .max = PERIOD_MAX, .example = "2y",
     .also = "certificateValidityPeriod leaves certificates certs"},

    {"pki.renewal", TYPE_WORD, "0.2", AT(pki.renewal),
     .doc = "Who renews the certificates that kubeadm makes on control planes. "
            "Kubelets renew their own.",
     .value = "none", .words = renewal_words,
     .also = "autoRenew renewCertificates certificateRenewal"},

    {"users", TYPE_LIST, "0.1", AT(users),
     .doc = "Who may log in to the nodes by ssh. kubeseed ssh logs in as the "
            "first one, who uses sudo without a password.",
     .derived = "one user, debian", .add = add_user, .item = "a user"},
    {"users.name", TYPE_ACCOUNT, "0.1", AT_USER(name),
     .doc = "The login name; none that the image has as a user or group.",
     .required = true, .example = "debian", .also = "username user login"},
    {"users.sshKeys", TYPE_KEYS, "0.1", AT_USER(ssh_keys),
     .doc = "Public keys that let the user in. The first user is let in by the "
            "cluster's own key as well, a further one without keys by nothing.",
     .derived = "none", .example = "[\"ssh-ed25519 AAAA... you@example\"]",
     .also = "sshKey ssh_keys ssh_authorized_keys sshAuthorizedKeys "
             "authorizedKeys keys publicKeys"},
    {"users.password", TYPE_PASSWORD, "0.2", AT_USER(password),
     .doc = "What the user's password is, as a hash, for logging in at the "
            "console; ssh takes keys alone.",
     .derived = "none, and none is taken",
     .example = "$6$aaaaaaaa$bbbbbbbbbbbbbbbbbbbbbbbb",
     .also = "passwd passwordHash hashedPassword hashed_passwd "
             "plain_text_passwd plainTextPassword"},
    {"users.groups", TYPE_GROUPS, "0.2", AT_USER(groups),
     .doc = "Groups to be in besides one's own. Those that the image does not "
            "have are made.",
     .derived = "none", .example = "[adm]", .also = "group"},
    {"users.sudo", TYPE_WORD, "0.2", AT_USER(sudo),
     .doc = "What the user may do as root.", .value = "nopasswd",
     .words = sudo_words},
    {"users.shell", TYPE_WORD, "0.2", AT_USER(shell),
     .doc = "The program that a login starts.", .value = "/bin/bash",
     .words = shell_words},

    {"registries", TYPE_LIST, "0.2", AT(registries),
     .doc = "How the nodes of Kubernetes reach registries of images, besides "
            "the images that they carry.",
     .derived = "each by its own name, by https and without credentials",
     .add = add_registry, .item = "a registry",
     .also = "registry containerdRegistries registryMirrors"},
    {"registries.name", TYPE_REGISTRY_HOST, "0.2", AT_REGISTRY(name),
     .doc = "The registry as images have it before their first '/', or '*' for "
            "all that have no entry of their own.",
     .required = true, .example = "docker.io", .also = "host server"},
    {"registries.mirrors", TYPE_REGISTRY_MIRRORS, "0.2", AT_REGISTRY(mirrors),
     .doc = "Addresses that are asked before it, in this order, by https or "
            "http. A registry without TLS is its own mirror by http. One whose "
            "images lie below a path has it behind v2.",
     .derived = "none", .example = "[https://mirror.example:5000]",
     .also = "mirror endpoints endpoint"},
    {"registries.ca", TYPE_TEXT, "0.2", AT_REGISTRY(ca),
     .doc = "A file of certificates, in PEM, as seen from the spec: one of "
            "them must have signed that of each mirror and of the registry.",
     .derived = "the image's own list", .example = "ca.pem",
     .also = "caFile ca_file caCert"},
    {"registries.credentials", TYPE_TEXT, "0.2", AT_REGISTRY(credentials),
     .doc = "A file with one line, user:password, as seen from the spec; the "
            "kubelet keeps it on the nodes and uses it for the images of this "
            "registry, at its mirrors, too.",
     .derived = "none", .example = "registry.secret",
     .also = "auth login imagePullSecret"},

    {"proxy", TYPE_MAP, "0.2", 0,
     .doc = "The proxy through which nodes reach the outside: containerd, the "
            "kubelet, apt and whoever logs in. Not asked for anything of the "
            "cluster: its nodes, pods, services, endpoint and domains.",
     .also = "httpProxy proxies"},
    {"proxy.http", TYPE_PROXY, "0.2", AT(proxy.http),
     .doc = "That for http; a name and password in it are refused, for every "
            "user of a node could read them.",
     .derived = "none", .example = "http://proxy.example:3128",
     .also = "http_proxy httpProxy url"},
    {"proxy.https", TYPE_PROXY, "0.2", AT(proxy.https),
     .doc = "That for https.", .derived = "proxy.http",
     .example = "http://proxy.example:3128", .also = "https_proxy httpsProxy"},
    {"proxy.noProxy", TYPE_NO_PROXY, "0.2", AT(proxy.none),
     .doc = "What else is reached without it.", .derived = "nothing",
     .example = "[.example.org, 10.0.0.0/8]", .also = "no_proxy exceptions"},
    {"caCertificates", TYPE_CA_FILES, "0.2", AT(ca_files),
     .doc = "Files of certificate authorities, in PEM, as seen from the spec, "
            "that nodes trust besides Debian's: containerd, the kubelet, the "
            "API server, curl and all that take the system's list.",
     .derived = "none", .example = "[ca.pem]",
     .also = "caCerts trustedCAs ca_certs additionalTrustBundle"},

    {"manifests", TYPE_MANIFESTS, "0.2", AT(manifests),
     .doc = "Manifests of Kubernetes that the first node applies when its API "
            "server answers, in this order: files, as seen from the spec, or "
            "folders, whose files of YAML and JSON are taken by name. At "
            "most 8M in all. Images that they need go into kubernetes.images.",
     .derived = "none", .example = "[ingress.yaml, monitoring/]",
     .also = "extraManifests extra_manifests inlineManifests charts"},

    {"addons", TYPE_LIST, "0.2", AT(addons),
     .doc = "What runs in the cluster besides, in this order: each by its name "
            "alone, or as a map with its settings. The first node applies them "
            "when it is ready, and at each boot again what is missing. What "
            "the list has no more is removed from the cluster; [] removes the "
            "last.",
     .derived = "none, and nothing is removed", .add = add_addon,
     .item = "an add-on", .brief = "name", .may_be_empty = true,
     .also = "addOns add_ons extensions"},
    {"addons.name", TYPE_WORD, "0.2", AT_ADDON(name), .doc = "Which one.",
     .required = true, .words = addon_words},
    {"addons.addresses", TYPE_RANGES, "0.2", AT_ADDON(addresses),
     .doc = "metallb: the addresses that services get, each entry a network or "
            "the first and the last one. Nobody else may have them.",
     .derived = "none; metallb needs some",
     .example = "[192.168.4.200-192.168.4.220]",
     .also = "pool pools addressPool addressPools ranges"},
    {"addons.volumes", TYPE_INT, "0.2", AT_ADDON(volumes),
     .doc = "local-volumes: how many there are on each node that takes pods.",
     .value = "2", .min = 1, .max = 100, .also = "count number"},
    {"addons.size", TYPE_SIZE, "0.2", AT_ADDON(size),
     .doc = "local-volumes: how large each is called. A claim gets one that is "
            "at least as large; nobody keeps pods from writing more.",
     .value = "1G", .also = "capacity storage"},
    {"addons.path", TYPE_PATH, "0.2", AT_ADDON(path),
     .doc = "local-volumes: the folder of the nodes in which they are, 1, 2 "
            "and so on. A disk of the nodes may be mounted there (disks).",
     .value = "/srv/volumes", .also = "folder hostPath"},

    EXTRAS("", AT, "on all nodes", "", ""),
    LABELS("", "0.2", AT, "of all nodes", ""),

    {"roles", TYPE_LIST, "0.2", AT(roles),
     .doc = "What the nodes of a role have, besides what is for all.",
     .derived = "none", .add = add_role, .item = "an entry of 'roles'",
     .also = "nodeGroups groups pools roleDefaults"},
    {"roles.role", TYPE_WORD, "0.2", AT_ROLE(role),
     .doc = "Which role; each stands here once at most.", .required = true,
     .words = role_words},
    EXTRAS("roles.", AT_ROLE, "on the nodes of the role", SAME_AS_ALL,
           ", behind those for all nodes"),
    LABELS("roles.", "0.2", AT_ROLE, "of the nodes of the role", SAME_AS_ALL),
    TAINTS("roles.", "0.2", AT_ROLE, "of the nodes of the role", ""),
    KUBELET("roles.", AT_ROLE, "of the role"),

    {"nodes", TYPE_LIST, "0.1", AT(nodes),
     .doc = "The machines of the cluster.", .required = true, .add = add_node,
     .item = "a node", .also = "machines hosts servers"},
    {"nodes.name", TYPE_NAMES, "0.1", AT_NODE(name),
     .doc =
         "The host name. A range makes one node for each number. Words, as in "
         "{a,b,c}, make one each.",
     .required = true, .example = "kube-mast{01..03}", .also = "hostname"},
    {"nodes.role", TYPE_WORD, "0.1", AT_NODE(role),
     .doc = "What the node is for.", .value = "control-plane",
     .words = role_words},
    {"nodes.address", TYPE_COUNTED, "0.1", AT_NODE(address),
     .doc = "The address in the subnet. With a + it counts up with the names.",
     .derived = "the next free one from the subnet's .31 on",
     .example = "192.168.4.31+",
     .also = "ip ipAddress ipv4 addresses dhcp dhcp4"},
    {"nodes.moreAddresses", TYPE_ADDRESSES, "0.2", AT_NODE(more),
     .doc = "Further addresses of the same card, in network.subnet; of an "
            "entry for one machine.",
     .derived = "none", .example = "[192.168.4.254]",
     .also = "secondaryAddresses aliases extraAddresses"},
    {"nodes.ipv6", TYPE_COUNTED6, "0.2", AT_NODE(address6),
     .doc = "The address in network.ipv6.subnet. With a + it counts up with "
            "the names, in hexadecimal.",
     .derived = "the one that is as far from the beginning of that subnet as "
                "the node's address is from that of network.subnet",
     .example = "fd00:4::31+", .also = "address6 ip6 ipv6Address"},
    {"nodes.mac", TYPE_MAC, "0.1", AT_NODE(mac),
     .doc = "The MAC address of the network card; a real machine has its own. "
            "With a + it counts up with the names.",
     .derived =
         "derived from the cluster's name, its subnet and the node's name",
     .example = "52:54:00:12:34:56",
     .also = "macAddress macaddr hwaddr mac_address"},
    {"nodes.cpus", TYPE_INT, "0.1", AT_NODE(cpus),
     .doc = "Processors of the machine under QEMU; one without KVM, whatever "
            "is said here.",
     .derived = "2, or 1 for a load balancer, gateway or jump host", .min = 1,
     .max = 256, .example = "2", .also = "cpu vcpu vcpus cores"},
    {"nodes.memory", TYPE_SIZE, "0.1", AT_NODE(memory),
     .doc = "Memory of the machine under QEMU, at least 256M.",
     .derived = "2G, or 512M for a load balancer, gateway or jump host",
     .example = "3G", .also = "ram mem memoryMB"},
    {"nodes.disk", TYPE_SIZE, "0.1", AT_NODE(disk),
     .doc = "Size of the disk of a machine on this host; at least image.disk.",
     .derived = "image.disk", .example = "20G", .also = "diskSize storage"},
    {"nodes.etcd", TYPE_WORD, "0.2", AT_NODE(etcd),
     .doc = "Whether control planes or workers have a member of etcd.mode "
            "external as well.",
     .value = "none", .words = member_words, .also = "etcdMember"},
    {"nodes.libvirt", TYPE_LIBVIRT, "0.2", AT_NODE(libvirt),
     .doc = "The libvirt at which `export --to libvirt --apply spec` makes the "
            "machine.",
     .derived = "none", .example = "qemu+ssh://root@host1/system",
     .also = "host hypervisor uri"},
    LABELS("nodes.", "0.1", AT_NODE, "of the nodes of this entry",
           " What is for all nodes or for their role is so here too, unless "
           "the same stands here."),
    TAINTS("nodes.", "0.1", AT_NODE, "of the nodes of this entry",
           ", in place of those of their role"),
    BOND("nodes.", AT_NODE(bond.members), AT_NODE(bond.mode),
         "The same as network.bond, in its place on the nodes of this entry; "
         "nodes.mac is then the bond's own address."),
    INTERFACES("nodes.", AT_NODE(interfaces), "of the nodes of this entry",
               " Those of network.interfaces are there, too, unless one here "
               "has the same name."),
    EXTRAS("nodes.", AT_NODE, "on the nodes of this entry",
           " What is for all nodes or for the role is so here too, unless the "
           "same "
           "stands here.",
           ", behind those for all nodes and for the role"),
    KUBELET("nodes.", AT_NODE, "of this entry"),
    {0},
};

const size_t n_spec_keys = ARRAY_SIZE(spec_keys) - 1;

static int level(const struct key *k) {
  int dots = 0;
  for (const char *p = k->path; *p; p++)
    dots += *p == '.';
  return dots;
}

const struct key *key_first(const struct key *of) {
  if (!of)
    return spec_keys;
  const struct key *k = of + 1;
  return k->path && level(k) > level(of) ? k : NULL;
}

const struct key *key_next(const struct key *k) {
  int own = level(k);
  while ((++k)->path && level(k) >= own)
    if (level(k) == own)
      return k;
  return NULL;
}

const struct key *key_below(const struct key *of, const char *name) {
  for (const struct key *k = key_first(of); k; k = key_next(k))
    if (strcmp(key_name(k), name) == 0)
      return k;
  return NULL;
}

const struct key *key_find(const char *path) {
  for (const struct key *k = spec_keys; k->path; k++)
    if (strcmp(k->path, path) == 0)
      return k;
  return NULL;
}

const struct key *key_brief(const struct key *k) {
  return k && k->brief ? key_below(k, k->brief) : NULL;
}

const char *key_type_name(const struct key *k) {
  return k->brief && k->type == TYPE_MAP ? "text or map"
                                         : type_info(k->type)->name;
}

const char *key_name(const struct key *k) {
  const char *dot = strrchr(k->path, '.');
  return dot ? dot + 1 : k->path;
}

const struct key *key_called(const struct key *of, const char *name) {
  for (const struct key *k = key_first(of); k; k = key_next(k))
    if (word_also(k->also, name))
      return k;
  return NULL;
}

/* Keys beside a text's (brief) say how that is meant, and something else
 * elsewhere: packages of Kubernetes are not those of Debian. */
static bool only_beside(const struct key *k, const struct key *of) {
  for (const struct key *map = k; map-- > spec_keys;)
    if (map->brief && key_below(map, key_name(k)) == k)
      return !of || strncmp(map->path, of->path, strlen(of->path)) != 0;
  return false;
}

const struct key *key_elsewhere(const struct key *of, const char *name) {
  for (const struct key *k = spec_keys; k->path; k++)
    if (strchr(k->path, '.') &&
        (strcmp(key_name(k), name) == 0 || word_also(k->also, name)) &&
        !only_beside(k, of))
      return k;
  return NULL;
}

bool spec_wrote(const struct spec *s, const char *path) {
  const struct key *k = key_find(path);
  return k && s->written && s->written[k - spec_keys];
}

bool key_holds_more(const struct key *k) {
  switch ((int)k->type) {
  case TYPE_MAP:
  case TYPE_LIST:
  case TYPE_ADDRESSES:
  case TYPE_RANGES:
  case TYPE_KEYS:
  case TYPE_LABELS:
  case TYPE_TAINTS:
  case TYPE_MEMBERS:
  case TYPE_SERVERS:
  case TYPE_GROUPS:
  case TYPE_SYSCTLS:
  case TYPE_NOTES:
  case TYPE_MODULES:
  case TYPE_KERNEL_ARGS:
  case TYPE_CLOUD:
  case TYPE_NO_PROXY:
  case TYPE_CA_FILES:
  case TYPE_IMAGES:
  case TYPE_DEBS:
  case TYPE_COMMANDS:
  case TYPE_MANIFESTS:
  case TYPE_PATCHES:
  case TYPE_ARGUMENTS:
  case TYPE_GATES:
  case TYPE_SANS:
  case TYPE_REGISTRY_MIRRORS:
  case TYPE_ADDRESS_TYPES:
  case TYPE_PLUGINS:
  case TYPE_TOKEN_NAMES:
  case TYPE_CLAIMS:
  case TYPE_RESOURCES:
  case TYPE_THRESHOLDS:
    return true;
  default:
    return false;
  }
}

char *key_rule(const struct key *k) {
  if (k->type == TYPE_INT)
    return k->min == k->max
               ? xasprintf("%d", k->min)
               : xasprintf("a number from %d to %d", k->min, k->max);
  if (k->type == TYPE_PERIOD)
    return xasprintf("hours, days or years like 2160h, 90d or 1y, from %dd to "
                     "%dy",
                     k->min / 24, k->max / (24 * 365));
  if (k->type == TYPE_DURATION) {
    _cleanup_free_ char *min = go_duration(k->min);
    _cleanup_free_ char *max = go_duration(k->max);
    return xasprintf("seconds, minutes or hours like 90s, 30m or 2h, from %s "
                     "to %s",
                     min, max);
  }
  if (k->brief)
    return xstrdup("a text, or a map of keys and values");
  if (k->type != TYPE_WORD)
    return xstrdup(type_info(k->type)->rule);
  _cleanup_buf_ struct buf list = {0};
  for (const struct word *w = k->words; w->word; w++)
    buf_addf(&list, "%s%s", w == k->words ? "" : ", ", w->word);
  return k->words[1].word ? xasprintf("one of %s", list.data)
                          : xstrdup(list.data);
}
