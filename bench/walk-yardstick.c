/*
 * The yardstick of the snapshot benchmark: the least that a walk of a file system costs. Two threads (or as many as
 * asked for) list every directory with getdents64(2) and read every entry's attributes with statx(2), and keep nothing
 * but sums. It crosses no mount point.
 *
 *     walk-yardstick THREADS none|some|all ROOT...
 *
 * Extended attributes (listxattr(2)) are read of nothing, of directories and executable files, or of everything.
 * Prints: entries, directories that could not be read, entries with extended attributes, microseconds of processor time,
 * and a sum of what was read, so that no compiler leaves the reading out.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { DIRENT_BYTES = 256 * 1024, XATTR_BYTES = 64 * 1024 };
enum xattrs { XATTRS_NONE, XATTRS_SOME, XATTRS_ALL };

struct paths {
    char **items;
    size_t count, room;
};

struct result {
    unsigned long entries, refused, with_xattrs;
    unsigned long long sum;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct paths shared;
static int idle, threads;
static enum xattrs xattrs;

static void push(struct paths *paths, char *path) {
    if (paths->count == paths->room) {
        paths->room = paths->room ? 2 * paths->room : 64;
        paths->items = realloc(paths->items, paths->room * sizeof *paths->items);
        if (!paths->items) abort();
    }
    paths->items[paths->count++] = path;
}

static char *join(const char *directory, const char *name) {
    size_t length = strlen(directory), slash = length == 1 && directory[0] == '/' ? 0 : 1;
    char *path = malloc(length + slash + strlen(name) + 1);
    if (!path) abort();
    memcpy(path, directory, length);
    if (slash) path[length] = '/';
    strcpy(path + length + slash, name);
    return path;
}

/* Waits for a directory; NULL once all threads wait. */
static char *take_shared(void) {
    char *path = NULL;
    pthread_mutex_lock(&lock);
    idle++;
    if (idle == threads && shared.count == 0) pthread_cond_broadcast(&changed);
    while (shared.count == 0 && idle < threads) pthread_cond_wait(&changed, &lock);
    if (shared.count > 0) {
        path = shared.items[--shared.count];
        idle--;
    }
    pthread_mutex_unlock(&lock);
    return path;
}

/* Gives the older half away while others wait. */
static void share(struct paths *own) {
    if (own->count < 2 || __atomic_load_n(&idle, __ATOMIC_RELAXED) == 0) return;
    size_t given = own->count / 2;
    pthread_mutex_lock(&lock);
    for (size_t at = 0; at < given; at++) push(&shared, own->items[at]);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    memmove(own->items, own->items + given, (own->count - given) * sizeof *own->items);
    own->count -= given;
}

static void read_directory(const char *path, struct paths *own, struct result *result, char *dirents, char *list) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
    if (directory < 0 && errno == EPERM) directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) {
        result->refused++;
        return;
    }
    if (xattrs != XATTRS_NONE && fchdir(directory) != 0) abort();
    for (;;) {
        long filled = syscall(SYS_getdents64, directory, dirents, DIRENT_BYTES);
        if (filled <= 0) break;
        for (long at = 0; at < filled;) {
            struct dirent64 *entry = (struct dirent64 *)(dirents + at);
            at += entry->d_reclen;
            const char *name = entry->d_name;
            if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) continue;
            struct statx stat;
            int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
            if (statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &stat) != 0) continue;
            result->entries++;
            result->sum += stat.stx_ino ^ stat.stx_size ^ stat.stx_ctime.tv_nsec;
            int is_directory = S_ISDIR(stat.stx_mode);
            int grants = is_directory || (S_ISREG(stat.stx_mode) && (stat.stx_mode & 0111) != 0);
            if (xattrs == XATTRS_ALL || (xattrs == XATTRS_SOME && grants))
                if (llistxattr(name, list, XATTR_BYTES) > 0) result->with_xattrs++;
            if (is_directory && !(stat.stx_attributes & STATX_ATTR_MOUNT_ROOT)) push(own, join(path, name));
        }
    }
    close(directory);
}

static void *walk(void *argument) {
    struct result *result = argument;
    struct paths own = {0};
    char *dirents = malloc(DIRENT_BYTES), *list = malloc(XATTR_BYTES), *path;
    /* A current directory of this thread's own: llistxattr(2) takes no directory. */
    if (!dirents || !list || unshare(CLONE_FS) != 0) abort();
    while ((path = own.count > 0 ? own.items[--own.count] : take_shared()) != NULL) {
        read_directory(path, &own, result, dirents, list);
        free(path);
        share(&own);
    }
    return NULL;
}

int main(int count, char **words) {
    if (count < 4) {
        fprintf(stderr, "usage: walk-yardstick THREADS none|some|all ROOT...\n");
        return 64;
    }
    threads = atoi(words[1]);
    xattrs = strcmp(words[2], "all") == 0 ? XATTRS_ALL : strcmp(words[2], "some") == 0 ? XATTRS_SOME : XATTRS_NONE;
    for (int at = 3; at < count; at++) push(&shared, strdup(words[at]));
    pthread_t running[64];
    struct result results[64] = {0}, all = {0};
    if (threads < 1 || threads > 64) return 64;
    for (int at = 0; at < threads; at++)
        if (pthread_create(&running[at], NULL, walk, &results[at]) != 0) return 70;
    for (int at = 0; at < threads; at++) {
        pthread_join(running[at], NULL);
        all.entries += results[at].entries;
        all.refused += results[at].refused;
        all.with_xattrs += results[at].with_xattrs;
        all.sum += results[at].sum;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    long us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    printf("%lu %lu %lu %ld %llx\n", all.entries, all.refused, all.with_xattrs, us, all.sum);
    return 0;
}
