/* Preloaded into a process, it breaks the disk under its audit:
   SYNC_FAILS_AT=n: the n-th sync fails once; the next ones succeed, as Linux does it.
   FULL_AT=n: from the n-th write on the disk is full, until a file is removed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long sync_left, full_left, loaded;

static void load(void) {
    if (loaded) return;
    loaded = 1;
    sync_left = getenv("SYNC_FAILS_AT") ? atol(getenv("SYNC_FAILS_AT")) : -1;
    full_left = getenv("FULL_AT") ? atol(getenv("FULL_AT")) : -1;
}

static int of_audit(int file) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, "audit.sqlite") != NULL;
}

static int sync_fails(int file) {
    load();
    if (sync_left < 0 || !of_audit(file) || sync_left-- > 0) return 0;
    errno = EIO;
    return 1;
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    return sync_fails(file) ? -1 : real(file);
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    return sync_fails(file) ? -1 : real(file);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    load();
    if (full_left >= 0 && of_audit(file)) {
        if (full_left == 0) { errno = ENOSPC; return -1; }
        full_left--;
    }
    return real(file, bytes, count, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
    return pwrite64(file, bytes, count, at);
}

int unlink(const char *path) {
    static int (*real)(const char *);
    if (!real) real = dlsym(RTLD_NEXT, "unlink");
    load();
    if (full_left == 0) full_left = -1;
    return real(path);
}
