/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed export: image and seeds for machines that others run. */
#include "export/export.h"
#include "base/file.h"
#include "base/mem.h"
#include "cluster/access.h"
#include "cmd/words.h"
#include "image/store.h"
#include "seed/seed.h"
#include "spec/mirror.h"
#include <getopt.h>
#include <net/if.h>
#include <string.h>
#include <time.h>

struct options {
  const struct export_format *format;
  const char *output; /* --output DIR, or NULL */
  const char *image;  /* --image FILE, or NULL */
  const char *apply;  /* --apply URI, or NULL */
  const char *pool;   /* --pool NAME */
  const char *bridge; /* --bridge NAME, or NULL */
  bool uefi, force;
};

static bool is_spread(const struct options *o) {
  return o->apply && strcmp(o->apply, "spec") == 0;
}

/* The pool is part of the XML as well. */
static int check_apply(const struct options *o, struct error *err) {
  const char *only = o->apply    ? "apply"
                     : o->pool   ? "pool"
                     : o->bridge ? "bridge"
                     : o->uefi   ? "uefi"
                                 : NULL;
  if (only && !o->format->applies)
    return error_usage(err, "--%s is for --to libvirt", only);
  if (o->apply && !is_spread(o) && !libvirt_uri_ok(o->apply))
    return error_usage(err,
                       "--apply needs the URI of a libvirt, such as "
                       "qemu:///system, or `spec`, for that of each node, and "
                       "'%s' is neither",
                       o->apply);
  if (o->pool && (!*o->pool || *o->pool == '-' || strchr(o->pool, '/')))
    return error_usage(err, "--pool: '%s' is no name of a storage pool",
                       o->pool);
  /* What the kernel takes as a device's name (dev_valid_name). */
  if (o->bridge &&
      (!*o->bridge || *o->bridge == '-' || strlen(o->bridge) >= IFNAMSIZ ||
       strpbrk(o->bridge, "/: \t\n")))
    return error_usage(err, "--bridge: '%s' is no name of a bridge", o->bridge);
  return 0;
}

static int parse(struct cli *cli, int argc, char **argv, struct options *o,
                 struct error *err) {
  enum { TO = 0x100, IMAGE, APPLY, POOL, BRIDGE, UEFI, FORCE };
  static const struct option options[] = {
      {"to", required_argument, NULL, TO},
      {"output", required_argument, NULL, 'o'},
      {"image", required_argument, NULL, IMAGE},
      {"apply", required_argument, NULL, APPLY},
      {"pool", required_argument, NULL, POOL},
      {"bridge", required_argument, NULL, BRIDGE},
      {"uefi", no_argument, NULL, UEFI},
      {"force", no_argument, NULL, FORCE},
      {0},
  };
  for (int c; (c = cli_getopt(argc, argv, "o:", options, err)) != -1;) {
    if (c == TO)
      o->format = export_format_find(optarg, err);
    else if (c == 'o')
      o->output = optarg;
    else if (c == IMAGE)
      o->image = optarg;
    else if (c == APPLY)
      o->apply = optarg;
    else if (c == POOL)
      o->pool = optarg;
    else if (c == BRIDGE)
      o->bridge = optarg;
    else if (c == UEFI)
      o->uefi = true;
    else if (c == FORCE)
      o->force = true;
    else
      return -1;
    if (error_is_set(err))
      return -1;
  }
  if (o->output && !*o->output)
    return error_usage(err, "--output needs the name of a folder");
  if (words_take(cli, argc, argv, 0, WORDS_ANY, "a spec", err) < 0)
    return -1;
  if (o->format)
    return check_apply(o, err);
  _cleanup_buf_ struct buf all = {0};
  for (size_t i = 0; export_formats[i]; i++)
    buf_addf(&all, "%s%s", i ? ", " : "", export_formats[i]->name);
  return error_usage(err, "export needs --to FORMAT: %s", all.data);
}

/* ---- Image and seeds ---- */

static int find_image(const struct cli *cli, const struct cluster *c,
                      const struct options *o, struct export_job *job,
                      char **ret, struct error *err) {
  if (!o->image && image_ensure(&cli->log, &c->plan, NULL, ret, err) < 0)
    return -1;
  job->image = o->image ? o->image : *ret;
  return export_check_image(o->format, job, err);
}

struct telling {
  const struct cli *cli;
  const struct cluster *cluster;
};

/* Which of these machines were on, nobody knows. */
static void tell_keys(void *arg, const struct seed_options *o) {
  const struct telling *t = arg;
  _cleanup_strv_ struct strv renewed = {0};
  for (size_t i = 0; i < o->n_nodes; i++)
    if (o->report->renewed[i])
      strv_push(&renewed, t->cluster->plan.nodes.v[o->nodes[i]].name);
  seed_tell_mended(o->report, &t->cli->log);
  seed_tell_renewed(&t->cluster->plan, &renewed, &t->cli->log);
  seed_tell_asked(o->report, &t->cluster->state, &t->cli->log);
  seed_tell_members(o->report, &t->cluster->state, &t->cli->log);
  seed_tell_moved(o->report, &t->cli->log);
  seed_tell_added(o->report, &t->cli->log);
}

static int make_seeds(const struct cli *cli, const struct cluster *c,
                      const struct export_job *job, struct error *err) {
  _cleanup_seed_report_ struct seed_report report = {0};
  struct telling telling = {cli, c};
  const struct seed_options o = {.nodes = job->nodes,
                                 .n_nodes = job->n_nodes,
                                 .now = time(NULL),
                                 .report = &report,
                                 .tell = tell_keys,
                                 .arg = &telling};
  /* ssh and verify reach them as any machine of one's own. */
  if (seed_make(&c->plan, &c->state, &o, err) < 0)
    return -1;
  return access_write_ssh_config(&c->plan, &c->state, err);
}

/* ---- The whole of it ---- */

/* What is wrong is told before anything is written; the state is there when
 * something of it is needed, and locked until the end. */
static int export_all(const struct cli *cli, struct cluster *c,
                      const struct options *o, struct export_job *job,
                      struct error *err) {
  const struct export_format *f = o->format;
  _cleanup_free_ char *baked = NULL;
  char key[IMAGE_KEY];
  bool needed = f->of_nodes || !o->output;
  if ((needed && cluster_check_state(cli, c, err) < 0) ||
      (o->image ? cli_check_image(o->image, job->target, err)
                : image_key(&c->spec, key, err)) < 0 ||
      export_check_files(f, job, o->force, err) < 0 ||
      f->require(job, err) < 0 || find_image(cli, c, o, job, &baked, err) < 0)
    return -1;
  if (needed && cluster_open_state(cli, c, true, true, err) < 0)
    return -1;
  job->state = &c->state;
  if (f->of_nodes && make_seeds(cli, c, job, err) < 0)
    return -1;
  return export_write(f, job, err);
}

/* Who makes the machines must give them the spec's further disks. */
static void tell_disks(const struct log *log, const struct export_job *job) {
  for (size_t i = 0; i < job->n_nodes; i++) {
    const struct plan_node *n = &job->plan->nodes.v[job->nodes[i]];
    if (n->extras.disks.n == 0)
      continue;
    log_warn(log,
             "%s waits for the further disks of the spec, which are not "
             "exported: give the machine an empty one for each, by virtio with "
             "its name as serial number, or write `device`",
             n->name);
    return;
  }
}

static void print_files(const struct export_format *f,
                        const struct export_job *job) {
  _cleanup_strv_ struct strv names = {0};
  f->files(job, &names);
  for (size_t i = 0; i < names.n; i++) {
    _cleanup_free_ char *path = export_path(job, "%s", names.v[i]);
    (void)puts(path);
  }
}

int cmd_export(struct cli *cli, int argc, char **argv, struct error *err) {
  struct options o = {0};
  if (parse(cli, argc, argv, &o, err) < 0)
    return -1;
  int n = cli->n_names;
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ size_t *nodes = NULL;
  _cleanup_free_ char *dir = NULL, *target = cli_target(cli, cli->spec);
  struct export_job job = {.log = &cli->log, .target = target};
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      cluster_select(&c, cli->names, n, &nodes, &job.n_nodes, err) < 0)
    return -1;
  if (n > 0 && !o.format->of_nodes)
    return error_usage(err,
                       "--to %s is one disk for all machines, without names "
                       "of nodes",
                       o.format->name);
  if (o.output) {
    dir = xstrdup(o.output);
  } else {
    _cleanup_free_ char *state =
        state_folder(cli->state_dir, c.spec.file, c.spec.name);
    dir = xasprintf("%s/export", state);
  }
  job.plan = &c.plan;
  job.nodes = nodes;
  job.dir = dir;
  job.uri = is_spread(&o) ? NULL : o.apply;
  job.spread = is_spread(&o);
  job.bridge = o.bridge;
  job.uefi = o.uefi;
  job.pool = o.pool ? o.pool : "default";
  if (export_all(cli, &c, &o, &job, err) < 0)
    return -1;
  tell_disks(&cli->log, &job);
  print_files(o.format, &job);
  o.format->tell(&job);
  return 0;
}
