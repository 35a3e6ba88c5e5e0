/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/person.h"

#include "base/file.h"
#include "base/mem.h"
#include "pki/person.h"
#include "pki/store.h"
#include "seed/admin.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOUR ((time_t)3600)
#define DAY (24 * HOUR)
#define SHORTEST 600
#define LONGEST (366 * DAY)

/* "30m", "8h", "30d"; 0 when it is none, or nobody's wish. */
static time_t parse_time(const char *text) {
  char *end;
  errno = 0;
  long v = strtol(text, &end, 10);
  time_t unit = *end == 'm' ? 60 : *end == 'h' ? HOUR : *end == 'd' ? DAY : 0;
  if (errno || !isdigit((unsigned char)*text) || !unit || end[1] ||
      v > LONGEST / unit || v * unit < SHORTEST)
    return 0;
  return v * unit;
}

static int check_name(const char *what, const char *name, struct error *err) {
  const char *wrong = person_name_fault(name);
  if (!wrong)
    return 0;
  return error_usage(err, "the %s '%s' %s", what, name, wrong);
}

int person_option(int i, const char *value, struct person_options *ret,
                  struct error *err) {
  const char **texts[] = {&ret->name,      NULL,          NULL, &ret->role,
                          &ret->namespace, &ret->manifest};
  if (i == 1) {
    strv_push(&ret->groups, value);
    return check_name("group", value, err);
  }
  if (i == 2) {
    ret->seconds = parse_time(value);
    return ret->seconds ? 0
                        : error_usage(err,
                                      "--for is a time like 30m, 8h or 30d, "
                                      "from 10m to 366d, not '%s'",
                                      value);
  }
  *texts[i] = value;
  return i == 0 ? check_name("user", value, err) : 0;
}

static int check_rights(const struct person_options *o, struct error *err) {
  if (!o->role != !o->manifest || (o->namespace && !o->role))
    return error_usage(err, "--role ROLE and --manifest FILE belong together, "
                            "and --namespace to them");
  if (o->role && !person_role_ok(o->role))
    return error_usage(err,
                       "'%s' is no name of a ClusterRole; Kubernetes has view, "
                       "edit, admin and cluster-admin",
                       o->role);
  if (o->namespace &&
      (!person_role_ok(o->namespace) || strpbrk(o->namespace, ".:") ||
       strlen(o->namespace) > 63))
    return error_usage(err, "'%s' is no name of a namespace", o->namespace);
  return 0;
}

int person_check(const struct person_options *o, bool with_file,
                 struct error *err) {
  bool more =
      o->groups.n || o->seconds || o->role || o->namespace || o->manifest;
  if (!o->name)
    return more ? error_usage(err, "--group, --for, --role, --namespace and "
                                   "--manifest are for --user NAME")
                : 0;
  if (!with_file)
    return error_usage(err,
                       "--user needs -o FILE, or -o - for standard output, and "
                       "is not for --qemu: nothing of it is kept here");
  return check_rights(o, err);
}

static int write_manifest(const struct cli *cli, const struct person_options *o,
                          bool force, struct error *err) {
  _cleanup_buf_ struct buf text = {0};
  if (!o->manifest)
    return 0;
  if (file_exists(o->manifest) && !force)
    return error_usage(err, "'%s' is there already; --force overwrites it",
                       o->manifest);
  person_manifest(o->name, o->role, o->namespace, &text);
  if (file_write(o->manifest, text.data, text.len, 0644, err) < 0)
    return -1;
  log_info(&cli->log,
           "'%s' gives %s the role %s; name it in the spec's manifests, or "
           "`kubectl apply -f` it",
           o->manifest, o->name, o->role);
  return 0;
}

static int load_keys(const struct cli *cli, const struct cluster *c,
                     const char *name, struct pki *ret, struct error *err) {
  _cleanup_free_ char *dir = state_path(&c->state, "pki");
  _cleanup_free_ char *target = cli_target(cli, c->spec.file);
  if (c->spec.pki.mode == PKI_COPIED)
    return error_set(err, 0,
                     "with pki.mode copied the CA's key is on control-plane "
                     "nodes alone: `kubeadm kubeconfig user` makes one there");
  if (pki_load(dir, &c->plan, ret, err) < 0)
    return -1;
  if (pki_is_elsewhere(&c->plan, &PAIR_KUBERNETES))
    return error_set(err, 0,
                     "the CA's key is elsewhere: let it sign a request with CN "
                     "%s and the groups as O, and make the kubeconfig with "
                     "`kubectl config set-credentials`",
                     name);
  if (!pki_get(ret, PAIR_KUBERNETES.secret))
    return error_set(err, 0, "there is no CA yet; `kubeseed seed %s` makes it",
                     target);
  return 0;
}

int person_conf(const struct cli *cli, const struct cluster *c,
                const struct person_options *o, bool force, struct buf *ret,
                struct error *err) {
  const struct person person = {.name = o->name,
                                .groups = &o->groups,
                                .seconds = o->seconds ? o->seconds : DAY};
  _cleanup_pki_ struct pki keys = {0};
  _cleanup_pki_ struct pki own = {0};
  char date[sizeof("YYYY-MM-DD HH:MM")] = "";
  struct tm tm;
  time_t end;
  if (load_keys(cli, c, o->name, &keys, err) < 0 ||
      person_make(&keys, &person, time(NULL), &own, &end, err) < 0 ||
      admin_of_person(&c->plan, &own, o->name, ret, err) < 0 ||
      write_manifest(cli, o, force, err) < 0)
    return -1;
  if (gmtime_r(&end, &tm))
    (void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M", &tm);
  log_info(&cli->log,
           "%s is let in until %s (UTC); before that only their roles can be "
           "taken away",
           o->name, date);
  return 0;
}
