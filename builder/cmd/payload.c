/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed payload: make, fetch or verify the Kubernetes payload. */
#include "cmd/words.h"
#include "image/bundle.h"
#include "image/source.h"
#include <getopt.h>
#include <stdio.h>

static const struct option options[] = {
    {"rebuild", no_argument, NULL, 'r'},
    {"update", no_argument, NULL, 'u'},
    {"verify", no_argument, NULL, 'v'},
    {"bundle", required_argument, NULL, 'b'},
    {"from", required_argument, NULL, 'f'},
    {0},
};

int cmd_payload(struct cli *cli, int argc, char **argv, struct error *err) {
  struct source_options opt = {0};
  const char *bundle = NULL;
  for (int c; (c = cli_getopt(argc, argv, "", options, err)) != -1;) {
    if (c == '?')
      return -1;
    opt.rebuild |= c == 'r';
    opt.update |= c == 'u';
    opt.verify |= c == 'v';
    if (c == 'b')
      bundle = optarg;
    else if (c == 'f')
      opt.from = optarg;
  }
  if (words_take(cli, argc, argv, 0, 0, "one spec", err) < 0)
    return -1;
  /* Before minutes are spent on what it could not hold. */
  if (bundle && bundle_check_place(bundle, err) < 0) {
    err->kind = ERROR_USAGE;
    return error_prefix(err, "--bundle");
  }
  _cleanup_cluster_ struct cluster c;
  _cleanup_payload_ struct payload p = {0};
  if (cluster_load(cli, cli->spec, &c, err) < 0 ||
      (bundle && bundle_check_payload(&c.spec, err) < 0) ||
      source_ensure(&cli->log, &c.spec, &opt, &p, err) < 0)
    return -1;
  log_info(&cli->log, "Kubernetes %s: %zu files, %.0f MB, as in the manifest",
           p.kubernetes, p.files.n, (double)payload_size(&p) / 1e6);
  if (bundle && bundle_write(&cli->log, &c.spec, &p, bundle, err) < 0)
    return -1;
  (void)puts(bundle ? bundle : p.dir);
  return 0;
}
