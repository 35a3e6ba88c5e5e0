/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/source.h"

#include "image/bundle.h"
#include "image/source-bundle.h"
#include "image/source-debian.h"
#include "image/source-folder.h"
#include "image/source-upstream.h"
#include "spec/payload-facts.h"
#include <sys/stat.h>

struct source {
  /* A text that changes with the payload. */
  int (*identity)(const struct spec *spec, char **ret, struct error *err);

  /* Gives the payload, verified; the options are for sources that make it. */
  int (*ensure)(const struct log *log, const struct spec *spec,
                const struct source_options *opt, struct payload *ret,
                struct error *err);

  /* The lock's entry, for sources that heed and write one; else NULL. */
  int (*locked)(const struct spec *spec, json_t **ret, struct error *err);

  /* Notes containerd there, as source_note_containerd; NULL without a lock. */
  int (*note)(const struct spec *spec, const char *where, const char *what,
              char **ret_other, struct error *err);
};

static const struct source sources[] = {
    [PAYLOAD_DEBIAN] = {source_debian_identity, source_debian_ensure, NULL,
                        NULL},
    [PAYLOAD_FOLDER] = {source_folder_identity, source_folder_ensure, NULL,
                        NULL},
    [PAYLOAD_UPSTREAM] = {source_upstream_identity, source_upstream_ensure,
                          source_upstream_locked, source_upstream_note},
};

/* What is written as a folder is, and is a file. */
static const struct source bundle = {source_bundle_identity,
                                     source_bundle_ensure, NULL, NULL};

/* The source of the spec's payload, or NULL after an error. */
static const struct source *find(const struct spec *spec, struct error *err) {
  const char *payload = spec->kubernetes.payload;
  const char *version = spec->kubernetes.version_text;
  const struct payload_facts *facts = payload_facts(payload);
  if (!payload_can_have(facts, version)) {
    error_usage(err,
                "the payload '%s' is Kubernetes %s, not %s; write 'version: "
                "%s' or use a folder as payload",
                payload, facts->version, version, facts->version);
    return NULL;
  }
  if (facts->kind == PAYLOAD_FOLDER && bundle_is_file(payload))
    return &bundle;
  return &sources[facts->kind];
}

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int source_identity(const struct spec *spec, char **ret, struct error *err) {
  const struct source *s = find(spec, err);
  return s ? s->identity(spec, ret, err) : -1;
}

int source_locked(const struct spec *spec, json_t **ret, struct error *err) {
  const struct source *s = find(spec, err);
  *ret = NULL;
  if (!s)
    return -1;
  return s->locked ? s->locked(spec, ret, err) : 0;
}

int source_note_containerd(const struct spec *spec, const char *where,
                           const char *what, char **ret_other,
                           struct error *err) {
  const struct source *s = find(spec, err);
  *ret_other = NULL;
  if (!s)
    return -1;
  return s->note ? s->note(spec, where, what, ret_other, err) : 0;
}

int source_ensure(const struct log *log, const struct spec *spec,
                  const struct source_options *opt, struct payload *ret,
                  struct error *err) {
  const char *version = spec->kubernetes.version_text;
  const struct source *s = find(spec, err);
  _cleanup_payload_ struct payload p = {0};
  if (s && opt->from && !is_folder(opt->from))
    return error_usage(err,
                       "--from '%s' is no folder; write the one that the "
                       "packages and archives are in",
                       opt->from);
  if (s && opt->update && !s->locked)
    return error_usage(err,
                       "--update is for the payload pkgs.k8s.io; '%s' has no "
                       "lock",
                       spec->kubernetes.payload);
  if (s && opt->from && !s->locked)
    return error_usage(err,
                       "--from is for the payload pkgs.k8s.io, and this one is "
                       "'%s'",
                       spec->kubernetes.payload);
  if (s && opt->verify && s != &bundle)
    return error_usage(err,
                       "--verify is for a payload that is a bundle; '%s' is "
                       "compared with its manifest each time, without it",
                       spec->kubernetes.payload);
  if (!s || s->ensure(log, spec, opt, &p, err) < 0)
    return -1;
  if (!payload_is(&p, version))
    return error_usage(err, "the payload '%s' is Kubernetes %s, not %s", p.dir,
                       p.kubernetes, version);
  *ret = p;
  p = (struct payload){0};
  return 0;
}
