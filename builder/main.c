/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubeseed - seeds, images and machines for a Kubernetes cluster that
 * assembles itself. The table of commands, the global options, and the one
 * place that prints errors and chooses the exit code.
 */
#include "base/word.h"
#include "cmd/words.h"
#include "machine/container.h"
#include "spec/words.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    {"init", "[-t TOPOLOGY] [-n NAME] [FILE]", "write a starter spec",
     "  -t, --topology NAME   ha (three control planes; the default), single,\n"
     "                        workers, stacked, copied or haproxy\n"
     "  -l, --list            the topologies, and what each is\n"
     "  -f, --force           overwrite FILE\n"
     "  -n, --name NAME       the cluster's name (demo- and four letters, so "
     "that\n"
     "                        no two on one wire have the same)\n"
     "\n"
     "FILE is cluster.yaml unless given; '-' is standard output.\n"
     "\n"
     "Examples:\n"
     "  kubeseed init\n"
     "  kubeseed init --list\n"
     "  kubeseed init -t workers lab.yaml\n",
     cmd_init},
    {"check", "[SPEC]", "the faults in the spec, with file:line:column",
     "      --json            for programs\n"
     "\n"
     "SPEC is a file, or '-' for standard input.\n"
     "\n"
     "Examples:\n"
     "  kubeseed check cluster.yaml\n"
     "  kubeseed --json check - <cluster.yaml\n",
     cmd_check},
    {"explain", "[KEY [VALUE] | CODE]", "what a key or a fault's code means",
     "  -r, --recursive       all keys below KEY as a tree\n"
     "  -o, --output FORMAT   text (the default); words, one a line;\n"
     "                        man or comments, as the manual and specs have "
     "it;\n"
     "                        codes, of all faults\n"
     "\n"
     "Without KEY, the keys at the top. With a code such as KS0101, which ends "
     "what\nis told of a spec, why that is a fault and what to do. With a "
     "node and a file's\npath on it: why it is there, which lines of the spec "
     "made it, and upstream's page:\n  kubeseed explain [SPEC] NODE FILE\n"
     "\n"
     "Examples:\n"
     "  kubeseed explain nodes.role\n"
     "  kubeseed explain endpoint.provider haproxy\n"
     "  kubeseed explain KS0101\n"
     "  kubeseed explain cluster.yaml kube-mast01 /etc/kubeseed/kubeadm.yaml\n"
     "  kubeseed explain --recursive\n",
     cmd_explain},
    {"schema", "", "the spec's format as JSON Schema, for editors",
     "Editors that know YAML complete and check a spec by it.\n"
     "\n"
     "Examples:\n"
     "  kubeseed schema >kubeseed.schema.json\n",
     cmd_schema},
    {"plan", "[SPEC] [NODE...]", "what would be made, and why",
     "      --diff            what would change in the seeds that are there, "
     "and "
     "what\n"
     "                        each machine needs to take it\n"
     "      --svg             a picture of it; --html: a page with that and "
     "tables\n"
     "      --html            of nodes and of which seed holds which key. Both "
     "take\n"
     "                        graphviz, and print to standard output\n"
     "      --json            for programs\n"
     "\n"
     "With NODE, the content of every file on it; secrets by their digests.\n"
     "--diff exits 1 when anything differs. Nothing is written.\n"
     "\n"
     "Examples:\n"
     "  kubeseed plan cluster.yaml\n"
     "  kubeseed plan cluster.yaml kube-mast01 | less\n"
     "  kubeseed plan cluster.yaml --diff\n"
     "  kubeseed plan cluster.yaml --html >cluster.html\n"
     "  kubeseed --json plan cluster.yaml | jq '.nodes[].mac'\n"
     "  kubeseed --json plan cluster.yaml | jq '.decisions'\n",
     cmd_plan},
    {"payload", "[SPEC]", "make, fetch or verify the Kubernetes payload",
     "      --rebuild         make it anew\n"
     "      --update          of pkgs.k8s.io: take what there is today, and "
     "move\n"
     "                        payload.lock.json\n"
     "      --from FOLDER     of pkgs.k8s.io: packages and archives of images "
     "are not\n"
     "                        fetched, but taken from there\n"
     "      --verify          of a bundle: read all of it again\n"
     "      --bundle FILE     write one file with the payload and the image's "
     "Debian\n"
     "                        packages, with which no network is needed\n"
     "\n"
     "Examples:\n"
     "  kubeseed payload cluster.yaml\n"
     "  kubeseed payload cluster.yaml --bundle kubernetes.tar\n",
     cmd_payload},
    {"image", "[SPEC]", "bake the node image",
     "      --force           bake even when nothing has changed\n"
     "      --verify          only check the image against its manifest\n"
     "      --check           open the image: is all in it, and nothing else?\n"
     "      --list            which images there are, and who uses them\n"
     "      --prune           remove those that no machine's disk lies on\n"
     "\n"
     "--check takes an image's file as well, --list no SPEC, and --prune names "
     "of\n"
     "images or nothing.\n"
     "\n"
     "Examples:\n"
     "  kubeseed image cluster.yaml\n"
     "  kubeseed image --list\n",
     cmd_image},
    {"seed", "[SPEC] [NODE...]", "make keys and seeds",
     "      --check           write nothing: which media are missing or "
     "others?\n"
     "      --format FORM     also as dir (a folder), fat (an image) or tar, "
     "beside\n"
     "                        the iso\n"
     "      --iso-writer NAME libisofs (the default) or genisoimage\n"
     "      --prune           remove what belongs to nodes the spec has no "
     "more,\n"
     "                        and keys that a node no longer needs\n"
     "\n"
     "Keys that exist are kept: the same spec gives the same seeds again.\n"
     "With NODE, while the cluster runs, it takes the seeds' token again.\n"
     "\n"
     "Examples:\n"
     "  kubeseed seed cluster.yaml\n"
     "  kubeseed seed cluster.yaml kube-mast02\n"
     "  kubeseed seed cluster.yaml --format fat\n",
     cmd_seed},
    {"inspect", "MEDIUM", "what is on a seed, and what is wrong with it",
     "      --json            for programs\n"
     "\n"
     "MEDIUM is an ISO 9660 or FAT image or device, a raw disk with such a\n"
     "partition labelled cidata, a tar archive or a folder, of 64 MiB at "
     "most.\n"
     "Files are shown by their digests alone. Exits 0 when a node could take\n"
     "it, 1 otherwise.\n"
     "\n"
     "Examples:\n"
     "  kubeseed inspect demo.cluster/seeds/kube-mast01.iso\n"
     "  kubeseed inspect /dev/sdb\n"
     "  kubeseed --json inspect seed.iso | jq '.certificates[].notAfter'\n",
     cmd_inspect},
    {"certs", "[SPEC | MEDIUM]", "certificates, and when they end",
     "      --warn DAYS       what ends within so many days is told (30)\n"
     "      --live            ask the nodes of the running cluster, or those "
     "named:\n"
     "                        kubeseed certs --live [SPEC] [NODE...]\n"
     "      --json            for programs\n"
     "\n"
     "Without --live those in the state's folder; MEDIUM is one that inspect "
     "takes.\n"
     "Exits 1 when one has ended or will within DAYS.\n"
     "\n"
     "Examples:\n"
     "  kubeseed certs cluster.yaml\n"
     "  kubeseed certs demo.cluster/seeds/kube-mast01.iso --warn 90\n"
     "  kubeseed --json certs --live | jq '.certificates[].daysLeft'\n",
     cmd_certs},
    {"up", "[SPEC] [NODE...]", "boot machines until the cluster is ready",
     "      --machines KIND   qemu (the default); container: on this host's\n"
     "                        kernel, as root, and root there is root here;\n"
     "                        auto: what is fastest here\n"
     "      --image FILE      start from this image\n"
     "      --internet        with a way out (QEMU; else they have none)\n"
     "      --no-wait         start the machines and return\n"
     "      --timeout MIN     give up after so many minutes (60; 0: never)\n"
     "      --stagger SEC     pause between two machines' starts (0)\n"
     "      --order A,B,...   start in this order\n"
     "\n"
     "Payload, image, keys and seeds are made first where they are missing.\n"
     "\n"
     "Examples:\n"
     "  kubeseed up cluster.yaml\n"
     "  kubeseed up cluster.yaml --order kube-mast03,kube-mast01 --stagger "
     "60\n",
     cmd_up},
    {"status", "[SPEC] [NODE...]", "which machines run, and how far they are",
     "Exits 0 when all nodes are ready, 1 otherwise.\n"
     "\n"
     "Examples:\n"
     "  kubeseed status cluster.yaml\n"
     "  kubeseed --json status cluster.yaml\n",
     cmd_status},
    {"console", "[SPEC] NODE", "a machine's serial console; Ctrl-] leaves it",
     "      --log             print what it has said so far\n"
     "  -f, --follow          and go on printing while it is on\n"
     "\n"
     "Examples:\n"
     "  kubeseed console cluster.yaml kube-mast01\n"
     "  kubeseed console cluster.yaml kube-mast01 --log\n",
     cmd_console},
    {"ssh", "[SPEC] NODE [-- COMMAND...]", "log in to a running machine",
     "Examples:\n"
     "  kubeseed ssh cluster.yaml kube-mast01\n"
     "  kubeseed ssh cluster.yaml kube-mast01 -- sudo kubectl get nodes\n",
     cmd_ssh},
    {"verify", "[SPEC]", "is the running cluster what the spec says?",
     "      --no-pods         do not start pods to see whether they talk\n"
     "      --wait SECONDS    ask again for so long while something differs\n"
     "      --junit FILE      write the checks for a CI server as well\n"
     "      --like tutorial   with the commands that one runs who builds a\n"
     "                        cluster by hand, and what they print\n"
     "\n"
     "Exits 0 when no check fails, 1 otherwise. Pods are started in the\n"
     "namespace kubeseed-verify, which is removed again.\n"
     "\n"
     "Examples:\n"
     "  kubeseed verify cluster.yaml\n"
     "  kubeseed verify cluster.yaml --wait 300 --junit verify.xml\n"
     "  kubeseed --json verify cluster.yaml | jq '.checks[] | select(.ok | "
     "not)'\n",
     cmd_verify},
    {"kubeconfig", "[SPEC]", "the administrator's kubeconfig, or another's",
     "      --qemu            the one through the ports on 127.0.0.1\n"
     "  -o, --output FILE     write its content to FILE; '-' is standard "
     "output\n"
     "      --merge           add it to the kubeconfig that FILE is\n"
     "      --force           overwrite FILE; with --merge: only a cluster, "
     "user or\n"
     "                        context of the same name that is another's\n"
     "\n"
     "      --user NAME       one for somebody else, with a certificate of "
     "their own;\n"
     "                        needs -o\n"
     "      --group NAME      a group that they are in; may be given again\n"
     "      --for TIME        how long they are let in: 30m, 8h, 30d (1d)\n"
     "      --role ROLE       what they may: a ClusterRole, such as view or "
     "edit;\n"
     "      --namespace NAME  in this namespace, not in all of them;\n"
     "      --manifest FILE   the manifest of that, for the spec's manifests\n"
     "\n"
     "With pki.mode copied its keys are fetched from a control-plane node.\n"
     "\n"
     "Examples:\n"
     "  export KUBECONFIG=$(kubeseed kubeconfig cluster.yaml --qemu)\n"
     "  kubeseed kubeconfig cluster.yaml -o ~/.kube/config --merge\n"
     "  kubeseed kubeconfig cluster.yaml --user anna --for 8h -o anna.conf \\\n"
     "      --role view --manifest anna.yaml\n",
     cmd_kubeconfig},
    {"export", "[SPEC] --to FORMAT [NODE...]", "disks for other hypervisors",
     "      --to FORMAT       raw, raw.zst, qcow2, vdi or vmdk: the image "
     "alone;\n"
     "                        virtualbox, libvirt, ova: machines with their "
     "seeds;\n"
     "                        disk: raw disks with the seed on them\n"
     "  -o, --output DIR      write there, not to the state's folder export\n"
     "      --image FILE      export this image\n"
     "      --force           overwrite files that are there\n"
     "      --apply URI|spec  of libvirt: make the machines there, and start "
     "them;\n"
     "                        spec: each where its nodes.libvirt says\n"
     "      --pool NAME       of libvirt: the storage pool of their disks\n"
     "                        (default)\n"
     "      --bridge NAME     of libvirt: the host's bridge that their cards "
     "are "
     "on,\n"
     "                        instead of a network of their own\n"
     "      --uefi            of libvirt: machines with UEFI instead of BIOS\n"
     "\n"
     "Image, keys and seeds are made first where they are missing. Prints the\n"
     "names of the files.\n"
     "\n"
     "Examples:\n"
     "  kubeseed export cluster.yaml --to vdi\n"
     "  kubeseed export cluster.yaml --to raw.zst -o /srv/images\n"
     "  kubeseed export cluster.yaml --to disk kube-mast01\n"
     "  kubeseed export cluster.yaml --to libvirt --apply qemu:///system\n",
     cmd_export},
    {"down", "[SPEC] [NODE...]", "switch machines off",
     "      --now             pull the plug\n"
     "      --timeout SEC     pull it when that has taken so long (180)\n"
     "\n"
     "Examples:\n"
     "  kubeseed down cluster.yaml\n",
     cmd_down},
    {"destroy", "SPEC [NODE...]", "end machines and delete their disks",
     "      --all             delete keys and seeds as well\n"
     "      --yes             do not ask; without --all it never does\n"
     "\n"
     "Examples:\n"
     "  kubeseed destroy cluster.yaml\n"
     "  kubeseed destroy cluster.yaml --all --yes\n",
     cmd_destroy},
    {"seal", "[SPEC]", "put the keys behind a pass phrase",
     "      --passphrase-file FILE\n"
     "                        its first line; - is standard input\n"
     "\n"
     "Without it the terminal is asked, or the file that the variable\n"
     "KUBESEED_PASSPHRASE_FILE names is read. Seeds go, which are made again.\n"
     "\n"
     "Examples:\n"
     "  kubeseed seal cluster.yaml\n"
     "  kubeseed seal cluster.yaml --passphrase-file /run/secrets/phrase\n",
     cmd_seal},
    {"unseal", "[SPEC]", "put them back",
     "      --passphrase-file FILE\n"
     "                        its first line; - is standard input\n"
     "\n"
     "Examples:\n"
     "  kubeseed unseal cluster.yaml && kubeseed seed cluster.yaml\n",
     cmd_unseal},
    {"help", "[COMMAND]", "this help, or a command's",
     "Examples:\n"
     "  kubeseed help\n"
     "  kubeseed help up\n",
     NULL},
};

static const char global_help[] =
    "Global options:\n"
    "  -C, --state DIR       state folder (NAME.cluster beside the spec)\n"
    "  -v, --verbose         tell each step of making an image\n"
    "  -q, --quiet           tell nothing but errors and warnings\n"
    "      --json            output for programs: of check, plan, inspect, "
    "certs,\n"
    "                        status, verify and image --list\n"
    "  -h, --help            this help, or a command's\n"
    "      --version         the version\n"
    "\n"
    "Exit codes: 0 done; 1 failed; 2 the spec or the command line is wrong;\n"
    "3 something outside is missing (a program, root's rights, disk space).\n";

static void print_help(void) {
  printf("kubeseed - a Kubernetes cluster that assembles itself: one spec to "
         "images and seeds\n\n"
         "Usage: kubeseed [OPTION...] COMMAND [ARGUMENT...]\n\n"
         "Commands:\n");
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
    printf("  %-10s %-26s %s\n", commands[i].name, commands[i].args,
           commands[i].summary);
  printf("\n%s\n"
         "SPEC may be left out where the current folder has just one; destroy "
         "wants it.\n\n"
         "Example, from nothing to a cluster:\n"
         "  kubeseed init && kubeseed up\n",
         global_help);
}

/* `kubeseed ssh [SPEC] NODE`: what follows is the node's. */
static int ssh_own_words(const char *first) {
  return words_is_spec(first) ? 2 : 1;
}

static void print_command_help(const struct command *c) {
  printf("kubeseed %s - %s\n\nUsage: kubeseed %s%s%s\n\n%s\n%s", c->name,
         c->summary, c->name, c->args[0] ? " " : "", c->args, c->help,
         global_help);
}

/* What other programs of this kind call it. */
static const struct {
  const char *ours, *also;
} synonyms[] = {
    {"up", "apply create start"},
    {"down", "stop"},
    {"destroy", "delete remove rm"},
    {"status", "list ls ps"},
    {"console", "logs"},
    {"ssh", "shell"},
    {"check", "validate lint"},
    {"image", "build"},
    {"inspect", "show dump"},
    {"certs", "certificates expiry"},
    {"--version", "version"},
};

static const char *synonym(const char *name) {
  for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++)
    if (word_also(synonyms[i].also, name))
      return synonyms[i].ours;
  return NULL;
}

static const struct command *find_command(const char *name, struct error *err) {
  const char *names[ARRAY_SIZE(commands)];
  for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
    if (strcmp(commands[i].name, name) == 0)
      return &commands[i];
    names[i] = commands[i].name;
  }
  const char *near = synonym(name);
  if (!near)
    near = nearest_word(name, names, ARRAY_SIZE(names));
  if (near)
    error_usage(err, "unknown command '%s'; did you mean '%s'?", name, near);
  else
    error_usage(err, "unknown command '%s'; see kubeseed --help", name);
  return NULL;
}

/* What a global option asks for. */
enum wish { WISH_COMMAND, WISH_HELP, WISH_VERSION };

static void take_global(struct cli *cli, int c, char *value, enum wish *wish) {
  switch (c) {
  case 'C':
    cli->state_dir = value;
    break;
  case 'v':
    cli->log.verbose = true;
    break;
  case 'q':
    cli->log.quiet = true;
    break;
  case CLI_JSON:
    cli->json = true;
    break;
  case 'h':
    *wish = WISH_HELP;
    break;
  case CLI_VERSION:
    *wish = WISH_VERSION;
    break;
  default:
    break;
  }
}

/* The value of an option: what stands behind it, or the next word. */
static char *take_value(char *rest, int argc, char **argv, int *i) {
  if (rest)
    return rest;
  return *i + 1 < argc ? argv[++*i] : NULL;
}

/*
 * Takes argv[*i] when it is a global option, and its value with it; false when
 * it is not. These are words that no command has for itself.
 */
static bool take_word(struct cli *cli, int argc, char **argv, int *i,
                      enum wish *wish, struct error *err) {
  char *arg = argv[*i];
  size_t shorts = arg[0] == '-' ? strspn(arg + 1, "vqh") : 0;
  int c = 0;
  char *rest = NULL; /* the value, if it is in the same word */
  bool needs_value = false;
  if (shorts > 0 && !arg[1 + shorts]) {
    for (size_t k = 1; k <= shorts; k++)
      take_global(cli, arg[k], NULL, wish);
    return true;
  }
  if (arg[0] == '-' && arg[1] == 'C') {
    c = 'C';
    needs_value = true;
    rest = arg[2] ? arg + 2 : NULL;
  }
  for (const struct option *o = cli_globals; !c && o->name; o++) {
    size_t n = strlen(o->name);
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, o->name, n) != 0 ||
        (arg[2 + n] && (arg[2 + n] != '=' || !o->has_arg)))
      continue;
    c = o->val;
    needs_value = o->has_arg;
    rest = arg[2 + n] ? arg + 3 + n : NULL;
  }
  if (!c)
    return false;
  char *value = needs_value ? take_value(rest, argc, argv, i) : NULL;
  if (needs_value && !value)
    error_usage(err, "the option '%s' needs a value; see kubeseed --help", arg);
  else
    take_global(cli, c, value, wish);
  return true;
}

/* Takes global options out of a command's arguments, up to "--" or to where
 * they are somebody else's. */
static int take_trailing(struct cli *cli, const struct command *command,
                         int *argc, char **argv, enum wish *wish,
                         struct error *err) {
  int kept = 1;
  bool ended = false;
  for (int i = 1; i < *argc; i++) {
    ended =
        ended || strcmp(argv[i], "--") == 0 ||
        (command->run == cmd_ssh && kept > 1 && kept > ssh_own_words(argv[1]));
    if (ended || !take_word(cli, *argc, argv, &i, wish, err))
      argv[kept++] = argv[i];
  }
  argv[kept] = NULL;
  *argc = kept;
  return error_is_set(err) ? -1 : 0;
}

static int take_leading(struct cli *cli, int argc, char **argv, enum wish *wish,
                        struct error *err) {
  opterr = 0;
  for (int c;
       (c = getopt_long(argc, argv, "+:C:vqh", cli_globals, NULL)) != -1;) {
    static const struct option none[] = {{0}};
    if (c == '?' || c == ':')
      return cli_bad_option(c, argv, none, "kubeseed --help", err);
    take_global(cli, c, optarg, wish);
  }
  return 0;
}

static int print_any_help(int argc, char **argv, struct error *err) {
  if (argc > 1)
    return error_usage(err, "help is for one command: kubeseed help %s",
                       argv[0]);
  const struct command *command = argc ? find_command(argv[0], err) : NULL;
  if (argc && !command)
    return -1;
  if (command)
    print_command_help(command);
  else
    print_help();
  return 0;
}

static bool has_json(const struct command *c) {
  return c->run == cmd_check || c->run == cmd_plan || c->run == cmd_inspect ||
         c->run == cmd_certs || c->run == cmd_status || c->run == cmd_verify ||
         c->run == cmd_image;
}

/* Who works with the cluster that was made has read them then. */
static bool tells_warnings(const struct command *c) {
  return c->run == cmd_check || c->run == cmd_plan || c->run == cmd_payload ||
         c->run == cmd_image || c->run == cmd_seed || c->run == cmd_up ||
         c->run == cmd_export;
}

static int run(struct cli *cli, int argc, char **argv, struct error *err) {
  enum wish wish = WISH_COMMAND;
  if (take_leading(cli, argc, argv, &wish, err) < 0)
    return -1;
  argc -= optind;
  argv += optind;
  if (argc == 0 && wish == WISH_COMMAND)
    return error_usage(err, "no command; see kubeseed --help");
  /* Not for users: a machine's own process, see machine/container.h. */
  if (argc && strcmp(argv[0], CONTAINER_COMMAND) == 0)
    return container_main(argc, argv, err);
  const struct command *command = argc ? find_command(argv[0], err) : NULL;
  if (argc &&
      (!command || take_trailing(cli, command, &argc, argv, &wish, err) < 0))
    return -1;
  if (wish == WISH_VERSION) {
    printf("kubeseed %s\n", VERSION);
    return 0;
  }
  if (command && !command->run && wish == WISH_COMMAND)
    return print_any_help(argc - 1, argv + 1, err);
  if (wish == WISH_HELP)
    return print_any_help(argc ? 1 : 0, argv, err);
  if (cli->json && !has_json(command))
    return error_usage(err,
                       "'%s' has no output for programs; --json is for check, "
                       "plan, inspect, certs, status, verify and image --list",
                       command->name);
  cli->warns = tells_warnings(command);
  cli->command = command;
  /* Start getopt over on the command's own arguments (getopt(3)). */
  optind = 0;
  return command->run(cli, argc, argv, err);
}

/* ---- The program and its surroundings ---- */

/* A closed one of the first three descriptors would be that of the next file
 * that is opened, and what is printed would go there. To print to a closed
 * stdout stays an error: what stands in its place is for reading. */
static void fill_descriptors(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0)
      (void)open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

/* Whoever started us may have left signals blocked, or children unwaitable. */
static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  (void)signal(SIGCHLD, SIG_DFL);
  /* A closed pipe is an error to report, not a signal to die of. */
  (void)signal(SIGPIPE, SIG_IGN);
}

static bool reader_is_gone(void) {
  struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP));
}

/* Whether all that was printed has arrived; r is how the command went. When the
 * reader wanted no more (`| head`) this ends as other programs do, quietly. */
static int finish_output(int r, struct error *err) {
  errno = 0;
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  int why = errno ? errno : err->errnum; /* an earlier flush met it */
  if ((lost || (r < 0 && err->errnum == EPIPE)) && reader_is_gone()) {
    (void)signal(SIGPIPE, SIG_DFL);
    (void)raise(SIGPIPE);
  }
  if (!lost)
    return r;
  error_done(err);
  return error_set(err, why, "cannot write to standard output");
}

/* Terminals obey ECMA-48's codes, but for dumb ones and those of people who
 * want none (no-color.org). */
static bool can_redraw(int fd) {
  const char *term = getenv("TERM");
  const char *plain = getenv("NO_COLOR");
  return isatty(fd) && term && strcmp(term, "dumb") != 0 && !(plain && *plain);
}

int main(int argc, char **argv) {
  fill_descriptors();
  reset_signals();
  struct cli cli = {.log = {.out = stderr, .tty = can_redraw(STDERR_FILENO)}};
  _cleanup_error_ struct error err = {0};
  (void)setlocale(LC_CTYPE, "C.UTF-8");
  int r = finish_output(run(&cli, argc, argv, &err), &err);
  free(cli.found);
  if (r == 0)
    return 0;
  log_clear(&cli.log);
  error_print(&err, "kubeseed", stderr);
  return err.kind == ERROR_NONE ? ERROR_FAILED : (int)err.kind;
}
