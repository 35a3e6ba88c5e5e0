/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The cluster spec: what the author wrote, typed and checked, with defaults
 * filled in and name and address ranges expanded. Nothing is derived here that
 * the author did not write or could not have written; that is plan's work.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/net.h"
#include "base/strv.h"
#include "base/vec.h"
#include "format/yaml.h"
#include "spec/component.h"
#include "spec/gateway.h"
#include "spec/interfaces.h"
#include "spec/versions.h"
#include "spec/words.h"
#include <stdint.h>

/* Where nodes have the files of caCertificates, before they are taken up. */
#define CA_FILES "/usr/lib/kubeseed/ca/"

struct spec_user {
  char *name;
  struct strv ssh_keys; /* OpenSSH public key lines */
  char *password;       /* as crypt(5) stores it; NULL: none, locked */
  struct strv groups;   /* besides the user's own */
  enum sudo sudo;
  enum shell shell;
};
DEFINE_VEC(spec_user_vec, struct spec_user);

/* A file that the author wants on nodes. One of content and source is written;
 * spec/sources.h reads the latter into the former. */
struct spec_file {
  char *path;         /* absolute, on the node */
  struct buf content; /* may be a secret */
  bool written;       /* content is there, perhaps empty */
  char *source;       /* a file beside the spec, or NULL */
  char *where;        /* "file:line:column" of source */
  unsigned mode;
  char *owner; /* "root:root" */
};
DEFINE_VEC(spec_file_vec, struct spec_file);

/* A further disk of nodes and where it is mounted. */
struct spec_disk {
  char *name; /* the serial number of a made machine's disk */
  char *mount;
  char *device;  /* NULL: by its serial number */
  uint64_t size; /* bytes, of a made machine's */
};
DEFINE_VEC(spec_disk_vec, struct spec_disk);

/* Taints; a list of none that was written is not the same as no list. */
struct spec_taints {
  struct strv list; /* "key=value:Effect" or "key:Effect" */
  bool written;
};

/* What the author adds to nodes: to all, or to those of a role or an entry. */
struct spec_extras {
  struct strv labels;        /* "key=value" */
  struct spec_taints taints; /* not of those for all nodes */
  struct spec_file_vec files;
  struct strv sysctls;     /* "name=value" */
  struct strv annotations; /* "key=value" */
  struct strv modules;
  struct strv arguments;     /* of the kernel, in order */
  struct strv before, after; /* commands of a shell, in order */
  struct spec_disk_vec disks;
  char *locale;   /* "de_DE.UTF-8"; NULL: the image's */
  char *keyboard; /* "de" or "de:nodeadkeys"; NULL: the image's */
  struct yaml_node *cloud_config; /* a map, see cloud.h; NULL: none */
  struct strv kubelet_args;       /* "name=value"; of a role or an entry */
};
DEFINE_VEC(spec_extras_vec, struct spec_extras);

/* How a registry is reached; spec/registries.h makes files of it. */
struct spec_registry {
  char *name;          /* "docker.io", or "*" */
  struct strv mirrors; /* addresses, asked in order */
  char *ca;            /* a file beside the spec, or NULL */
  char *credentials;   /* the same, of one line "user:password" */
  char *ca_where, *credentials_where; /* "file:line:column" */
};
DEFINE_VEC(spec_registry_vec, struct spec_registry);

/* A network in which nodes are, behind a router. */
struct spec_subnet {
  struct cidr net;
  struct ip gateway; /* in it: the way to the others, and out */
};
DEFINE_VEC(spec_subnet_vec, struct spec_subnet);

/* A folder or file of the node in a component's pod. */
struct spec_volume {
  char *host_path;
  char *mount_path; /* NULL: the same */
  enum access access;
};
DEFINE_VEC(spec_volume_vec, struct spec_volume);

/* What the author adds to a component of Kubernetes. */
struct spec_component {
  struct strv args;               /* "name=value" */
  struct spec_volume_vec volumes; /* none for the kubelet */
};

/* A token that API servers know, and who has it; see tokens.h. */
struct spec_token {
  char *user;
  char *uid; /* NULL: as the user */
  struct strv groups;
  char *file;       /* beside the spec, with the token; NULL: it is made */
  char *where;      /* "file:line:column" of file, when there is one */
  struct buf given; /* what was in it, by sources.h; a secret */
};
DEFINE_VEC(spec_token_vec, struct spec_token);

/* What API servers are told by keys of their own (spec/settings.h). */
struct spec_api_server {
  struct strv enable, disable; /* plugins of admission */
  int event_ttl;               /* seconds; 0: not written */
  char *node_ports;            /* "30000-32767", or NULL */
  struct strv kubelet_addresses;
  struct spec_token_vec tokens;
  struct {
    char *config;  /* a file beside the spec, or NULL: none is asked */
    int cache_ttl; /* seconds; 0: not written */
    enum review review;
  } webhook;
  struct {
    char *issuer, *client; /* both or none */
    char *username_claim, *username_prefix, *groups_claim, *groups_prefix;
    struct strv claims; /* "name=value" */
    char *ca;           /* a file beside the spec, or NULL */
  } oidc;
};

/* One of what runs in the cluster besides. Each setting counts for one add-on
 * alone (addons.h). */
struct spec_addon {
  int name;              /* enum addon */
  struct strv addresses; /* of metallb: "first-last" or networks */
  int volumes;           /* of local-volumes: on each node */
  uint64_t size;         /* of each: bytes */
  char *path;            /* the folder in which they are */
};
DEFINE_VEC(spec_addon_vec, struct spec_addon);

/* What the author adds to the nodes of a role. */
struct spec_role {
  enum role role;
  struct spec_extras extras;
};
DEFINE_VEC(spec_role_vec, struct spec_role);

/* One machine; a range in the spec has become several of these. */
struct spec_node {
  char *where;  /* "file:line:column" of its mac, else of its entry */
  size_t entry; /* which of the spec's entries it comes from, from 0 */
  uint32_t nth; /* of the entry's machines, from 0 */
  char *name;
  enum role role;
  struct ip address;
  bool address_made;     /* not written: the next free one */
  struct ip_vec more;    /* further ones of that card */
  struct ip address6;    /* absent: the cluster has no IPv6 */
  struct mac mac;        /* all 0: derived by plan */
  struct spec_bond bond; /* in place of network.bond */
  int cpus;
  uint64_t memory;  /* bytes */
  uint64_t disk;    /* bytes; at least image.disk */
  enum member etcd; /* see spec_is_etcd */
  char *libvirt;    /* URI at which it is to be made, or NULL */
  /* Only while an entry is read; then in spec.entry_extras. */
  struct spec_extras extras;
  struct spec_interface_vec interfaces; /* the same */
};
DEFINE_VEC(spec_node_vec, struct spec_node);

/* How long a CA is valid unless pki.validity.ca is written: kubeadm's own. */
#define CA_HOURS (10 * 365 * 24)

/* Who signs, where it is the author's own; see authorities.h. */
enum authority {
  AUTHORITY_KUBERNETES,
  AUTHORITY_ETCD,
  AUTHORITY_FRONT_PROXY,
  AUTHORITY_SERVICE_ACCOUNTS,
  AUTHORITY_SSH,
};
#define N_AUTHORITIES 5

struct spec_authority {
  char *cert, *key; /* files beside the spec; NULL: kubeseed makes them */
  char *where;      /* "file:line:column", when there is one */
  struct buf cert_pem, key_pem; /* what was in them, by sources.h; a secret */
};

DEFINE_VEC(spec_cards_vec, struct spec_interface_vec);

struct spec {
  char *file;    /* as named on the command line */
  int api, kind; /* only one word is known of each */
  char *name;
  /* Not written: machines are told apart by the subnet as well as the name.
   * Those of states that are older than this are not. */
  bool by_subnet;
  struct {
    char *version_text; /* "1.20.2" */
    struct version version;
    enum bootstrapper bootstrapper;
    char *payload;       /* "debian", "pkgs.k8s.io" or a folder */
    char *payload_where; /* "file:line:column", or NULL for a default */
    struct {             /* of pkgs.k8s.io; each NULL unless written */
      char *packages;    /* address above v1.34/deb */
      char *registry;    /* what stands for registry.k8s.io */
      char *proxy;       /* through which all of it comes */
      char *key;         /* file of the key that signs the packages */
      char *ca;          /* file of further certificate authorities */
    } from;
    struct strv images; /* further ones, by their whole names */
    int join_days;      /* how long the bootstrap token is renewed */
    char *cluster_domain;
    struct strv feature_gates; /* "Name=true" */
    struct spec_component components[N_COMPONENTS];
    struct strv cert_sans; /* of the API server */
    enum proxy_mode proxy_mode;
    char *audit_policy; /* a file beside the spec, or NULL */
    struct spec_api_server api;
    struct { /* what kubelets are told by keys of their own; the same */
      struct strv kube_reserved, system_reserved; /* "cpu=200m" */
      struct strv eviction_hard;                  /* "memory.available=5%" */
      struct ip_vec dns;
      enum serving serving; /* whence their ports' certificates are */
      enum control_planes control_planes;
    } kubelet;
    enum encryption encryption;   /* of secrets in etcd */
    struct spec_file_vec patches; /* of what kubeadm writes, in order */
  } kubernetes;
  struct {
    int debian; /* 12 or 13 */
    enum kernel kernel;
    uint64_t disk;                  /* bytes */
    char *timezone;                 /* "Europe/Berlin" */
    struct strv packages, firmware; /* of Debian, besides the recipe's */
    char *mirror;                   /* NULL: mmdebstrap's own */
    struct {
      char *file; /* an archive of its programs; NULL: Debian's */
      char *sha256;
      char *where; /* "file:line:column" of the file */
    } containerd;
  } image;
  struct {
    char *domain;
    struct cidr subnet;
    struct ip gateway;              /* absent: none this way */
    bool no_gateway;                /* so it was written */
    struct spec_subnet_vec subnets; /* further ones, see spec_net_of */
    struct ip_vec dns;
    struct strv ntp; /* addresses or DNS names */
    int mtu;         /* 0: the card's own */
    int vlan;        /* the subnet is this VLAN on the card; 0: untagged */
    struct spec_bond bond; /* the card is one; no members: it is not */
    struct spec_route_vec routes;
    struct spec_interface_vec interfaces; /* of all nodes, further ones */
    struct cidr pods;
    struct cidr services;
    enum cni cni;
    struct {
      int vni;  /* the number of the network in its packets */
      int port; /* of UDP, to which they go */
    } vxlan;
    enum addressing addresses;
    struct {
      enum flannel_backend backend;
      enum flannel_store store;
    } flannel;
    struct { /* beside IPv4, see spec_has_ipv6 */
      struct cidr subnet;
      struct ip gateway; /* absent: none */
      struct cidr pods, services;
    } ipv6;
  } network;
  struct {
    struct ip address;
    char *name; /* DNS name of the endpoint */
    int port;
    enum provider provider;
    int stats_port;
    int health_port; /* of control planes, without TLS; 0: none */
    int router_id;   /* VRRP virtual_router_id, 1 to 255; 0: derived by plan */
  } endpoint;
  struct spec_gateway gateway;
  struct {
    enum etcd_mode mode;
    int heartbeat_ms;
    int election_ms;
    struct strv args; /* "name=value" */
  } etcd;
  struct {
    enum pki_mode mode;
    enum key_algorithm algorithm;
    enum discovery discovery;
    enum renewal renewal; /* of kubeadm's certificates */
    struct spec_authority authorities[N_AUTHORITIES];
    int ca_hours;   /* how long a CA is valid */
    int leaf_hours; /* what they sign; 0: see pki.h and kubeadm */
  } pki;
  /* What the first node applies, in order: path, source and where are set, of
   * each a file or a folder. */
  struct spec_file_vec manifests;
  /* What API servers are given of files beside the spec: the audit policy and
   * what settings.h has. */
  struct spec_file_vec api_files;
  struct spec_addon_vec addons; /* in the order of applying, none twice */
  bool addons_written;          /* perhaps as an empty list */
  struct spec_registry_vec registries;
  struct spec_file_vec registry_files; /* what follows from them */
  struct spec_file_vec ca_files;       /* certificates that all nodes trust */
  struct {
    char *http, *https; /* each NULL: none */
    struct strv none;   /* for what besides the cluster's own */
  } proxy;
  struct spec_extras extras;           /* for all nodes */
  struct spec_role_vec roles;          /* for those of a role, none twice */
  struct spec_extras_vec entry_extras; /* for those of an entry, by its index */
  struct spec_cards_vec entry_interfaces; /* the same */
  struct spec_user_vec users;             /* at least one */
  struct spec_node_vec nodes;             /* in the order of the spec */
  struct strv warnings; /* "file:line:col: warning: text" for the user */
  bool *written; /* for each key of the table: it is in the spec; or NULL */
};

void spec_done(struct spec *s);
void spec_nodes_done(struct spec_node_vec *nodes);

#define _cleanup_spec_ _cleanup_(spec_done)

/* A file's name in a spec, which begins at the folder of the spec (its own name
 * is spec_file; "-" stands for the working folder) unless it begins with '/'.
 * The caller frees. */
char *spec_beside(const char *spec_file, const char *name);

/* What is for the nodes of the role, borrowed; NULL when there is nothing. */
const struct spec_extras *spec_role_extras(const struct spec *s,
                                           enum role role);

/* The first node of the role, borrowed; NULL when there is none. */
const struct spec_node *spec_first(const struct spec *s, enum role role);

/* Whether nodes, pods and services have addresses of IPv6 beside those of IPv4
 * (dual stack). Only then what the spec has under network.ipv6 counts. */
bool spec_has_ipv6(const struct spec *s);

/* The network of the nodes that an address is in, borrowed: network.subnet or
 * one of network.subnets; NULL: neither. */
const struct cidr *spec_net_of(const struct spec *s, struct ip a);

/* The router by which a node with that address leaves its network; absent where
 * there is none. */
struct ip spec_gateway_of(const struct spec *s, struct ip a);

/* Whether etcd.mode external has a member on the node: by its role, or
 * beside it. */
bool spec_is_etcd(const struct spec_node *n);

/* Whether nodes of the role may hold the endpoint's address, by its provider.
 */
bool spec_may_hold(const struct spec *s, enum role role);

/* How many nodes have the role. */
size_t spec_count(const struct spec *s, enum role role);
