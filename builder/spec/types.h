/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The types of a spec's values: what each is called, how its values are
 * described in words and as a pattern. value.h reads them.
 */
#pragma once

#include <stdbool.h>

/* What a value looks like. */
enum type {
  TYPE_MAP,       /* a map whose keys are the rows below */
  TYPE_LIST,      /* a list of such maps; has `add` */
  TYPE_TEXT,      /* char *: one line; `words` are the usual ones */
  TYPE_MIRROR,    /* char *: the address of a Debian mirror */
  TYPE_PACKAGES,  /* char *: the address of Kubernetes' packages */
  TYPE_PROXY,     /* char *: the address of a proxy */
  TYPE_LIBVIRT,   /* char *: the address (URI) of a libvirt */
  TYPE_REGISTRY,  /* char *: a registry of images, perhaps with http:// */
  TYPE_IMAGES,    /* struct strv of whole names of container images */
  TYPE_DEBS,      /* struct strv of names of Debian packages */
  TYPE_ZONE,      /* char *: a time zone */
  TYPE_NAME,      /* char *: a DNS label */
  TYPE_ACCOUNT,   /* char *: a login name that the image has not */
  TYPE_NAMES,     /* char *: a DNS label, perhaps with a range {01..03} */
  TYPE_DNS_NAME,  /* char * */
  TYPE_WORD,      /* an enum of int's size: one of `words` */
  TYPE_INT,       /* int from min to max */
  TYPE_SIZE,      /* uint64_t, bytes */
  TYPE_PERIOD,    /* int: hours, from min to max */
  TYPE_VERSION,   /* the members of spec.kubernetes */
  TYPE_ADDRESS,   /* an address of the node network */
  TYPE_ADDRESSES, /* a list of them */
  TYPE_RANGES,    /* struct strv of networks or "first-last" */
  TYPE_COUNTED,   /* an address, perhaps with a + to count up */
  TYPE_NETWORK,   /* struct cidr */
  TYPE_ADDRESS6,  /* as the three above, of IPv6 */
  TYPE_COUNTED6,
  TYPE_NETWORK6,
  TYPE_MAC,           /* struct mac */
  TYPE_GATEWAY,       /* gateway and no_gateway of struct spec */
  TYPE_IF_NAME,       /* char *: of a network card */
  TYPE_IF_ADDRESS,    /* struct spec_card_address */
  TYPE_IF_ADDRESS6,   /* struct spec_card_address, of IPv6 */
  TYPE_IF_GATEWAY,    /* struct spec_card_gateway */
  TYPE_SERVERS,       /* struct strv of addresses or DNS names */
  TYPE_MEMBERS,       /* struct strv of names or MAC addresses of cards */
  TYPE_KEYS,          /* struct strv of lines of authorized_keys */
  TYPE_LABELS,        /* struct strv of "key=value", from a map */
  TYPE_TAINTS,        /* struct spec_taints */
  TYPE_PASSWORD,      /* char *: a hash of one */
  TYPE_GROUPS,        /* struct strv of names */
  TYPE_PATH,          /* char *: of a file on a node */
  TYPE_CONTENT,       /* the member content of a struct spec_file */
  TYPE_MODE,          /* unsigned: of a file */
  TYPE_OWNER,         /* char *: "user:group", both of the image */
  TYPE_SYSCTLS,       /* struct strv of "name=value", from a map */
  TYPE_NOTES,         /* struct strv of "key=value", annotations, from a map */
  TYPE_MODULES,       /* struct strv of kernel modules */
  TYPE_LOCALE,        /* char *: as glibc calls it */
  TYPE_KEYBOARD,      /* char *: a layout, perhaps with a variant */
  TYPE_CA_FILES,      /* struct spec_file_vec, of its files' names */
  TYPE_NO_PROXY,      /* struct strv of names, addresses and networks */
  TYPE_CLOUD,         /* struct yaml_node *: a map, see cloud.h */
  TYPE_KERNEL_ARGS,   /* struct strv of words of its command line */
  TYPE_REGISTRY_HOST, /* char *: a registry's name, or "*" */
  TYPE_REGISTRY_MIRRORS, /* struct strv of addresses */
  TYPE_ARGUMENTS,        /* struct strv of "name=value", from a map */
  TYPE_GATES,            /* the same, of "Name=true" */
  TYPE_SANS,             /* struct strv of DNS names and addresses */
  TYPE_MANIFESTS,        /* struct spec_file_vec, of its files' names */
  TYPE_PATCHES,          /* the same */
  TYPE_COMMANDS, /* struct strv of lines for a shell, each perhaps several */
  TYPE_DURATION, /* int: seconds, from min to max */
  TYPE_PORTS,    /* char *: a range of ports, see settings.h */
  TYPE_ISSUER,   /* char *: an address, see settings.h */
  TYPE_ADDRESS_TYPES, /* struct strv of kinds of addresses */
  TYPE_PLUGINS,       /* struct strv of plugins of admission */
  TYPE_TOKEN_NAME,    /* char *: of a user, see tokens.h */
  TYPE_TOKEN_NAMES,   /* struct strv of groups */
  TYPE_RESOURCES,     /* struct strv of "name=value", from a map */
  TYPE_THRESHOLDS,    /* the same */
  TYPE_CLAIMS,        /* struct strv of "name=value", from a map */
};

struct type_info {
  const char *name;    /* in `explain`: "size" */
  const char *rule;    /* in messages after "must be": "a size like 8G"; NULL:
                          it depends on the key, see key_rule */
  const char *pattern; /* all texts it may be, as ECMA-262 has it; or NULL */
  bool number;         /* YAML may take the text for a number */
  const char *keys;    /* of a map with keys of the author's: their pattern */
};

const struct type_info *type_info(enum type t);
