/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What API servers and kubelets are told by keys of their own
 * (kubernetes.apiServer, kubernetes.kubelet): how a range of ports, a plugin of
 * admission and the like must look, and what is known of them.
 */
#pragma once

#include "base/strv.h"
#include "spec/versions.h"
#include <stdbool.h>
#include <stdint.h>

/* Where control planes have the files that API servers are given. */
#define TOKEN_WEBHOOK "/etc/kubeseed/token-webhook.yaml"
#define OIDC_CA "/etc/kubeseed/oidc-ca.crt"

/* kubernetes.apiServer.nodePorts, as --service-node-port-range has it. */
#define PORTS_RULE "a range of ports like 30000-32767"
#define PORTS_PATTERN "^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$"
bool ports_parse(const char *text, int *ret_first, int *ret_last);

/* What an API server may call a kubelet by; core/v1's NodeAddressType. */
#define ADDRESS_TYPES_RULE                                                     \
  "one of InternalIP, ExternalIP, InternalDNS, ExternalDNS, Hostname"
#define ADDRESS_TYPES_PATTERN                                                  \
  "^(InternalIP|ExternalIP|InternalDNS|ExternalDNS|Hostname)$"
bool address_type_ok(const char *text);

/* Plugins of admission. */
#define PLUGIN_RULE "the name of a plugin, like AlwaysPullImages"
#define PLUGIN_PATTERN "^[A-Z][A-Za-z0-9]*$"
bool plugin_name_ok(const char *name);

enum plugin_state { PLUGIN_KNOWN, PLUGIN_UNKNOWN, PLUGIN_EARLY, PLUGIN_GONE };

/* What the API server of that version makes of the plugin; *ret_minor is from
 * which 1.MINOR on it is there, or is no more. */
enum plugin_state plugin_state(const char *name, const struct version *v,
                               int *ret_minor);

/* kubernetes.apiServer.oidc: an issuer is found by its address, to which
 * "/.well-known/openid-configuration" is added (OpenID Connect Discovery 1.0,
 * 4.1). */
#define ISSUER_RULE "an address like https://login.example/realm"
#define ISSUER_PATTERN                                                         \
  "^https://[A-Za-z0-9][-.A-Za-z0-9]*(:[0-9]{1,5})?(/[-._~%A-Za-z0-9]+)*/?$"
bool issuer_ok(const char *text);

/* Claims that a token must have: pflag parts them at commas and '='. */
#define CLAIM_RULE "a name without blanks, ',' and '='"
#define CLAIM_PATTERN "^[-A-Za-z0-9_.:/]+$"
#define CLAIM_VALUE_PATTERN "^[^,\\x00-\\x1f\\x7f]+$"
bool claim_name_ok(const char *name);
bool claim_value_ok(const char *value);

/* kubernetes.kubelet.kubeReserved and systemReserved: what of a node is not for
 * pods, as Kubernetes' quantities. */
#define RESOURCE_RULE "one of cpu, memory, ephemeral-storage, pid"
#define RESOURCE_PATTERN "^(cpu|memory|ephemeral-storage|pid)$"
#define QUANTITY_PATTERN                                                       \
  "^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,3}|m|[KMGT]i|[kMGT])?$"
bool resource_name_ok(const char *name);

/* NULL for a quantity of the resource; else what it must be. */
const char *resource_fault(const char *name, const char *quantity);

/* Thousandths of a processor, bytes, a number; -1 when it is none. */
int64_t quantity_parse(const char *text, bool milli);

/* kubernetes.kubelet.evictionHard: what a node runs short of before pods go. */
#define SIGNAL_RULE                                                            \
  "one of memory.available, nodefs.available, nodefs.inodesFree, "             \
  "imagefs.available, imagefs.inodesFree, pid.available"
#define SIGNAL_PATTERN                                                         \
  "^(memory\\.available|(nodefs|imagefs)\\.(available|inodesFree)|"            \
  "pid\\.available)$"
#define THRESHOLD_RULE "a part of all like 10%, or a quantity like 500Mi"
#define THRESHOLD_PATTERN                                                      \
  "^((0|[1-9][0-9]{0,14})([KMGT]i|[kMGT])?|(100|[1-9]?[0-9])%)$"
bool signal_name_ok(const char *name);
bool threshold_ok(const char *text);

/* The kubelet's own thresholds, "memory.available=100Mi", which it drops when
 * it is told of any; NULL after the last. */
extern const char *const threshold_defaults[];

/* "1h30m0s" of seconds, as Go prints a duration; the caller frees. */
char *go_duration(int seconds);
