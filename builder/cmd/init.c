/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cli.h"

#include "base/embedded.h"
#include "base/file.h"
#include <getopt.h>
#include <string.h>

static const struct option options[] = {
    {"topology", required_argument, NULL, 't'},
    {"force", no_argument, NULL, 'f'},
    {0},
};

/* The starter specs are the ones of seeds/, so each is known to work. */
static const struct embedded *find_topology(const char *name,
                                            struct error *err) {
  _cleanup_free_ char *file = xasprintf("seeds/%s.yaml", name);
  const struct embedded *e = embedded_find(file);
  if (e)
    return e;
  _cleanup_buf_ struct buf known = {0};
  for (size_t i = 0; i < n_embedded; i++)
    if (strncmp(embedded[i].name, "seeds/", 6) == 0)
      buf_addf(&known, "%s%.*s", known.len ? ", " : "",
               (int)strlen(embedded[i].name) - 11, embedded[i].name + 6);
  error_usage(err, "there is no topology '%s'; there are: %s", name,
              known.data);
  return NULL;
}

int cmd_init(struct cli *cli, int argc, char **argv, struct error *err) {
  const char *topology = "ha";
  bool force = false;
  for (int c; (c = cli_getopt(argc, argv, ":t:f", options, err)) != -1;) {
    if (c == '?')
      return -1;
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
               : error_set(err, 0, "cannot write to standard output");
  if (!force && file_exists(path))
    return error_usage(err, "'%s' exists; --force overwrites it", path);
  if (file_write(path, e->data, e->len, 0644, err) < 0)
    return -1;
  log_info(&cli->log, "%s written; next: kubeseed up %s", path, path);
  return 0;
}
