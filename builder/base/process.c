/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/process.h"

#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* How much of a failed program's stderr an error quotes. */
#define TAIL_MAX ((size_t)2000)
#define TAIL_LINES 6
/* From SIGTERM to SIGKILL when a program outlives its timeout. */
#define KILL_GRACE 5.0

char *process_describe(const struct strv *argv) {
  _cleanup_buf_ struct buf b = {0};
  for (size_t i = 0; i < argv->n; i++)
    buf_addf(&b, strpbrk(argv->v[i], " \t\"'") ? "%s'%s'" : "%s%s",
             i ? " " : "", argv->v[i]);
  return buf_take(&b);
}

static char *find_in_path(const char *program) {
  if (strchr(program, '/'))
    return access(program, X_OK) == 0 ? xstrdup(program) : NULL;
  /* Debian keeps mke2fs and friends where a user's PATH does not look. */
  const char *path = getenv("PATH");
  _cleanup_free_ char *dirs =
      xasprintf("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
  char *save = NULL;
  for (char *d = strtok_r(dirs, ":", &save); d;
       d = strtok_r(NULL, ":", &save)) {
    _cleanup_free_ char *full = xasprintf("%s/%s", d, program);
    struct stat st;
    if (access(full, X_OK) == 0 && stat(full, &st) == 0 && S_ISREG(st.st_mode))
      return TAKE_PTR(full);
  }
  return NULL;
}

static int missing(const char *program, const char *package,
                   struct error *err) {
  if (package)
    return error_missing(err,
                         "the program '%s' is missing; it is in the Debian "
                         "package '%s' (apt-get install %s)",
                         program, package, package);
  return error_missing(err, "the program '%s' is missing", program);
}

int process_require(const char *program, const char *package,
                    struct error *err) {
  _cleanup_free_ char *path = find_in_path(program);
  return path ? 0 : missing(program, package, err);
}

/* What the child does between fork and exec: only async-signal-safe calls. */
struct child {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *dir;
  int in, out, errfd; /* -1: keep ours */
  int status_fd;      /* errno of a failed exec goes here */
  bool detach;
  pid_t parent;
};

static _Noreturn void child_main(const struct child *c) {
  struct sigaction dfl = {.sa_handler = SIG_DFL};
  for (int s = 1; s < NSIG; s++)
    (void)sigaction(s, &dfl, NULL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  if (c->detach) {
    (void)setsid();
  } else {
    /* Nothing we started may outlive us. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != c->parent)
      _exit(127);
  }
  bool ok = (c->in < 0 || dup2(c->in, 0) >= 0) &&
            (c->out < 0 || dup2(c->out, 1) >= 0) &&
            (c->errfd < 0 || dup2(c->errfd, 2) >= 0) &&
            (!c->dir || chdir(c->dir) == 0);
  if (ok) {
    /* status_fd stays open until exec closes it: it reports a failure. */
    int keep = dup2(c->status_fd, 3);
    if (keep == 3) {
      (void)fcntl(3, F_SETFD, FD_CLOEXEC);
      (void)syscall(SYS_close_range, 4U, ~0U, 0U);
    }
    execve(c->path, c->argv, c->envp);
  }
  int e = errno;
  if (write(c->status_fd == 3 || !ok ? c->status_fd : 3, &e, sizeof(e)) < 0)
    _exit(126);
  _exit(127);
}

extern char **environ;

/* Ours with p->env put over it; the strings are borrowed. */
static char **make_env(const struct process *p) {
  size_t n = 0;
  while (environ[n])
    n++;
  size_t extra = p->env ? p->env->n : 0;
  char **env = xcalloc(n + extra + 1, sizeof(*env));
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    bool replaced = false;
    for (size_t j = 0; j < extra && !replaced; j++) {
      size_t name = strcspn(p->env->v[j], "=") + 1;
      replaced = strncmp(environ[i], p->env->v[j], name) == 0;
    }
    if (!replaced)
      env[k++] = environ[i];
  }
  for (size_t j = 0; j < extra; j++)
    env[k++] = p->env->v[j];
  return env;
}

/* Forks and waits for exec to have happened. in/out/errfd may be -1. */
static int start(const struct process *p, int in, int out, int errfd,
                 bool detach, pid_t *ret_pid, struct error *err) {
  _cleanup_free_ char *path = find_in_path(p->argv->v[0]);
  if (!path)
    return missing(p->argv->v[0], p->package, err);
  _cleanup_free_ char **envp = make_env(p);
  int status[2];
  if (pipe2(status, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  _cleanup_close_ int status_read = status[0];
  _cleanup_close_ int status_write = status[1];
  struct child c = {
      .path = path,
      .argv = p->argv->v,
      .envp = envp,
      .dir = p->dir,
      .in = in,
      .out = out,
      .errfd = errfd,
      .status_fd = status_write,
      .detach = detach,
      .parent = getpid(),
  };
  pid_t pid = fork();
  if (pid < 0)
    return error_set(err, errno, "cannot start '%s'", path);
  if (pid == 0)
    child_main(&c);
  cleanup_close(&status_write);
  status_write = -1;
  int e = 0;
  ssize_t n;
  do
    n = read(status_read, &e, sizeof(e));
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    (void)waitpid(pid, NULL, 0);
    return error_set(err, e, "cannot run '%s'", path);
  }
  *ret_pid = pid;
  return 0;
}

/* One output stream of a running child. */
struct stream {
  int fd;
  struct buf *collect; /* all of it, or NULL */
  struct buf tail;     /* the end of it, for errors */
  struct buf line;     /* the line so far, for on_line */
};

static void feed_lines(const struct process *p, struct stream *s,
                       const char *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (data[i] != '\n') {
      buf_add(&s->line, &data[i], 1);
      continue;
    }
    p->on_line(p->on_line_arg, s->line.data ? s->line.data : "");
    buf_done(&s->line);
  }
}

static void feed(const struct process *p, struct stream *s, const char *data,
                 size_t len) {
  if (s->collect)
    buf_add(s->collect, data, len);
  if (p->on_line)
    feed_lines(p, s, data, len);
  buf_add(&s->tail, data, len);
  if (s->tail.len > 2 * TAIL_MAX) {
    memmove(s->tail.data, s->tail.data + s->tail.len - TAIL_MAX, TAIL_MAX);
    s->tail.len = TAIL_MAX;
    s->tail.data[TAIL_MAX] = '\0';
  }
}

/* The last lines of a stream, joined for one message; the caller frees. */
static char *last_lines(const struct stream *s) {
  if (!s->tail.data)
    return xstrdup("");
  size_t end = s->tail.len;
  while (end > 0 && s->tail.data[end - 1] == '\n')
    end--;
  size_t begin = end;
  int lines = 0;
  while (begin > 0) {
    if (s->tail.data[begin - 1] == '\n' && ++lines == TAIL_LINES)
      break;
    begin--;
  }
  return xstrndup(s->tail.data + begin, end - begin);
}

struct run {
  const struct process *p;
  pid_t pid;
  int in; /* our end of the child's stdin, or -1 */
  size_t in_done;
  struct stream out, err;
  double deadline; /* 0: none */
  bool timed_out;
  bool too_much; /* more output than output_max */
};

static void write_input(struct run *r) {
  const char *data = r->p->input;
  ssize_t n = write(r->in, data + r->in_done, r->p->input_len - r->in_done);
  if (n > 0)
    r->in_done += (size_t)n;
  /* A reader that has gone (EPIPE) shows in its exit status. */
  if ((n < 0 && errno != EINTR && errno != EAGAIN) ||
      r->in_done == r->p->input_len) {
    (void)close(r->in);
    r->in = -1;
  }
}

static void read_stream(struct run *r, struct stream *s) {
  char chunk[8192];
  ssize_t n = read(s->fd, chunk, sizeof(chunk));
  if (n > 0) {
    feed(r->p, s, chunk, (size_t)n);
    if (s->collect && r->p->output_max && s->collect->len > r->p->output_max) {
      r->too_much = true;
      (void)kill(r->pid, SIGKILL);
      (void)close(s->fd);
      s->fd = -1;
    }
  } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
    (void)close(s->fd);
    s->fd = -1;
  }
}

static void check_deadline(struct run *r) {
  if (r->deadline == 0 || monotonic_seconds() < r->deadline)
    return;
  (void)kill(r->pid, r->timed_out ? SIGKILL : SIGTERM);
  r->timed_out = true;
  r->deadline = monotonic_seconds() + KILL_GRACE;
}

static void pump(struct run *r) {
  while (r->out.fd >= 0 || r->err.fd >= 0 || r->in >= 0) {
    struct pollfd fds[] = {
        {.fd = r->in, .events = POLLOUT},
        {.fd = r->out.fd, .events = POLLIN},
        {.fd = r->err.fd, .events = POLLIN},
    };
    int n = poll(fds, ARRAY_SIZE(fds), r->deadline > 0 ? 100 : -1);
    check_deadline(r);
    if (n <= 0)
      continue;
    if (fds[0].revents)
      write_input(r);
    if (fds[1].revents)
      read_stream(r, &r->out);
    if (fds[2].revents)
      read_stream(r, &r->err);
  }
}

static int reap(struct run *r) {
  int status = 0;
  for (;;) {
    pid_t got = waitpid(r->pid, &status, r->deadline > 0 ? WNOHANG : 0);
    if (got == r->pid)
      return status;
    if (got < 0 && errno != EINTR)
      return -1;
    check_deadline(r);
    if (got == 0)
      (void)poll(NULL, 0, 20);
  }
}

/* Pipe for one direction; the child's end has O_CLOEXEC and is dup'ed there. */
static int make_pipe(int *ours, int *theirs, bool we_read, struct error *err) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  *ours = we_read ? fds[0] : fds[1];
  *theirs = we_read ? fds[1] : fds[0];
  return 0;
}

static int open_log(const char *path, struct error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    (void)error_set(err, errno, "cannot open the log '%s'", path);
  return fd;
}

static int run_with_pipes(struct run *r, struct error *err) {
  const struct process *p = r->p;
  _cleanup_close_ int in = -1;
  _cleanup_close_ int out = -1;
  _cleanup_close_ int errfd = -1;
  if (!p->inherit) {
    if (p->input) {
      if (make_pipe(&r->in, &in, false, err) < 0)
        return -1;
      (void)fcntl(r->in, F_SETFL, O_NONBLOCK);
    } else {
      in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    if (p->log_path && !p->output && !p->on_line) {
      out = open_log(p->log_path, err);
      if (out < 0)
        return -1;
      errfd = dup(out);
    } else if (make_pipe(&r->out.fd, &out, true, err) < 0 ||
               make_pipe(&r->err.fd, &errfd, true, err) < 0) {
      return -1;
    }
  }
  if (start(p, in, out, errfd, false, &r->pid, err) < 0)
    return -1;
  return 0;
}

static void run_done(struct run *r) {
  cleanup_close(&r->in);
  cleanup_close(&r->out.fd);
  cleanup_close(&r->err.fd);
  buf_done(&r->out.tail);
  buf_done(&r->out.line);
  buf_done(&r->err.tail);
  buf_done(&r->err.line);
}

static void flush_line(const struct process *p, struct stream *s) {
  if (p->on_line && s->line.len > 0)
    p->on_line(p->on_line_arg, s->line.data);
}

/* Words an ending that is not exit status 0. */
static int ending_error(const struct run *r, int status, struct error *err) {
  const char *name = r->p->argv->v[0];
  _cleanup_free_ char *tail = last_lines(&r->err);
  if (!*tail) {
    free(tail);
    tail = last_lines(&r->out);
  }
  const char *sep = *tail ? ":\n" : "";
  if (r->timed_out)
    return error_set(err, 0, "'%s' did not end within %u s%s%s", name,
                     r->p->timeout, sep, tail);
  if (r->too_much)
    return error_set(err, 0, "'%s' printed more than %zu bytes", name,
                     r->p->output_max);
  if (WIFSIGNALED(status))
    return error_set(err, 0, "'%s' was ended by signal %d (%s)%s%s", name,
                     WTERMSIG(status), strsignal(WTERMSIG(status)), sep, tail);
  return error_set(err, 0, "'%s' failed with exit status %d%s%s", name,
                   WEXITSTATUS(status), sep, tail);
}

static int run(const struct process *p, bool any_status, int *ret_status,
               struct error *err) {
  _cleanup_(run_done) struct run r = {
      .p = p,
      .in = -1,
      .out = {.fd = -1, .collect = p->output},
      .err = {.fd = -1},
  };
  if (run_with_pipes(&r, err) < 0)
    return -1;
  if (p->timeout)
    r.deadline = monotonic_seconds() + p->timeout;
  pump(&r);
  int status = reap(&r);
  flush_line(p, &r.out);
  flush_line(p, &r.err);
  if (r.too_much || r.timed_out)
    return ending_error(&r, status, err);
  if (any_status && WIFEXITED(status)) {
    *ret_status = WEXITSTATUS(status);
    return 0;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return ending_error(&r, status, err);
  return 0;
}

int process_run(const struct process *p, struct error *err) {
  return run(p, false, NULL, err);
}

int process_status(const struct process *p, int *ret_status,
                   struct error *err) {
  return run(p, true, ret_status, err);
}

int process_spawn_detached(const struct process *p, pid_t *ret_pid,
                           struct error *err) {
  _cleanup_close_ int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  _cleanup_close_ int out =
      open_log(p->log_path ? p->log_path : "/dev/null", err);
  if (out < 0)
    return -1;
  _cleanup_close_ int errfd = dup(out);
  return start(p, in, out, errfd, true, ret_pid, err);
}

int process_exec(const struct process *p, struct error *err) {
  _cleanup_free_ char *path = find_in_path(p->argv->v[0]);
  if (!path)
    return missing(p->argv->v[0], p->package, err);
  _cleanup_free_ char **envp = make_env(p);
  execve(path, p->argv->v, envp);
  return error_set(err, errno, "cannot run '%s'", path);
}
