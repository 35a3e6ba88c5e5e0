/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kubeseed inspect: what is on a seed's medium; secrets only as digests. */
#include "cmd/cli.h"

#include "base/mem.h"
#include "seed/contents.h"
#include <getopt.h>
#include <time.h>

int cmd_inspect(struct cli *cli, int argc, char **argv, struct error *err) {
  static const struct option none[] = {{0}};
  if (cli_getopt(argc, argv, "", none, err) == '?')
    return -1;
  if (argc - optind != 1)
    return error_usage(err,
                       "inspect needs one medium: kubeseed inspect MEDIUM");
  const char *path = argv[optind];
  time_t now = time(NULL);
  _cleanup_volume_ struct volume v = {0};
  _cleanup_contents_ struct contents c = {0};
  if (volume_read(path, &v, err) < 0)
    return -1;
  contents_read(&v, now, &c);
  if (cli->json) {
    _cleanup_json_ json_t *o = contents_json(&v, &c);
    int r = json_dumpf(o, stdout, JSON_INDENT(2));
    putchar('\n');
    if (r < 0)
      return error_set(err, 0, "cannot print what is on the medium");
  } else {
    contents_print(&v, &c, now, stdout);
  }
  if (c.faults.n == 0)
    return 0;
  return error_set(err, 0, "'%s' has %zu fault%s", path, c.faults.n,
                   c.faults.n == 1 ? "" : "s");
}
