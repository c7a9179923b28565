/*
 * Cloning a repository with libgit2, in a child process, and reading files straight from the commit's tree.
 *
 * Nothing is ever checked out, so hooks, filters, attributes and submodules of the repository mean nothing here.
 */
#include <errno.h>
#include <git2.h>
#include <stdio.h>

#include "base/error.h"
#include "intake/stage.h"

enum { GIT_OBJECTS_MAX = 1 << 20 };

static int on_progress(const git_indexer_progress *stats, void *payload)
{
    (void)payload;
    return stats->received_bytes > INTAKE_CLONE_MAX || stats->total_objects > GIT_OBJECTS_MAX ? -1
                                                                                              : 0;
}

static enum weir_status fail_git(enum weir_status status, const char *what, struct weir_error *err)
{
    const git_error *e = git_error_last();
    const char *why = e && e->message ? e->message : "no reason given";
    return weir_fail(err, status, "%s: %.*s", what, (int)strcspn(why, "\n"), why);
}

static enum weir_status clone_to(const char *url,
                                 const char *dir,
                                 git_repository **out,
                                 struct weir_error *err)
{
    char what[1200];
    git_clone_options options;
    if (git_clone_options_init(&options, GIT_CLONE_OPTIONS_VERSION) < 0) {
        return fail_git(WEIR_EIO, "libgit2", err);
    }
    options.bare = 1;
    options.local = GIT_CLONE_NO_LOCAL; /* copies: no hard links into the student's repository */
    options.fetch_opts.callbacks.transfer_progress = on_progress;
    options.fetch_opts.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_ALL;
    (void)git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)GIT_OBJECTS_MAX);
    (void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION,
                           0); /* nothing in it is run, whoever owns it */
    if (git_clone(out, url, dir, &options) < 0) {
        (void)snprintf(what, sizeof(what), "cannot clone %.1000s", url);
        return fail_git(WEIR_EIO, what, err);
    }
    return WEIR_OK;
}

/* The commit that `ref` means: a branch of the remote, a tag, or a commit's hash. */
static enum weir_status find_commit(git_repository *repo,
                                    const char *ref,
                                    git_object **out,
                                    struct weir_error *err)
{
    static const char *const before[] = { "refs/remotes/origin/", "refs/tags/", "" };
    char name[512];
    git_object *found = NULL;
    if (!ref) {
        if (git_revparse_single(&found, repo, "HEAD") < 0) {
            return weir_fail(err, WEIR_ENOTFOUND,
                             "the repository is empty: it has no commit on its main branch");
        }
    }
    bool is_name = ref && ref[strcspn(ref, "~^:@{} ")] == '\0';
    for (size_t i = 0; !found && is_name && i < 3; i++) {
        (void)snprintf(name, sizeof(name), "%s%.400s", before[i], ref);
        if (git_revparse_single(&found, repo, name) < 0) {
            found = NULL;
        }
    }
    if (!found) {
        return weir_fail(err, WEIR_ENOTFOUND,
                         "the repository has no branch, tag or commit `%.200s`", ref);
    }
    int rc = git_object_peel(out, found, GIT_OBJECT_COMMIT);
    git_object_free(found);
    return rc < 0 ? weir_fail(err, WEIR_ENOTFOUND, "`%.200s` is no commit", ref ? ref : "HEAD")
                  : WEIR_OK;
}

static enum weir_status take_path(git_repository *repo,
                                  const git_tree *tree,
                                  const char *path,
                                  int dir_fd,
                                  struct weir_error *err)
{
    git_tree_entry *entry = NULL;
    git_blob *blob = NULL;
    enum weir_status rc = WEIR_OK;
    struct bytes content = bytes_of("");
    bool is_file = false;
    if (git_tree_entry_bypath(&entry, tree, path) < 0) {
        return WEIR_OK; /* not there: the copy will say so */
    }
    git_filemode_t mode = git_tree_entry_filemode(entry);
    if (mode == GIT_FILEMODE_TREE) {
        goto out; /* a folder: its files are asked for by name */
    }
    is_file = mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE;
    if (is_file) {
        if (git_blob_lookup(&blob, repo, git_tree_entry_id(entry)) < 0) {
            rc = fail_git(WEIR_EPROTO, path, err);
            goto out;
        }
        content = (struct bytes){ git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob) };
        if (content.len > INTAKE_FILE_MAX) {
            rc = weir_fail(err, WEIR_EPROTO, "%s is larger than %d bytes", path, INTAKE_FILE_MAX);
            goto out;
        }
    }
    rc = stage_put(dir_fd, bytes_of(path), is_file, content, err);
out:
    git_blob_free(blob);
    git_tree_entry_free(entry);
    return rc;
}

static enum weir_status take_labs(const struct intake *in,
                                  git_repository *repo,
                                  const git_tree *tree,
                                  int dir_fd,
                                  struct weir_error *err)
{
    static const char *const before[] = { "", "labs/" };
    char path[512];
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < in->lab_count; i++) {
        const struct manifest *lab = &in->labs[i];
        for (size_t b = 0; b < 2; b++) {
            (void)snprintf(path, sizeof(path), "%s%s", before[b], lab->id);
            rc = rc < 0 ? rc : take_path(repo, tree, path, dir_fd, err);
            for (size_t k = 0; rc == WEIR_OK && k < lab->file_count; k++) {
                (void)snprintf(path, sizeof(path), "%s%s/%s", before[b], lab->id,
                               lab->files[k].path);
                rc = take_path(repo, tree, path, dir_fd, err);
            }
        }
        for (size_t k = 0; rc == WEIR_OK && in->lab_count == 1 && k < lab->file_count; k++) {
            rc = take_path(repo, tree, lab->files[k].path, dir_fd, err);
        }
    }
    return rc;
}

/* The folders that a lab may be meant by, so that it can be said. */
static void note_folders(const struct intake *in,
                         git_repository *repo,
                         const git_tree *tree,
                         const char *before,
                         int dir_fd)
{
    char path[512];
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        git_tree *labs = NULL;
        if (git_tree_entry_type(entry) != GIT_OBJECT_TREE) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "%s%s/any", before, git_tree_entry_name(entry));
        stage_note_folders(in, dir_fd, bytes_of(path));
        if (before[0] == '\0' && strcmp(git_tree_entry_name(entry), "labs") == 0 &&
            git_tree_lookup(&labs, repo, git_tree_entry_id(entry)) == 0) {
            note_folders(in, repo, labs, "labs/", dir_fd);
            git_tree_free(labs);
        }
    }
}

enum weir_status stage_git(const struct stage_order *o,
                           int dir_fd,
                           char out_revision[STAGE_REVISION_SIZE],
                           struct weir_error *err)
{
    git_repository *repo = NULL;
    git_object *commit = NULL;
    git_tree *tree = NULL;
    (void)git_libgit2_init();
    enum weir_status rc = clone_to(o->source, o->clone, &repo, err);
    if (rc == WEIR_OK) {
        rc = find_commit(repo, o->ref, &commit, err);
    }
    if (rc == WEIR_OK) {
        git_oid_tostr(out_revision, STAGE_REVISION_SIZE, git_object_id(commit));
        rc = git_commit_tree(&tree, (const git_commit *)commit) < 0
                 ? fail_git(WEIR_EPROTO, "the commit has no tree", err)
                 : take_labs(o->in, repo, tree, dir_fd, err);
    }
    if (rc == WEIR_OK) {
        note_folders(o->in, repo, tree, "", dir_fd);
    }
    git_tree_free(tree);
    git_object_free(commit);
    git_repository_free(repo);
    (void)git_libgit2_shutdown();
    return rc;
}
