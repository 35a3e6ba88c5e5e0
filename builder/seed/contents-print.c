/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seed/contents.h"

#include <string.h>

#define SHOWN_DIGEST 16

/* ---- Text ---- */

static void print_list(const char *what, const struct strv *l, FILE *out) {
  for (size_t i = 0; i < l->n; i++)
    fprintf(out, "%-11s %s\n", i ? "" : what, l->v[i]);
}

static void print_medium(const struct volume *v, FILE *out) {
  fprintf(out, "medium      %s", v->form);
  if (v->partition)
    fprintf(out, ", partition %u of a disk", v->partition);
  if (v->label)
    fprintf(out, ", label %s", v->label);
  fputc('\n', out);
  for (size_t i = 0; i < v->files.n; i++) {
    const struct volume_file *f = &v->files.v[i];
    char digest[SHA256_HEX];
    sha256_hex(f->data.data, f->data.len, digest);
    if (v->has_modes)
      fprintf(out, "  %04o", (unsigned)f->mode);
    else
      fputs("     -", out);
    fprintf(out, " %8zu  sha256:%.*s  %s\n", f->data.len, SHOWN_DIGEST, digest,
            f->name);
  }
}

static void print_files(const struct contents *c, FILE *out) {
  if (c->files.n > 0)
    fputs("\nfiles on the node\n", out);
  for (size_t i = 0; i < c->files.n; i++) {
    const struct content_file *f = &c->files.v[i];
    fprintf(out, "  %04o %-10s %8zu  sha256:%.*s  %s", f->mode,
            f->owner ? f->owner : "root:root", f->len, SHOWN_DIGEST, f->digest,
            f->path);
    if (f->secret || *f->what)
      fprintf(out, " (%s%s%s)", f->secret ? "secret" : "",
              f->secret && *f->what ? ", " : "", f->what);
    fputc('\n', out);
  }
}

static void print_certificates(const struct contents *c, time_t now,
                               FILE *out) {
  bool any = false;
  for (size_t i = 0; i < c->certificates.n; i++) {
    const struct certificate *k = &c->certificates.v[i];
    if (k->fault)
      continue;
    fputs(any ? "" : "\ncertificates\n", out);
    any = true;
    _cleanup_free_ char *end = certificate_end(k, now);
    _cleanup_free_ char *names = strv_join(&k->names, ", ");
    fprintf(out, "  %s: %s%s, %s\n", k->where, k->subject,
            k->is_ca ? " (a CA)" : "", end);
    if (k->names.n > 0)
      fprintf(out, "    for %s\n", names);
  }
}

void contents_print(const struct volume *v, const struct contents *c,
                    time_t now, FILE *out) {
  print_medium(v, out);
  if (c->hostname)
    fprintf(out, "node        %s\n", c->hostname);
  if (c->instance)
    fprintf(out, "instance    %s\n", c->instance);
  print_list("network", &c->cards, out);
  print_list("users", &c->users, out);
  _cleanup_free_ char *steps = strv_join(&c->steps, " ");
  if (c->steps.n > 0)
    fprintf(out, "steps       %s\n", steps);
  print_files(c, out);
  print_certificates(c, now, out);
  if (c->faults.n > 0)
    fputs("\nfaults\n", out);
  for (size_t i = 0; i < c->faults.n; i++)
    fprintf(out, "  %s\n", c->faults.v[i]);
}

/* ---- JSON ---- */

static json_t *strings(const struct strv *l) {
  json_t *list = json_array();
  for (size_t i = 0; i < l->n; i++)
    (void)json_array_append_new(list, json_text(l->v[i]));
  return list;
}

static void set_text(json_t *o, const char *key, const char *value) {
  (void)json_object_set_new(o, key, value ? json_text(value) : json_null());
}

static void set_mode(json_t *o, unsigned mode) {
  _cleanup_free_ char *text = xasprintf("%04o", mode);
  set_text(o, "mode", text);
}

static json_t *json_medium(const struct volume *v) {
  json_t *o = json_object(), *files = json_array();
  set_text(o, "form", v->form);
  (void)json_object_set_new(
      o, "partition", v->partition ? json_integer(v->partition) : json_null());
  set_text(o, "label", v->label);
  for (size_t i = 0; i < v->files.n; i++) {
    const struct volume_file *f = &v->files.v[i];
    json_t *e = json_object();
    char digest[SHA256_HEX];
    sha256_hex(f->data.data, f->data.len, digest);
    set_text(e, "name", f->name);
    if (v->has_modes)
      set_mode(e, (unsigned)f->mode);
    (void)json_object_set_new(e, "bytes",
                              json_integer((json_int_t)f->data.len));
    set_text(e, "sha256", digest);
    (void)json_array_append_new(files, e);
  }
  (void)json_object_set_new(o, "files", files);
  return o;
}

static json_t *json_files(const struct contents *c) {
  json_t *list = json_array();
  for (size_t i = 0; i < c->files.n; i++) {
    const struct content_file *f = &c->files.v[i];
    json_t *e = json_object();
    set_text(e, "path", f->path);
    set_mode(e, f->mode);
    set_text(e, "owner", f->owner ? f->owner : "root:root");
    (void)json_object_set_new(e, "bytes", json_integer((json_int_t)f->len));
    set_text(e, "sha256", f->digest);
    (void)json_object_set_new(e, "secret", json_boolean(f->secret));
    set_text(e, "what", f->what);
    (void)json_array_append_new(list, e);
  }
  return list;
}

static json_t *json_certificates(const struct contents *c) {
  json_t *list = json_array();
  for (size_t i = 0; i < c->certificates.n; i++) {
    const struct certificate *k = &c->certificates.v[i];
    if (k->fault)
      continue;
    json_t *e = json_object();
    set_text(e, "file", k->where);
    certificate_json(k, e);
    (void)json_array_append_new(list, e);
  }
  return list;
}

json_t *contents_json(const struct volume *v, const struct contents *c) {
  json_t *o = json_object();
  (void)json_object_set_new(o, "medium", json_medium(v));
  set_text(o, "node", c->hostname);
  set_text(o, "instance", c->instance);
  (void)json_object_set_new(o, "network", strings(&c->cards));
  (void)json_object_set_new(o, "users", strings(&c->users));
  (void)json_object_set_new(o, "steps", strings(&c->steps));
  (void)json_object_set_new(o, "files", json_files(c));
  (void)json_object_set_new(o, "certificates", json_certificates(c));
  (void)json_object_set_new(o, "faults", strings(&c->faults));
  return o;
}
