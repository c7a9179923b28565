/*
 * Landlock: without a mount namespace, the kernel's own way to keep a process to some folders.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/filter.h"

/* Version 1 of the interface (Linux 5.13): what every kernel with Landlock knows. */
#define LANDLOCK_READ \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_ALL ((1u << 13) - 1)
#define LANDLOCK_FILE \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE)

static int allow(int ruleset, const char *path, uint64_t access)
{
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == EACCES ? 0 : errno;
    }
    int rc = 0;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
        access &= LANDLOCK_FILE; /* the other rights are about folders */
    }
    struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = fd };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
        rc = errno;
    }
    close(fd);
    return rc;
}

int landlock_load(const char *const *read_paths,
                  int read_count,
                  const char *const *write_paths,
                  int write_count)
{
    struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ALL };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0) {
        return errno;
    }
    int rc = 0;
    for (int i = 0; rc == 0 && i < read_count; i++) {
        rc = allow(ruleset, read_paths[i], LANDLOCK_READ);
    }
    for (int i = 0; rc == 0 && i < write_count; i++) {
        rc = allow(ruleset, write_paths[i], LANDLOCK_ALL);
    }
    if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        rc = errno;
    }
    if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
        rc = errno;
    }
    close(ruleset);
    return rc;
}

bool landlock_available(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}
