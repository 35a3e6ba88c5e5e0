/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed image: bake the node image, or show where it is; list what images
 * there are, and remove those that nothing uses. */
#include "base/json.h"
#include "base/mem.h"
#include "cmd/words.h"
#include "image/inspect.h"
#include "image/store.h"
#include "image/whole.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct options {
  struct image_options image;
  bool list, prune, check;
};

static int parse(struct cli *cli, int argc, char **argv, struct options *o,
                 struct error *err) {
  static const struct option options[] = {
      {"force", no_argument, NULL, 'f'}, {"verify", no_argument, NULL, 'V'},
      {"list", no_argument, NULL, 'l'},  {"prune", no_argument, NULL, 'p'},
      {"check", no_argument, NULL, 'c'}, {0},
  };
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c == '?')
      return -1;
    o->image.force |= c == 'f';
    o->image.verify |= c == 'V';
    o->list |= c == 'l';
    o->prune |= c == 'p';
    o->check |= c == 'c';
  }
  if (o->image.force + o->image.verify + o->list + o->prune + o->check > 1)
    return error_usage(err, "only one of --force, --verify, --check, --list "
                            "and --prune at a time");
  if (o->list && optind != argc)
    return error_usage(err, "image --list is of all images, without a spec");
  return o->list || o->prune
             ? 0
             : words_take(cli, argc, argv, 0, 0, "one spec", err);
}

/* ---- What there is ---- */

static const char *word_of_user(enum image_user_state state) {
  return state == IMAGE_USED     ? "used"
         : state == IMAGE_AWAY   ? "not mounted"
         : state == IMAGE_MISSED ? "missing"
                                 : "elsewhere";
}

static void print_image(const struct image_entry *e) {
  char day[16] = "";
  struct tm tm;
  if (localtime_r(&e->baked, &tm))
    (void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
  size_t users = image_count_users(e);
  printf("%s  %.1f GB  %s  Kubernetes %s%s\n", e->name, (double)e->size / 1e9,
         day, e->kubernetes ? e->kubernetes : "unknown",
         e->current ? "  current" : "");
  if (e->debian && e->kernel)
    printf("  Debian %d, kernel %s\n", e->debian, e->kernel);
  for (size_t i = 0; i < e->users.n; i++)
    printf("  %-11s %s\n", word_of_user(e->users.v[i].state),
           e->users.v[i].overlay);
  if (e->old)
    printf("  of an earlier version, which did not note who uses it\n");
  else if (users == 0)
    printf("  nothing uses it\n");
}

static json_t *image_json(const struct image_entry *e) {
  json_t *users = json_array();
  for (size_t i = 0; i < e->users.n; i++)
    json_array_append_new(
        users, json_pack("{so ss}", "disk", json_text(e->users.v[i].overlay),
                         "state", word_of_user(e->users.v[i].state)));
  json_t *j = json_pack(
      "{ss so sI sI ss* ss* sb sb so}", "name", e->name, "path",
      json_text(e->path), "bytes", (json_int_t)e->size, "baked",
      (json_int_t)e->baked, "kubernetes", e->kubernetes, "kernel", e->kernel,
      "current", e->current, "usersKnown", !e->old, "users", users);
  if (e->debian)
    json_object_set_new(j, "debian", json_integer(e->debian));
  return j;
}

static int print_list(const struct cli *cli, struct error *err) {
  _cleanup_(image_entries_done) struct image_entry_vec all = {0};
  if (image_list(&all, err) < 0)
    return -1;
  if (all.n == 0 && !cli->json)
    log_info(&cli->log, "there is no image yet; `kubeseed image SPEC` bakes "
                        "one");
  _cleanup_json_ json_t *list = json_array();
  for (size_t i = 0; i < all.n; i++)
    if (cli->json)
      json_array_append_new(list, image_json(&all.v[i]));
    else
      print_image(&all.v[i]);
  if (!cli->json)
    return 0;
  _cleanup_free_ char *text = json_dumps(list, JSON_INDENT(2));
  (void)puts(text);
  return 0;
}

/* ---- What is in one ---- */

static int check_file(struct cli *cli, const char *path, struct error *err) {
  log_info(&cli->log, "looking into %s", path);
  if (image_whole(path, err) < 0 || inspect_image(&cli->log, path, err) < 0)
    return -1;
  log_info(&cli->log, "nothing in it is amiss");
  (void)puts(path);
  return 0;
}

/* Whether it is an image and no spec, by its name or by what it is. */
static bool is_image(const char *name) {
  size_t n = strlen(name);
  struct stat st;
  return (n > 6 && strcmp(name + n - 6, ".qcow2") == 0) ||
         image_is_qcow2(name) ||
         (stat(name, &st) == 0 && S_ISREG(st.st_mode) &&
          (size_t)st.st_size > CLI_SPEC_MAX);
}

/* Of an image's file, or of a spec whose image is there. */
static int check_image(struct cli *cli, const char *name, struct error *err) {
  const struct image_options there = {.verify = true};
  if (is_image(name))
    return check_file(cli, name, err);
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ char *path = NULL;
  if (cluster_load(cli, name, &c, err) < 0 ||
      image_ensure(&cli->log, &c.plan, &there, &path, err) < 0)
    return -1;
  return check_file(cli, path, err);
}

int cmd_image(struct cli *cli, int argc, char **argv, struct error *err) {
  struct options o = {0};
  if (parse(cli, argc, argv, &o, err) < 0)
    return -1;
  if (o.list)
    return print_list(cli, err);
  if (o.check)
    return check_image(cli, cli->spec, err);
  if (cli->json)
    return error_usage(err, "of image only --list has output for programs");
  if (o.prune) {
    const struct strv names = {.v = argv + optind, .n = argc - optind};
    return image_prune(&cli->log, &names, err);
  }
  if (is_image(cli->spec))
    return error_usage(err,
                       "'%s' is an image and no spec; `kubeseed image --check` "
                       "looks into one",
                       cli->spec);
  _cleanup_cluster_ struct cluster c;
  _cleanup_free_ char *path = NULL;
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      image_ensure(&cli->log, &c.plan, &o.image, &path, err) < 0)
    return -1;
  (void)puts(path);
  return 0;
}
