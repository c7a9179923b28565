/*
 * Going to the background: see daemon.h.
 */
#include "cli/daemon.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

enum { STARTED = 0 };

/* The folder above that of the program, and "logs" in it. */
static enum weir_status default_folder(char out_path[PATH_MAX], struct weir_error *err)
{
    char program[PATH_MAX - 8];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len < 0) {
        return weir_fail_errno(err, "cannot find the program's own folder; set LOG_DIR");
    }
    program[len] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (slash) {
            *slash = '\0';
        }
    }
    (void)snprintf(out_path, PATH_MAX, "%s/logs", program);
    return WEIR_OK;
}

static enum weir_status open_output(char out_path[PATH_MAX], int *out_fd, struct weir_error *err)
{
    const char *given = getenv("LOG_DIR");
    char folder[PATH_MAX];
    enum weir_status rc = WEIR_OK;
    if (given && *given) {
        (void)snprintf(folder, sizeof(folder), "%s", given);
    } else {
        rc = default_folder(folder, err);
    }
    if (rc == WEIR_OK) {
        rc = file_make_dirs(folder, err);
    }
    if (rc < 0) {
        return rc;
    }
    if ((size_t)snprintf(out_path, PATH_MAX, "%s/kafkaServer.out", folder) >= PATH_MAX) {
        return weir_fail(err, WEIR_EINVAL, "LOG_DIR is too long");
    }
    *out_fd = open(out_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return *out_fd < 0 ? weir_fail_errno(err, "cannot write to %s; set LOG_DIR", out_path)
                       : WEIR_OK;
}

/* In the foreground: waits for the word, or for the end of who should give it. */
static _Noreturn void wait_for_start(pid_t child, int told, const char *output_path)
{
    char byte;
    int status = 0;
    if (read(told, &byte, 1) == 1) {
        _exit(STARTED);
    }
    (void)waitpid(child, &status, 0);
    (void)fprintf(stderr, "weir broker: did not start; %s says why\n", output_path);
    _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

enum weir_status daemon_begin(int *out_told_fd, struct weir_error *err)
{
    char path[PATH_MAX];
    int told[2];
    int output = -1;
    enum weir_status rc = open_output(path, &output, err);
    if (rc < 0) {
        return rc;
    }
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || pipe2(told, O_CLOEXEC) != 0) {
        return weir_fail_errno(err, "cannot go to the background");
    }
    pid_t child = fork();
    if (child < 0) {
        return weir_fail_errno(err, "cannot go to the background");
    }
    if (child > 0) {
        (void)close(told[1]);
        wait_for_start(child, told[0], path);
    }
    (void)close(told[0]);
    (void)setsid();
    (void)dup2(nothing, STDIN_FILENO);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    (void)close(nothing);
    (void)close(output);
    *out_told_fd = told[1];
    return WEIR_OK;
}
