/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include "base/embedded.h"
#include "base/file.h"
#include "base/net.h"
#include "spec/spec.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/random.h>

static const struct option options[] = {
    {"topology", required_argument, NULL, 't'},
    {"list", no_argument, NULL, 'l'},
    {"force", no_argument, NULL, 'f'},
    {"name", required_argument, NULL, 'n'},
    {0},
};

/* The starter specs are the ones of seeds/, so each is known to work. The name
 * of one, and its length without the suffix; NULL when e is none: what is in a
 * folder there are files that the spec of that name has beside it. */
static const char *topology_name(const struct embedded *e, int *ret_len) {
  static const char suffix[] = ".yaml";
  size_t len = strlen(e->name);
  if (strncmp(e->name, "seeds/", 6) != 0 || strchr(e->name + 6, '/') ||
      strcmp(e->name + len - strlen(suffix), suffix) != 0)
    return NULL;
  *ret_len = (int)(len - 6 - strlen(suffix));
  return e->name + 6;
}

static const struct embedded *find_topology(const char *name,
                                            struct error *err) {
  _cleanup_free_ char *file = xasprintf("seeds/%s.yaml", name);
  const struct embedded *e = embedded_find(file);
  if (e)
    return e;
  _cleanup_buf_ struct buf known = {0};
  for (size_t i = 0; i < n_embedded; i++) {
    int len;
    const char *word = topology_name(&embedded[i], &len);
    if (word)
      buf_addf(&known, "%s%.*s", known.len ? ", " : "", len, word);
  }
  error_usage(err, "there is no topology '%s'; there are: %s", name,
              known.data);
  return NULL;
}

/* Each with the first sentence of what its file says of itself, which stands
 * behind the line on the licence. */
static void list_topologies(void) {
  for (size_t i = 0; i < n_embedded; i++) {
    int len;
    const char *word = topology_name(&embedded[i], &len);
    if (!word)
      continue;
    _cleanup_buf_ struct buf text = {0};
    buf_add(&text, embedded[i].data, embedded[i].len);
    const char *about = strstr(text.data, "\n# ");
    int n = about ? (int)strcspn(about + 3, ":.\n") : 0;
    printf("%-*.*s  %.*s\n", 8, len, word, n, about ? about + 3 : "");
  }
}

/* A name that nobody else on the wire has: from it are MAC addresses. */
static int make_name(char **ret, struct error *err) {
  static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
  unsigned char random[4];
  if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
    return error_set(err, errno, "cannot get random bytes");
  char end[sizeof(random) + 1] = "";
  for (size_t i = 0; i < sizeof(random); i++)
    end[i] = letters[random[i] % (sizeof(letters) - 1)];
  *ret = xasprintf("demo-%s", end);
  return 0;
}

/* The starter spec with the name in it. */
static void fill(const struct embedded *e, const char *name, struct buf *ret) {
  static const char key[] = "\nname: ";
  _cleanup_buf_ struct buf text = {0};
  buf_add(&text, e->data, e->len);
  const char *at = strstr(text.data, key);
  size_t before = at ? (size_t)(at - text.data) : text.len;
  buf_add(ret, text.data, before);
  if (at)
    buf_addf(ret, "%s%s%s", key, name,
             at + strlen(key) + strcspn(at + strlen(key), "\n"));
}

/* Where the spec at path has a file of its topology beside it. The caller
 * frees.
 */
static char *beside(const char *path, const struct embedded *e) {
  return spec_beside(path, e->name + strlen("seeds/"));
}

/* Whether the file is what would be written: of an init that was ended. */
static bool is_written(const char *file, const struct embedded *e) {
  _cleanup_buf_ struct buf text = {0};
  _cleanup_error_ struct error ignored = {0};
  return file_read(file, e->len, &text, &ignored) == 0 && text.len == e->len &&
         memcmp(text.data, e->data, e->len) == 0;
}

/* The files beside a spec, in a folder that has the topology's name. */
static int write_beside(const char *path, const char *topology, bool force,
                        bool check_only, struct error *err) {
  _cleanup_free_ char *folder = xasprintf("seeds/%s/", topology);
  for (size_t i = 0; i < n_embedded; i++) {
    const struct embedded *e = &embedded[i];
    if (strncmp(e->name, folder, strlen(folder)) != 0)
      continue;
    _cleanup_free_ char *file = beside(path, e), *dir = xstrdup(file);
    *strrchr(dir, '/') = '\0';
    if (check_only && !force && file_exists(file) && !is_written(file, e))
      return error_usage(err, "'%s' exists; --force overwrites it", file);
    if (!check_only && (file_mkdirs(dir, 0755, err) < 0 ||
                        file_write(file, e->data, e->len, 0644, err) < 0))
      return -1;
  }
  return 0;
}

int cmd_init(struct cli *cli, int argc, char **argv, struct error *err) {
  const char *topology = "ha";
  bool force = false;
  _cleanup_free_ char *name = NULL;
  for (int c; (c = cli_getopt(argc, argv, "t:lfn:", options, err)) != -1;) {
    if (c == '?')
      return -1;
    if (c == 'l') {
      list_topologies();
      return 0;
    }
    if (c == 't')
      topology = optarg;
    else if (c == 'f')
      force = true;
    else {
      free(name);
      name = xstrdup(optarg);
    }
  }
  if (argc - optind > 1)
    return error_usage(err, "one file at a time: kubeseed init [FILE]");
  const char *path = optind < argc ? argv[optind] : "cluster.yaml";
  const struct embedded *e = find_topology(topology, err);
  if (!e)
    return -1;
  _cleanup_buf_ struct buf text = {0};
  if (!name && make_name(&name, err) < 0)
    return -1;
  if (!dns_label_ok(name))
    return error_usage(err,
                       "the name '%s' must be of a-z, 0-9 and inner '-', at "
                       "most 63 long",
                       name);
  fill(e, name, &text);
  if (strcmp(path, "-") == 0)
    return fwrite(text.data, 1, text.len, stdout) == text.len
               ? 0
               : error_set(err, errno, "cannot write to standard output");
  if (file_check_place(path, err) < 0) {
    err->kind = ERROR_USAGE;
    return -1;
  }
  if (!force && file_exists(path))
    return error_usage(err, "'%s' exists; --force overwrites it", path);
  _cleanup_free_ char *behind = NULL;
  if (write_beside(path, topology, force, true, err) < 0 ||
      write_beside(path, topology, force, false, err) < 0 ||
      file_behind_link(path, &behind, err) < 0 ||
      file_write(behind, text.data, text.len, 0644, err) < 0)
    return -1;
  _cleanup_free_ char *target = cli_target(cli, path);
  log_info(&cli->log, "%s written; next: kubeseed up %s", path, target);
  return 0;
}
