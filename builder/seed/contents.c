/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/contents.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "format/yaml.h"
#include <string.h>
#include <strings.h>

#define NODE_ENV "/etc/kubeseed/node.env"
#define PROGRAM "/usr/lib/kubeseed/bootstrap"
#define SCRIPTS "/usr/lib/kubeseed/"
/* Far more than a seed has; each is compared with all others. */
#define MAX_FILES 4096
#define MAX_CERTIFICATES 1024
/* CAs of one name that are tried for a certificate. */
#define MAX_CAS 16
/* Each is looked for in all programs. */
#define MAX_STEPS 64

/* What is laid down, while it is looked at. */
struct laid {
  struct buf content;
};
DEFINE_VEC(laid_vec, struct laid);

struct look {
  const struct volume *volume;
  time_t now;
  struct contents *c;
  struct laid_vec laid; /* of c->files, in that order */
  bool read;            /* user-data was */
};

static _printf_(2, 3) void fault(struct look *l, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *text = xvasprintf(fmt, ap);
  va_end(ap);
  _cleanup_free_ char *shown = utf8_printable(text);
  strv_push(&l->c->faults, shown);
}

/* The document of that name; a fault and NULL where there is none. Its place is
 * told, never its line: that may hold a secret. */
static struct yaml_node *document(struct look *l, const char *name,
                                  const char *without) {
  const struct volume_file *f = volume_find(l->volume, name);
  _cleanup_error_ struct error err = {0};
  struct yaml_node *root = NULL;
  if (!f) {
    fault(l, "there is no %s: %s", name, without);
    return NULL;
  }
  if (yaml_parse_upto(f->name, f->data.data, f->data.len, VOLUME_MAX_BYTES,
                      &root, &err) < 0) {
    for (size_t i = 0; i < err.n_faults; i++)
      fault(l,
            "%s: this is no YAML that is read here; what stands there is not "
            "shown, for it may be a secret",
            err.faults[i].where ? err.faults[i].where : name);
    return NULL;
  }
  if (root->kind != YAML_MAP) {
    fault(l, "%s is not a map of YAML", name);
    yaml_node_free(root);
    return NULL;
  }
  return root;
}

static const char *text_of(const struct yaml_node *map, const char *key) {
  const struct yaml_node *n = yaml_get(map, key);
  return n && n->kind == YAML_SCALAR && !yaml_is_null(n) ? n->text : NULL;
}

static bool is_true(const struct yaml_node *map, const char *key) {
  const char *s = text_of(map, key);
  return s && (strcasecmp(s, "true") == 0 || strcasecmp(s, "yes") == 0);
}

/* ---- meta-data and network-config ---- */

static void look_meta(struct look *l) {
  _cleanup_yaml_ struct yaml_node *root =
      document(l, "meta-data", "cloud-init does not take it for a seed");
  if (!root)
    return;
  const char *id = text_of(root, "instance-id");
  const char *host = text_of(root, "local-hostname");
  if (!id)
    fault(l, "meta-data has no instance-id: cloud-init cannot tell a new "
             "seed from the one before");
  l->c->instance = id ? utf8_printable(id) : NULL;
  l->c->hostname = host ? utf8_printable(host) : NULL;
}

static void look_card(struct look *l, const struct yaml_node *card) {
  const struct yaml_node *match = yaml_get(card, "match");
  const struct yaml_node *addresses = yaml_get(card, "addresses");
  const char *mac = match ? text_of(match, "macaddress") : NULL;
  _cleanup_buf_ struct buf b = {0};
  buf_addf(&b, "%s:", card->key);
  if (mac)
    buf_addf(&b, " %s", mac);
  size_t n = addresses && addresses->kind == YAML_SEQ ? addresses->n : 0;
  for (size_t i = 0; i < n; i++)
    if (addresses->child[i]->kind == YAML_SCALAR)
      buf_addf(&b, " %s", addresses->child[i]->text);
  if (is_true(card, "dhcp4") || is_true(card, "dhcp6"))
    buf_adds(&b, " DHCP");
  else if (n == 0)
    buf_adds(&b, " no address");
  _cleanup_free_ char *shown = utf8_printable(b.data);
  strv_push(&l->c->cards, shown);
}

static void look_network(struct look *l) {
  _cleanup_yaml_ struct yaml_node *root = document(
      l, "network-config", "the node asks for an address by DHCP instead");
  if (!root)
    return;
  /* The whole may stand below "network", as on a node's disk. */
  const struct yaml_node *net = yaml_get(root, "network");
  net = net ? net : root;
  const char *form = text_of(net, "version");
  if (!form || (strcmp(form, "1") != 0 && strcmp(form, "2") != 0))
    fault(l, "network-config has no version 1 or 2: cloud-init refuses it");
  static const char *const kinds[] = {"ethernets", "bonds", "bridges", "vlans"};
  for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
    const struct yaml_node *cards = yaml_get(net, kinds[k]);
    for (size_t i = 0; cards && cards->kind == YAML_MAP && i < cards->n; i++)
      look_card(l, cards->child[i]);
  }
}

/* ---- user-data ---- */

static void look_user(struct look *l, const struct yaml_node *user) {
  const char *name = text_of(user, "name");
  const struct yaml_node *keys = yaml_get(user, "ssh_authorized_keys");
  size_t n = keys && keys->kind == YAML_SEQ ? keys->n : 0;
  bool password = text_of(user, "hashed_passwd") || text_of(user, "passwd") ||
                  text_of(user, "plain_text_passwd");
  if (!name) {
    fault(l, "user-data: a user has no name");
    return;
  }
  _cleanup_free_ char *text = xasprintf(
      "%s: %zu SSH key%s%s%s", name, n, n == 1 ? "" : "s",
      password ? ", a password" : "", text_of(user, "sudo") ? ", sudo" : "");
  _cleanup_free_ char *shown = utf8_printable(text);
  strv_push(&l->c->users, shown);
}

/* cloud-init takes a number as well as a string, in octal either way. */
static bool read_mode(const char *text, unsigned *ret) {
  char *end;
  unsigned long mode = strtoul(text, &end, 8);
  if (!*text || *end || mode > 07777)
    return false;
  *ret = (unsigned)mode;
  return true;
}

static bool decode(const char *encoding, const char *text, struct buf *out) {
  if (!encoding || strcmp(encoding, "text/plain") == 0) {
    buf_adds(out, text);
    return true;
  }
  buf_add(out, "", 0);
  return (strcmp(encoding, "b64") == 0 || strcmp(encoding, "base64") == 0) &&
         base64_decode(text, strlen(text), out);
}

/* What a file is for, from its first bytes. */
static const char *kind_of(const struct buf *b, const char *path) {
  static const struct {
    const char *mark, *what;
  } rows[] = {{"PRIVATE KEY-----", "private key"},
              {"client-key-data:", "kubeconfig with a key"},
              {"kind: Config", "kubeconfig"},
              {"-----BEGIN CERTIFICATE-----", "certificate"},
              {"-----BEGIN PUBLIC KEY-----", "public key"},
              {"-cert-v01@openssh.com", "SSH certificate"}};
  for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
    if (strstr(b->data, rows[i].mark))
      return rows[i].what;
  if (strncmp(b->data, "#!", 2) == 0)
    return "program";
  size_t n = strlen(path);
  return n > 8 && strcmp(path + n - 8, ".service") == 0 ? "unit" : "";
}

static void keep(struct look *l, const char *path, const char *owner,
                 unsigned mode, struct buf *content) {
  struct content_file *f = content_file_vec_add(&l->c->files);
  f->path = utf8_printable(path);
  f->owner = owner ? utf8_printable(owner) : NULL;
  f->mode = mode;
  f->len = content->len;
  f->what = kind_of(content, path);
  f->secret = !(mode & 044) || strstr(content->data, "PRIVATE KEY-----");
  sha256_hex(content->data, content->len, f->digest);
  if (f->secret && mode & 004)
    fault(l, "%s holds a private key, and everybody on the node reads it",
          f->path);
  size_t n = strlen(f->path), before = l->c->certificates.n;
  if (before < MAX_CERTIFICATES)
    certificates_add(f->path, content->data, content->len, &l->c->certificates);
  if (n > 4 && strcmp(f->path + n - 4, ".crt") == 0 &&
      l->c->certificates.n == before && before < MAX_CERTIFICATES)
    fault(l, "there is no certificate in %s", f->path);
  laid_vec_add(&l->laid)->content = *content;
  *content = (struct buf){0};
}

static void look_file(struct look *l, const struct yaml_node *item) {
  const char *path = text_of(item, "path");
  const char *mode_text = text_of(item, "permissions");
  const char *encoding = text_of(item, "encoding");
  const struct yaml_node *content = yaml_get(item, "content");
  unsigned mode = 0644;
  _cleanup_buf_ struct buf bytes = {0};
  if (!path || path[0] != '/' || strstr(path, "/../"))
    fault(l, "user-data: a file of write_files has no path that begins with /");
  if (!path || l->c->files.n == MAX_FILES)
    return;
  for (size_t i = 0; i < l->c->files.n; i++)
    if (strcmp(l->c->files.v[i].path, path) == 0) {
      fault(l, "%s stands twice in write_files", path);
      break;
    }
  if (mode_text && !read_mode(mode_text, &mode))
    fault(l, "%s: the permissions '%s' are no octal number", path, mode_text);
  if (content && content->kind != YAML_SCALAR)
    fault(l, "%s: its content is no text", path);
  else if (!decode(encoding, content ? content->text : "", &bytes))
    fault(l, "%s: its content is not %s, as its encoding says", path, encoding);
  if (!bytes.data)
    buf_add(&bytes, "", 0);
  keep(l, path, text_of(item, "owner"), mode, &bytes);
}

static void
look_list(struct look *l, const struct yaml_node *root, const char *key,
          void (*one)(struct look *l, const struct yaml_node *item)) {
  const struct yaml_node *list = yaml_get(root, key);
  if (list && list->kind != YAML_SEQ)
    fault(l, "user-data: %s is no list", key);
  for (size_t i = 0; list && list->kind == YAML_SEQ && i < list->n; i++)
    if (list->child[i]->kind == YAML_MAP)
      one(l, list->child[i]);
}

static void look_user_data(struct look *l) {
  static const char first[] = "#cloud-config";
  static const char without[] = "cloud-init does not take it for a seed";
  const struct volume_file *f = volume_find(l->volume, "user-data");
  if (f && strncmp(f->data.data, first, strlen(first)) != 0) {
    fault(l, "user-data does not begin with %s: cloud-init passes it over",
          first);
    return;
  }
  _cleanup_yaml_ struct yaml_node *root = document(l, "user-data", without);
  if (!root)
    return;
  l->read = true;
  const char *host = text_of(root, "hostname");
  if (host && l->c->hostname && strcmp(host, l->c->hostname) != 0)
    fault(l, "user-data calls the node %s, meta-data %s", host, l->c->hostname);
  if (!l->c->hostname && host)
    l->c->hostname = utf8_printable(host);
  look_list(l, root, "users", look_user);
  look_list(l, root, "write_files", look_file);
}

/* ---- What does not fit together ---- */

static const char *content_of(const struct look *l, const char *path) {
  for (size_t i = 0; i < l->c->files.n; i++)
    if (strcmp(l->c->files.v[i].path, path) == 0)
      return l->laid.v[i].content.data;
  return NULL;
}

/* The value of NAME='...' in node.env; the caller frees. */
static char *env_value(const char *env, const char *name) {
  _cleanup_free_ char *start = xasprintf("\n%s='", name);
  const char *at = strstr(env, start);
  return at ? xstrndup(at + strlen(start), strcspn(at + strlen(start), "'\n"))
            : NULL;
}

/* A step is a function step_NAME, with "_" for each "-". */
static bool has_step(const struct look *l, const char *step) {
  _cleanup_free_ char *function = xasprintf("\nstep_%s() {", step);
  for (char *p = function; *p && *p != '('; p++)
    if (*p == '-')
      *p = '_';
  for (size_t i = 0; i < l->c->files.n; i++)
    if (strncmp(l->c->files.v[i].path, SCRIPTS, strlen(SCRIPTS)) == 0 &&
        strstr(l->laid.v[i].content.data, function))
      return true;
  return false;
}

static void look_steps(struct look *l) {
  const char *env = content_of(l, NODE_ENV);
  if (!l->read)
    return; /* why is told already */
  if (!env) {
    fault(l, "there is no " NODE_ENV
             ": this is no seed of kubeseed's, and nothing begins to make a "
             "cluster");
    return;
  }
  _cleanup_free_ char *name = env_value(env, "NODE");
  _cleanup_free_ char *steps = env_value(env, "STEPS");
  if (!content_of(l, PROGRAM))
    fault(l, "there is no " PROGRAM ", which takes the first boot's steps");
  if (name && l->c->hostname && strcmp(name, l->c->hostname) != 0)
    fault(l, NODE_ENV " is of %s, the seed of %s", name, l->c->hostname);
  if (!steps || !*steps)
    fault(l, NODE_ENV " names no steps of the first boot");
  char *save = NULL;
  for (char *s = steps ? strtok_r(steps, " ", &save) : NULL; s;
       s = strtok_r(NULL, " ", &save)) {
    if (l->c->steps.n == MAX_STEPS) {
      fault(l, NODE_ENV " has more than %d steps; the others are not looked at",
            MAX_STEPS);
      return;
    }
    _cleanup_free_ char *shown = utf8_printable(s);
    strv_push(&l->c->steps, shown);
    if (!has_step(l, s))
      fault(l, "no program on the seed has the step %s", s);
  }
}

/* "X.crt" with "X.key" beside it: whether they are a pair. */
static void look_pair(struct look *l, const struct certificate *c) {
  size_t n = strlen(c->where);
  if (n < 4 || strcmp(c->where + n - 4, ".crt") != 0)
    return;
  _cleanup_free_ char *path = xasprintf("%.*s.key", (int)n - 4, c->where);
  const char *pem = content_of(l, path);
  _cleanup_error_ struct error err = {0};
  _cleanup_key_ struct key *key = NULL;
  if (!pem)
    return;
  if (key_parse(pem, strlen(pem), &key, &err) < 0)
    fault(l, "%s: %s", path, err.faults[0].msg);
  else if (!cert_has_key(c->cert, key))
    fault(l, "%s is not the key of %s", path, c->where);
}

/* A CA of its issuer's name on this seed must have signed it. */
static void look_issuer(struct look *l, const struct certificate *c) {
  size_t named = 0;
  for (size_t i = 0; i < l->c->certificates.n && named < MAX_CAS; i++) {
    const struct certificate *ca = &l->c->certificates.v[i];
    _cleanup_error_ struct error err = {0};
    if (ca->fault || !ca->is_ca || strcmp(ca->subject, c->issuer) != 0)
      continue;
    /* Its times are told elsewhere. */
    if (cert_verify(c->cert, ca->cert, c->until - 1, &err) == 0)
      return;
    named++;
  }
  if (named == MAX_CAS)
    fault(l, "%s (%s) is signed by none of the first %d CAs of the name %s",
          c->where, c->subject, MAX_CAS, c->issuer);
  else if (named > 0)
    fault(l, "%s (%s) is not signed by the CA that it names (%s)", c->where,
          c->subject, c->issuer);
}

static void look_certificates(struct look *l) {
  if (l->c->certificates.n >= MAX_CERTIFICATES)
    fault(l, "it has more than %d certificates; the others are not looked at",
          MAX_CERTIFICATES);
  for (size_t i = 0; i < l->c->certificates.n; i++) {
    const struct certificate *c = &l->c->certificates.v[i];
    if (c->fault) {
      fault(l, "%s: %s", c->where, c->fault);
      continue;
    }
    _cleanup_free_ char *end = certificate_end(c, l->now);
    if (c->until <= l->now)
      fault(l, "%s (%s) %s", c->where, c->subject, end);
    if (c->from > l->now)
      fault(l, "%s (%s) is not valid yet", c->where, c->subject);
    look_pair(l, c);
    if (!c->is_ca)
      look_issuer(l, c);
  }
}

static void look_label(struct look *l) {
  const char *label = l->volume->label;
  if (label && strcmp(label, "cidata") != 0 && strcmp(label, "CIDATA") != 0)
    fault(l, "its label is '%s': cloud-init looks for cidata", label);
}

void contents_read(const struct volume *v, time_t now, struct contents *ret) {
  *ret = (struct contents){0};
  struct look l = {.volume = v, .now = now, .c = ret};
  look_label(&l);
  look_meta(&l);
  look_network(&l);
  look_user_data(&l);
  look_steps(&l);
  look_certificates(&l);
  for (size_t i = 0; i < l.laid.n; i++)
    buf_done(&l.laid.v[i].content);
  free(l.laid.v);
}

void contents_done(struct contents *c) {
  for (size_t i = 0; i < c->files.n; i++) {
    free(c->files.v[i].path);
    free(c->files.v[i].owner);
  }
  free(c->files.v);
  free(c->hostname);
  free(c->instance);
  strv_done(&c->users);
  strv_done(&c->cards);
  strv_done(&c->steps);
  certificates_done(&c->certificates);
  strv_done(&c->faults);
  *c = (struct contents){0};
}
