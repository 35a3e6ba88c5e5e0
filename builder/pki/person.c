/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pki/person.h"

#include "base/digest.h"
#include "base/mem.h"
#include <ctype.h>
#include <string.h>

/* RFC 5280's ub-common-name and ub-organization-name. */
#define NAME_MAX_LEN 64

const char *person_name_fault(const char *name) {
  if (!*name || strlen(name) > NAME_MAX_LEN)
    return "must have 1 to 64 letters";
  for (const char *p = name; *p; p++)
    if (!isalnum((unsigned char)*p) && !strchr("-_.@:", *p))
      return "has something else than letters, digits and -_.@:";
  if (strncmp(name, "system:", 7) == 0)
    return "begins with 'system:', as Kubernetes' own do, whose rights no "
           "role of yours takes away";
  return NULL;
}

bool person_role_ok(const char *name) {
  size_t n = strlen(name);
  for (const char *p = name; *p; p++)
    if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) &&
        !strchr("-.:", *p))
      return false;
  return n > 0 && n <= 253 && isalnum((unsigned char)name[0]) &&
         isalnum((unsigned char)name[n - 1]);
}

static enum key_kind kind_of(const struct key *key) {
  enum key_kind kind = key_kind(key);
  if (kind != KEY_KIND_OTHER)
    return kind;
  return key_is_rsa(key) ? KEY_KIND_RSA2048 : KEY_KIND_P256;
}

static void add(struct pki *to, const char *name, bool secret,
                struct buf *data) {
  struct pki_entry *e = entry_add(&to->entries, name, secret);
  e->data = *data;
  *data = (struct buf){0};
}

static int issue(const struct person *person, const struct cert *ca,
                 const struct key *ca_key, time_t now, time_t end,
                 struct pki *to, struct error *err) {
  const struct cert_profile profile = {.common_name = person->name,
                                       .organizations = person->groups,
                                       .client = true,
                                       .not_before =
                                           now - PKI_BACKDATE_HOURS * 3600,
                                       .not_after = end};
  _cleanup_key_ struct key *key = NULL;
  _cleanup_buf_ struct buf secret = {0};
  _cleanup_buf_ struct buf public = {0};
  if (key_generate(kind_of(ca_key), &key, err) < 0 ||
      key_pem(key, &secret, err) < 0 ||
      cert_issue(&profile, key, ca, ca_key, &public, err) < 0)
    return -1;
  add(to, PAIR_ADMIN.secret, true, &secret);
  add(to, PAIR_ADMIN.public, false, &public);
  return 0;
}

int person_make(const struct pki *keys, const struct person *person, time_t now,
                struct pki *ret, time_t *ret_end, struct error *err) {
  _cleanup_cert_ struct cert *ca = NULL;
  _cleanup_key_ struct key *ca_key = NULL;
  _cleanup_pki_ struct pki made = {0};
  time_t end;
  if (entry_cert(&keys->entries, PAIR_KUBERNETES.public, &ca, err) < 0 ||
      entry_key(&keys->entries, PAIR_KUBERNETES.secret, &ca_key, err) < 0 ||
      cert_not_after(ca, &end, err) < 0)
    return -1;
  if (end <= now)
    return error_set(err, 0, "the Kubernetes CA has ended");
  if (end > now + person->seconds)
    end = now + person->seconds;
  if (issue(person, ca, ca_key, now, end, &made, err) < 0)
    return -1;
  (void)entry_keep(&keys->entries, PAIR_KUBERNETES.public, &made.entries);
  *ret = made;
  made = (struct pki){0};
  *ret_end = end;
  return 0;
}

/* Names of objects have no '@', and what is left of one must not be another's.
 */
static char *binding_name(const char *name, const char *role) {
  _cleanup_free_ char *both = xasprintf("%s\n%s", name, role);
  char hex[SHA256_HEX];
  sha256_hex(both, strlen(both), hex);
  return xasprintf("kubeseed-person-%.16s", hex);
}

void person_manifest(const char *name, const char *role, const char *namespace,
                     struct buf *out) {
  _cleanup_free_ char *object = binding_name(name, role);
  buf_addf(out,
           "# %s as %s, in %s%s.\n"
           "apiVersion: rbac.authorization.k8s.io/v1\n"
           "kind: %s\n"
           "metadata:\n"
           "  name: %s\n",
           name, role, namespace ? "the namespace " : "all of the cluster",
           namespace ? namespace : "",
           namespace ? "RoleBinding" : "ClusterRoleBinding", object);
  if (namespace)
    buf_addf(out, "  namespace: \"%s\"\n", namespace);
  buf_addf(out,
           "roleRef:\n"
           "  apiGroup: rbac.authorization.k8s.io\n"
           "  kind: ClusterRole\n"
           "  name: \"%s\"\n"
           "subjects:\n"
           "- apiGroup: rbac.authorization.k8s.io\n"
           "  kind: User\n"
           "  name: \"%s\"\n",
           role, name);
}
