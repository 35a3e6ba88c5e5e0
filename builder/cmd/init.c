/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include "base/embedded.h"
#include "base/file.h"
#include <errno.h>
#include <getopt.h>
#include <string.h>

static const struct option options[] = {
    {"topology", required_argument, NULL, 't'},
    {"list", no_argument, NULL, 'l'},
    {"force", no_argument, NULL, 'f'},
    {0},
};

/* The starter specs are the ones of seeds/, so each is known to work. The name
 * of one, and its length without the suffix; NULL when e is none. */
static const char *topology_name(const struct embedded *e, int *ret_len) {
  if (strncmp(e->name, "seeds/", 6) != 0)
    return NULL;
  *ret_len = (int)strlen(e->name) - 11;
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

int cmd_init(struct cli *cli, int argc, char **argv, struct error *err) {
  const char *topology = "ha";
  bool force = false;
  for (int c; (c = cli_getopt(argc, argv, ":t:lf", options, err)) != -1;) {
    if (c == '?')
      return -1;
    if (c == 'l') {
      list_topologies();
      return 0;
    }
    if (c == 't')
      topology = optarg;
    else
      force = true;
  }
  if (argc - optind > 1)
    return error_usage(err, "one file at a time: kubeseed init [FILE]");
  const char *path = optind < argc ? argv[optind] : "cluster.yaml";
  const struct embedded *e = find_topology(topology, err);
  if (!e)
    return -1;
  if (strcmp(path, "-") == 0)
    return fwrite(e->data, 1, e->len, stdout) == e->len
               ? 0
               : error_set(err, errno, "cannot write to standard output");
  if (file_check_place(path, err) < 0) {
    err->kind = ERROR_USAGE;
    return -1;
  }
  if (!force && file_exists(path))
    return error_usage(err, "'%s' exists; --force overwrites it", path);
  _cleanup_free_ char *behind = NULL;
  if (file_behind_link(path, &behind, err) < 0 ||
      file_write(behind, e->data, e->len, 0644, err) < 0)
    return -1;
  _cleanup_free_ char *target = cli_target(cli, path);
  log_info(&cli->log, "%s written; next: kubeseed up %s", path, target);
  return 0;
}
