# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Python of commands calls (commands.py); sh is the shell."""
import shell
import tools


def open_file(sh, name, op):
    path = sh.path(name)
    root = sh.root
    if path == "/dev/null":
        return shell.Input() if op == "<" else shell.Null
    if path == "/proc/uptime" and op == "<":
        return shell.Input(root.uptime.decode())
    if path == "/dev/console" and op != "<":
        return shell.ToConsole(root)
    if op == "<":
        return shell.Input(root.read(path).decode("latin-1"))
    file = root.open(path, 0o666 & ~sh.umask)
    if op == ">":
        file.data = b""
    return shell.ToFile(root, file)


def redirect(sh, redirections):
    """(fd, operator, text) of each. False if a file cannot be opened; then it has
    been said."""
    sh.fds = fds = list(sh.fds)
    for fd, op, text in redirections:
        fds += [None] * (fd + 1 - len(fds))  # of those none is open
        try:
            if op == "<<":
                fds[fd] = shell.Input(text)
            elif op in (">&", "<&"):
                fds[fd] = fds[int(text)]
            else:
                fds[fd] = open_file(sh, text, op)
        except OSError as e:
            verb = "open" if op == "<" else "create"
            why = {"No such file or directory":
                   "No such file" if verb == "open" else
                   "Directory nonexistent"}.get(e.strerror, e.strerror)
            sh.complain(f"{sh.args[0]}: cannot {verb} {text}: {why}")
            return False
    return True


def not_written(sh, args, error):
    sh.complain(f"{args[0]}: write error: {error.strerror}")
    return 1


def call(sh, function, args):
    saved = sh.args
    args[0] = saved[0]
    sh.args = args
    try:
        return function(sh)
    finally:
        sh.args = saved


def command(sh, args):
    """Whatever it is: its name is only known now, if there is one."""
    if not args:
        return sh.substituted
    function = sh.functions.get(args[0])
    try:
        if function:
            return call(sh, function, args)
        return tools.BUILTINS.get(args[0], shell.execute)(sh, args)
    except OSError as e:
        return not_written(sh, args, e)


def with_variables(sh, values, args):
    """A program to which they are others."""
    before = {name: sh.variables.get(name) for name in values}
    sh.variables.update(values)
    try:
        return tools.BUILTINS.get(args[0], shell.execute)(sh, args)
    except OSError as e:
        return not_written(sh, args, e)
    finally:
        for name, value in before.items():
            if value is None:
                del sh.variables[name]
            else:
                sh.variables[name] = value


def pipeline(sh, stages):
    data = sh.fds[0]
    for stage in stages[:-1]:
        copy = sh.fork()
        copy.fds = [data, shell.Output(), *sh.fds[2:]]
        copy.run_forked(stage)
        data = shell.Input(copy.fds[1].text())
    copy = sh.fork()
    copy.fds = [data, *sh.fds[1:]]
    return copy.run_forked(stages[-1])


NAMES = {"execute": shell.execute, "test_one": tools.test_one,
         "compare": tools.test_numbers, "BUILTINS": tools.BUILTINS}
NAMES.update({f.__name__: f for f in (
    redirect, not_written, call, command, with_variables, pipeline)})
