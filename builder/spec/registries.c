/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/registries.h"

#include "base/codec.h"
#include "spec/mirror.h"
#include <string.h>

bool registry_host_ok(const char *text) {
  return strcmp(text, REGISTRY_ANY) == 0 ||
         (!strchr(text, '/') && !registry_fault(text));
}

bool registry_mirror_ok(const char *text) {
  return strstr(text, "://") && !registry_fault(text);
}

static char *file_of(const struct spec_registry *r, const char *name) {
  bool any = strcmp(r->name, REGISTRY_ANY) == 0;
  return xasprintf(REGISTRY_FOLDER "%s/%s", any ? "_default" : r->name, name);
}

static struct spec_file *add_file(struct spec *s, char *path, unsigned mode) {
  struct spec_file *f = spec_file_vec_add(&s->registry_files);
  *f = (struct spec_file){
      .path = path, .mode = mode, .owner = xstrdup("root:root")};
  return f;
}

/* What is behind the host of an address; NULL when nothing is. */
static const char *path_of(const char *address) {
  const char *slash = strchr(strstr(address, "://") + 3, '/');
  return slash && slash[1] ? slash : NULL;
}

/* Without an entry of "server" containerd asks the registry itself last; what
 * stands before the tables is for that. To the address of a mirror with a path
 * it adds "/v2", unless the path says where that goes ("override_path"). */
static void hosts_toml(const struct spec_registry *r, struct buf *out) {
  _cleanup_free_ char *ca = r->ca ? file_of(r, "ca.crt") : NULL;
  buf_addf(out, "# From kubeseed's spec.\n");
  if (ca)
    buf_addf(out, "ca = \"%s\"\n", ca);
  for (size_t i = 0; i < r->mirrors.n; i++) {
    const char *path = path_of(r->mirrors.v[i]);
    buf_addf(out, "\n[host.\"%s\"]\n  capabilities = [\"pull\", \"resolve\"]\n",
             r->mirrors.v[i]);
    if (path && (strncmp(path, "/v2/", 4) == 0 || strstr(path, "/v2/")))
      buf_adds(out, "  override_path = true\n");
    if (ca)
      buf_addf(out, "  ca = \"%s\"\n", ca);
  }
}

void registries_plan(struct spec *s) {
  bool logins = false;
  for (size_t i = 0; i < s->registries.n; i++) {
    const struct spec_registry *r = &s->registries.v[i];
    logins = logins || r->credentials;
    if (r->ca)
      add_file(s, file_of(r, "ca.crt"), 0644);
    if (r->mirrors.n == 0 && !r->ca)
      continue;
    struct spec_file *f = add_file(s, file_of(r, "hosts.toml"), 0644);
    hosts_toml(r, &f->content);
    f->written = true;
  }
  if (logins)
    add_file(s, xstrdup(REGISTRY_LOGINS), 0600);
}

const char *registry_ca_fault(const char *text) {
  if (strstr(text, "PRIVATE KEY-----"))
    return "has a private key in it, which no node is to have";
  return strstr(text, "-----BEGIN CERTIFICATE-----")
             ? NULL
             : "has no certificate in PEM";
}

const char *registry_login_fault(const char *text) {
  size_t n = strcspn(text, "\r\n");
  const char *colon = memchr(text, ':', n);
  if (!colon || colon == text || colon + 1 == text + n)
    return "must be one line, user:password";
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
      return "must be one line, user:password";
  return text[n + strspn(text + n, "\r\n")] ? "must be one line, user:password"
                                            : NULL;
}

/* The kubelet knows Docker's own by this (pkg/credentialprovider, keyring). */
void registry_login_add(const char *name, const char *text, struct buf *out) {
  bool hub = strcmp(name, "docker.io") == 0;
  buf_addf(out, "%s    \"%s\": {\"auth\": \"",
           out->len ? ",\n" : "{\n  \"auths\": {\n",
           hub ? "https://index.docker.io/v1/" : name);
  base64_encode(text, strcspn(text, "\r\n"), 0, out);
  buf_adds(out, "\"}");
}

void registry_logins_end(struct buf *out) {
  buf_adds(out, "\n  }\n}\n");
}
