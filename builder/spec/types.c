/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/types.h"

#include "format/authorized.h"
#include "spec/account.h"
#include "spec/addons.h"
#include "spec/cloud.h"
#include "spec/component.h"
#include "spec/debian.h"
#include "spec/extras.h"
#include "spec/interfaces.h"
#include "spec/label.h"
#include "spec/manifest.h"
#include "spec/mirror.h"
#include "spec/patch.h"
#include "spec/registries.h"
#include "spec/settings.h"
#include "spec/tokens.h"
#include <stddef.h>

/* The parts of patterns. */
#define LABEL "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#define WORD "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
#define RANGE "\\{([0-9]{1,6}\\.\\.[0-9]{1,6}|" WORD "(," WORD ")+)\\}"
#define BYTE "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define PLAIN "[-._~%+\\[\\]A-Za-z0-9" /* a class still open */
#define OR(name) name "|"
/* Of an address that a machine can have (spec/address.h): not 0, 127 or above
 * 223. */
#define FIRST "(12[0-689]|1[013-9][0-9]|2[01][0-9]|22[0-3]|[1-9][0-9]?)"
#define MAC                                                                    \
  "[0-9A-Fa-f][02468ACEace]((:[0-9A-Fa-f]{2}){5}|(-[0-9A-Fa-f]{2}){5}|"        \
  "[0-9A-Fa-f]{2}(\\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{10})\\+?"
#define ADDRESS FIRST "(\\." BYTE "){3}"
/* The same of IPv6: up to eight groups, all of them unless there is one "::";
 * and of 2000::/3 or fc00::/7. */
#define ADDRESS6                                                               \
  "(?!.*::.*::)(?!([0-9A-Fa-f]+:+){8}[0-9A-Fa-f])"                             \
  "(?=.*::|([^:]*:){7}[^:]*$)"                                                 \
  "([23][0-9A-Fa-f]{3}|[Ff][CcDd][0-9A-Fa-f]{2})(::?[0-9A-Fa-f]{1,4})*(::)?"

static const struct type_info types[] = {
    [TYPE_MAP] = {"map", "a map of keys and values", NULL, false},
    [TYPE_LIST] = {"list", "a list with at least one entry", NULL, false},
    [TYPE_TEXT] = {"text", "a text", "^[^\\x00-\\x1f\\x7f]+$", true},
    /* As mirror_fault has it. */
    [TYPE_MIRROR] = {"mirror", MIRROR_RULE,
                     "^(file:///" PLAIN ":/]*|https?://" PLAIN "]" PLAIN
                     ":]*(/" PLAIN ":/@]*)?)$",
                     false},
    /* As packages_fault, proxy_fault and registry_fault have it. */
    [TYPE_PACKAGES] = {"address", PACKAGES_RULE,
                       "^https?://" PLAIN "]" PLAIN ":]*(/" PLAIN ":/@]*)?$",
                       false},
    [TYPE_PROXY] = {"proxy", PROXY_RULE, "^https?://" PLAIN "]" PLAIN ":]*/?$",
                    false},
    [TYPE_LIBVIRT] = {"address", LIBVIRT_RULE, LIBVIRT_PATTERN, false},
    [TYPE_REGISTRY] = {"registry", REGISTRY_RULE,
                       "^(https?://)?[A-Za-z0-9][-.A-Za-z0-9]*(:[0-9]{1,5})?"
                       "(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)*/?$",
                       false},
    [TYPE_IMAGES] = {"list of images", "a list of images, each " IMAGE_RULE,
                     IMAGE_PATTERN, false},
    [TYPE_DEBS] = {"list of packages",
                   "a list of packages, like [tcpdump, nfs-common]",
                   DEB_PATTERN, false},
    [TYPE_ZONE] = {"time zone", ZONE_RULE, ZONE_PATTERN, false},
    [TYPE_NAME] = {"name", "a name of a-z, 0-9 and inner '-', at most 63 long",
                   "^" LABEL "$", true},
    [TYPE_ACCOUNT] = {"login name", ACCOUNT_RULE,
                      "^(?!(" ACCOUNT_USERS(OR) ACCOUNT_GROUPS(OR)
                          ACCOUNT_SYSTEMD ".*)$)" ACCOUNT_PATTERN "$",
                      false},
    [TYPE_NAMES] = {"names",
                    "a name like kube-mast01, or kube-mast{01..03} or "
                    "kube-mast{a,b,c} for several",
                    "^(" LABEL "|([a-z0-9][a-z0-9-]{0,62})?" RANGE
                    "([a-z0-9-]{0,61}[a-z0-9])?)$",
                    true},
    [TYPE_DNS_NAME] = {"DNS name",
                       "a DNS name of a-z, 0-9, '-' and '.', the last part no "
                       "number",
                       "^(?=.{1,253}$)(?!(.*\\.)?([0-9]+|0x[0-9a-f]*)$)" LABEL
                       "(\\." LABEL ")*$",
                       true},
    [TYPE_WORD] = {"word", NULL, NULL, false},
    [TYPE_INT] = {"number", NULL, NULL, false},
    /* Below 2^64 bytes, whatever the unit. */
    [TYPE_SIZE] = {"size", "a size like 512M or 8G",
                   "^0*[1-9]([0-9]{0,15}K|[0-9]{0,12}M|[0-9]{0,9}G|"
                   "[0-9]{0,6}T)i?$",
                   false},
    /* Which of them the key takes depends on its row. */
    [TYPE_PERIOD] = {"period", NULL, "^0*[1-9][0-9]{0,5}[hdy]$", false},
    [TYPE_VERSION] =
        {"version", "a full version like 1.34.2",
         "^(1\\.(1[5-9]|[2-9][0-9]|[1-9][0-9]{2})|([2-9]|[1-9][0-9]{1,2})"
         "\\.(0|[1-9][0-9]{0,2}))\\.(0|[1-9][0-9]{0,2})$",
         false},
    [TYPE_ADDRESS] = {"address", "an IPv4 address like 192.168.4.20",
                      "^" ADDRESS "$", false},
    [TYPE_ADDRESSES] = {"list of addresses",
                        "a list of one or more IPv4 addresses", "^" ADDRESS "$",
                        false},
    [TYPE_COUNTED] = {"addresses",
                      "an IPv4 address like 192.168.4.31, or 192.168.4.31+ "
                      "for a range of names",
                      "^" ADDRESS "\\+?$", false},
    [TYPE_NETWORK] = {"network", "an IPv4 network like 192.168.4.0/24",
                      "^" ADDRESS "/(3[0-2]|[12]?[0-9])$", false},
    [TYPE_ADDRESS6] = {"address", "an IPv6 address like fd00:4::1",
                       "^" ADDRESS6 "$", false},
    [TYPE_COUNTED6] = {"addresses",
                       "an IPv6 address like fd00:4::31, or fd00:4::31+ for a "
                       "range of names",
                       "^" ADDRESS6 "\\+?$", false},
    [TYPE_NETWORK6] = {"network", "an IPv6 network like fd00:4::/64",
                       "^" ADDRESS6 "/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$",
                       false},
    /* The lowest bit of the first byte tells a group of cards. */
    [TYPE_MAC] =
        {"MAC address",
         "a MAC address like 52:54:00:12:34:56, or 52:54:00:12:34:56+ for a "
         "range of names",
         "^(?!0[-0:.]+\\+?$)" MAC "$", false},
    [TYPE_GATEWAY] = {"address or none",
                      "an IPv4 address like 192.168.4.1, or none",
                      "^(none|" ADDRESS ")$", false},
    [TYPE_IF_NAME] = {"name of a card", INTERFACE_NAME_RULE,
                      "^(?!" INTERFACE_NAME_TAKEN ")[a-z][-_a-z0-9]{0,14}$",
                      false},
    [TYPE_IF_ADDRESS] = {"address with prefix, or dhcp",
                         "an IPv4 address with its prefix like 10.0.0.5/24, "
                         "10.0.0.5/24+ for several nodes, or dhcp",
                         "^(dhcp|" ADDRESS "/(3[0-2]|[12]?[0-9])\\+?)$", false},
    [TYPE_IF_ADDRESS6] =
        {"IPv6 address with its prefix",
         "an IPv6 address with its prefix like fd00:9::5/64, or "
         "fd00:9::5/64+ for several nodes",
         "^" ADDRESS6 "/(12[0-8]|1[01][0-9]|[1-9]?[0-9])\\+?$", false},
    [TYPE_IF_GATEWAY] = {"address or dhcp",
                         "an IPv4 address like 10.0.0.1, or dhcp",
                         "^(dhcp|" ADDRESS ")$", false},
    [TYPE_SERVERS] =
        {"list of servers",
         "a list of one or more servers, each an IPv4 address or a "
         "DNS name",
         "^(" ADDRESS "|(?=.{1,253}$)(?!(.*\\.)?([0-9]+|0x[0-9a-f]*)$)" LABEL
         "(\\." LABEL ")*)$",
         false},
    [TYPE_MEMBERS] = {"list of cards",
                      "a list of cards, by their names or MAC addresses, like "
                      "[eno1, eno2]",
                      "^(" MAC "|(?!" INTERFACE_NAME_TAKEN
                      ")[a-z][-_a-z0-9]{0,14})$",
                      false},
    [TYPE_KEYS] = {"list of public keys",
                   "a list of public keys, each a line like 'ssh-ed25519 "
                   "AAAA... you@example'",
                   AUTHORIZED_PATTERN, false},
    [TYPE_LABELS] = {"labels", "a map like {zone: a}",
                     "^(" LABEL_NAME_PATTERN ")?$", true,
                     "^(?![^/]{254})" LABEL_PREFIX_PATTERN LABEL_NAME_PATTERN
                     "$"},
    [TYPE_TAINTS] = {"list of taints",
                     "a list of texts like key=value:NoSchedule",
                     "^(?![^/]{254})" LABEL_PREFIX_PATTERN LABEL_NAME_PATTERN
                     "(=(" LABEL_NAME_PATTERN ")?)?:"
                     "(NoSchedule|PreferNoSchedule|NoExecute)$",
                     false},
    [TYPE_PASSWORD] = {"hash of a password", ACCOUNT_PASSWORD_RULE,
                       ACCOUNT_PASSWORD_PATTERN, false},
    [TYPE_GROUPS] = {"list of groups", "a list of groups, like [adm, ops]",
                     "^" ACCOUNT_PATTERN "$", false},
    [TYPE_PATH] = {"path", EXTRAS_PATH_RULE, EXTRAS_PATH_PATTERN, false},
    [TYPE_CONTENT] = {"text", "a text", "^[^\\x00]*$", true},
    [TYPE_MODE] = {"mode", EXTRAS_MODE_RULE, EXTRAS_MODE_PATTERN, true},
    [TYPE_OWNER] = {"owner", EXTRAS_OWNER_RULE,
                    "^(" ACCOUNT_USERS(OR) ACCOUNT_SYSTEMD
                    "[a-z-]*):(" ACCOUNT_PAIRS(OR) ACCOUNT_GROUPS(OR)
                        ACCOUNT_SYSTEMD "[a-z-]*)$",
                    false},
    [TYPE_SYSCTLS] = {"settings", "a map like {vm.max_map_count: 262144}",
                      EXTRAS_LINE_PATTERN, true, EXTRAS_SYSCTL_PATTERN},
    [TYPE_NOTES] = {"annotations", "a map like {example.com/rack: b7}",
                    EXTRAS_ANNOTATION_PATTERN, true,
                    "^(?![^/]{254})" LABEL_PREFIX_PATTERN LABEL_NAME_PATTERN
                    "$"},
    [TYPE_MODULES] = {"list of modules",
                      "a list of modules, like [nfs, dm_crypt]",
                      EXTRAS_MODULE_PATTERN, false},
    [TYPE_LOCALE] = {"locale", LOCALE_RULE, LOCALE_PATTERN, false},
    [TYPE_KEYBOARD] = {"keyboard", KEYBOARD_RULE, KEYBOARD_PATTERN, false},
    [TYPE_CA_FILES] = {"list of files", "a list of files, like [ca.pem]",
                       EXTRAS_LINE_PATTERN, false},
    [TYPE_NO_PROXY] = {"list of hosts",
                       "a list of hosts, each " EXTRAS_HOST_RULE,
                       EXTRAS_HOST_PATTERN, false},
    [TYPE_CLOUD] = {"cloud-config", CLOUD_RULE, NULL, false},
    [TYPE_KERNEL_ARGS] = {"list of arguments",
                          "a list of arguments, like [hugepages=64]",
                          EXTRAS_ARGUMENT_PATTERN, false},
    [TYPE_REGISTRY_HOST] = {"registry", REGISTRY_HOST_RULE,
                            REGISTRY_HOST_PATTERN, true},
    [TYPE_REGISTRY_MIRRORS] =
        {"list of addresses", "a list of addresses, each " REGISTRY_MIRROR_RULE,
         REGISTRY_MIRROR_PATTERN, false},
    [TYPE_ARGUMENTS] = {"arguments", "a map like {v: 2}", EXTRAS_LINE_PATTERN,
                        true, ARGUMENT_PATTERN},
    [TYPE_GATES] = {"gates", "a map like {SidecarContainers: true}",
                    "^(true|false)$", true, GATE_PATTERN},
    [TYPE_SANS] = {"list of names", "a list of names, like [api.example.org]",
                   "^(?=.{1,253}$)(" ADDRESS
                   "|(\\*\\.)?(?!(.*\\.)?([0-9]+|0x[0-9a-f]*)$)" LABEL
                   "(\\." LABEL ")*)$",
                   false},
    [TYPE_MANIFESTS] = {"list of files",
                        "a list of files or folders, like [ingress.yaml]",
                        MANIFEST_PATTERN, false},
    [TYPE_PATCHES] = {"list of files",
                      "a list of files, like [kube-apiserver+merge.yaml]",
                      PATCH_PATTERN, false},
    [TYPE_COMMANDS] = {"list of commands",
                       "a list of commands, each a text of one or more lines "
                       "for a shell",
                       EXTRAS_COMMAND_PATTERN, false},
    /* Which of them the key takes depends on its row. */
    [TYPE_DURATION] = {"duration", NULL, "^0*[1-9][0-9]{0,6}[smh]$", false},
    [TYPE_PORTS] = {"ports", PORTS_RULE, PORTS_PATTERN, false},
    [TYPE_ISSUER] = {"address", ISSUER_RULE, ISSUER_PATTERN, false},
    [TYPE_ADDRESS_TYPES] =
        {"list of kinds of addresses",
         "a list of kinds of addresses, each " ADDRESS_TYPES_RULE,
         ADDRESS_TYPES_PATTERN, false},
    [TYPE_RANGES] = {"list of ranges",
                     "a list of networks or of first and last addresses, like "
                     "[192.168.4.200-192.168.4.220]",
                     ADDRESS_RANGE_PATTERN, false},
    [TYPE_PLUGINS] = {"list of plugins",
                      "a list of plugins, like [AlwaysPullImages]",
                      PLUGIN_PATTERN, false},
    [TYPE_TOKEN_NAME] = {"name", TOKEN_NAME_RULE, TOKEN_NAME_PATTERN, true},
    [TYPE_TOKEN_NAMES] = {"list of names", "a list of names, like [ops]",
                          TOKEN_NAME_PATTERN, true},
    [TYPE_RESOURCES] = {"resources", "a map like {cpu: 200m, memory: 512Mi}",
                        QUANTITY_PATTERN, true, RESOURCE_PATTERN},
    [TYPE_THRESHOLDS] = {"thresholds", "a map like {memory.available: 200Mi}",
                         THRESHOLD_PATTERN, true, SIGNAL_PATTERN},
    [TYPE_CLAIMS] = {"claims", "a map like {hd: example.org}",
                     CLAIM_VALUE_PATTERN, true, CLAIM_PATTERN},
};

const struct type_info *type_info(enum type t) {
  return &types[t];
}
