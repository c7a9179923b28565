/*
 * Fuzz target: whatever weir.metadata holds, opening it ends; and what could be opened is the same after it was written
 * and opened again.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "cluster/local_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char file_name[] = "weir.metadata";

static void check_written_again(int fd, struct local_store *store)
{
    struct weir_error err;
    struct local_store *again = NULL;
    int rc = local_store_set_producer_id_end(store, store->producer_id_end, &err);
    assert(rc == WEIR_OK);
    rc = local_store_open(fd, &again, &err);
    assert(rc == WEIR_OK);
    assert(again->topics.count == store->topics.count);
    assert(again->producer_id_end == store->producer_id_end);
    for (int scope = 0; scope < STORED_SCOPE_COUNT; scope++) {
        assert(again->settings[scope].count == store->settings[scope].count);
    }
    for (size_t i = 0; i < store->topics.count; i++) {
        const struct stored_topic *a = store->topics.entries[i].value;
        const struct stored_topic *b = map_get(&again->topics, a->name);
        assert(b && b->partition_count == a->partition_count && b->config_count == a->config_count);
    }
    local_store_close(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/weir-store-fuzz-XXXXXX";
    struct weir_error err = { 0 };
    struct local_store *store = NULL;
    if (!mkdtemp(folder)) {
        abort();
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = file_replace(fd, file_name, (struct bytes){ data, size }, false, &err);
    assert(rc == WEIR_OK);
    if (local_store_open(fd, &store, &err) == WEIR_OK) {
        check_written_again(fd, store);
        local_store_close(store);
    } else {
        assert(err.message[0] != '\0');
    }
    (void)unlinkat(fd, file_name, 0);
    (void)close(fd);
    (void)rmdir(folder);
    return 0;
}
