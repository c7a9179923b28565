/*
 * Fuzz target: whatever records the internal topics hold, the broker starts on them, tells about the groups and transactions
 * that it found there, lets clients go on with them, stops in good order, and starts again.
 *
 * Input: records, each: one byte of flags, the lengths of key and value (an int16 each), key, value. A record is a batch of its
 * own in __consumer_offsets-0 or, by the flags, __transaction_state-0.
 */
#include <string.h>
#include <sys/stat.h>

#include "fuzz_client.h"
#include "protocol/batch_builder.h"
#include "protocol/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_TRANSACTIONS = 1, FLAG_NULL = 2, FLAG_TRANSACTIONAL = 4, FLAG_CONTROL = 8 };
enum { LOG_MAX = 4 << 20, TOPICS = 2, NOW_MS = 1700000000 };

static const char *const folders[TOPICS] = { "__consumer_offsets-0", "__transaction_state-0" };

static struct bytes take(struct reader *r, size_t wanted)
{
    size_t left = reader_left(r);
    return reader_take(r, wanted < left ? wanted : left);
}

static void add_batch(
    struct buffer *log, int64_t offset, unsigned flags, struct bytes key, struct bytes value)
{
    struct batch_builder builder;
    struct bytes batch;
    struct batch_header h;
    batch_builder_init(&builder, LOG_MAX);
    batch_builder_add(&builder, NOW_MS, key, value, NULL, 0);
    if (batch_builder_finish(&builder, CODEC_NONE, &batch, NULL) == WEIR_OK) {
        uint8_t *data = (uint8_t *)(uintptr_t)batch.data;
        batch_header_read(data, &h);
        h.base_offset = offset;
        h.leader_epoch = 0;
        if (flags & (FLAG_TRANSACTIONAL | FLAG_CONTROL)) {
            h.attributes |= BATCH_TRANSACTIONAL | (flags & FLAG_CONTROL ? BATCH_CONTROL : 0);
            h.producer_id = 0;
            h.producer_epoch = 0;
            h.base_sequence = flags & FLAG_CONTROL ? -1 : (int32_t)offset;
        }
        batch_header_write(&h, data);
        be_write_i32(data + BATCH_AT_CRC, (int32_t)batch_crc(batch));
        buffer_append(log, data, batch.len);
    }
    batch_builder_release(&builder);
}

static void write_topics(const char *root, struct bytes input)
{
    struct buffer logs[TOPICS];
    int64_t offsets[TOPICS] = { 0 };
    struct reader r;
    reader_init(&r, input);
    for (int i = 0; i < TOPICS; i++) {
        buffer_init(&logs[i], LOG_MAX);
    }
    while (reader_left(&r) > 5) {
        unsigned flags = (uint8_t)reader_i8(&r);
        size_t key_len = (uint16_t)reader_i16(&r);
        size_t value_len = (uint16_t)reader_i16(&r);
        struct bytes key = take(&r, key_len);
        struct bytes value = take(&r, value_len);
        int topic = flags & FLAG_TRANSACTIONS ? 1 : 0;
        add_batch(&logs[topic], offsets[topic]++, flags, key,
                  flags & FLAG_NULL ? (struct bytes){ 0 } : value);
    }
    for (int i = 0; i < TOPICS; i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        if (mkdir(path, 0755) != 0) {
            abort();
        }
        (void)snprintf(path, sizeof(path), "%s/%s/00000000000000000000.log", root, folders[i]);
        if (file_replace(AT_FDCWD, path, buffer_bytes(&logs[i]), false, NULL) < 0) {
            abort();
        }
        buffer_finish(&logs[i]);
    }
}

/* A request with nothing but what is given here. */
static void ask(struct fuzz_broker *b, int16_t key, int16_t version, const void *body)
{
    struct request_header header = { .request_api_key = key,
                                     .request_api_version = version,
                                     .correlation_id = key,
                                     .client_id = bytes_of("c") };
    struct buffer out;
    struct weir_error err;
    buffer_init(&out, LOG_MAX);
    enum weir_status rc = request_header_encode(&header, &out, &err);
    assert(rc == WEIR_OK);
    rc = message_encode(api_type_find(key)->request, version, body, &out, NULL, &err);
    assert(rc == WEIR_OK);
    fuzz_broker_ask(b, buffer_bytes(&out));
    buffer_finish(&out);
}

/* What the seeds' records are about, and all there is. */
static void ask_about_everything(struct fuzz_broker *b)
{
    struct bytes group = bytes_of("g");
    struct bytes transaction = bytes_of("x");
    struct list_groups_request groups;
    message_init(&list_groups_request_type, &groups);
    ask(b, API_LIST_GROUPS, 4, &groups);
    struct describe_groups_request describe;
    message_init(&describe_groups_request_type, &describe);
    describe.groups = &group;
    describe.groups_count = 1;
    ask(b, API_DESCRIBE_GROUPS, 5, &describe);
    struct offset_fetch_request fetch;
    message_init(&offset_fetch_request_type, &fetch);
    fetch.group_id = group;
    fetch.topics_count = -1;
    ask(b, API_OFFSET_FETCH, 5, &fetch);
    struct list_transactions_request transactions;
    message_init(&list_transactions_request_type, &transactions);
    ask(b, API_LIST_TRANSACTIONS, 0, &transactions);
    struct describe_transactions_request described;
    message_init(&describe_transactions_request_type, &described);
    described.transactional_ids = &transaction;
    described.transactional_ids_count = 1;
    ask(b, API_DESCRIBE_TRANSACTIONS, 0, &described);
    struct init_producer_id_request init;
    message_init(&init_producer_id_request_type, &init);
    init.transactional_id = transaction;
    init.transaction_timeout_ms = 60000;
    ask(b, API_INIT_PRODUCER_ID, 1, &init);
    struct delete_groups_request deletion;
    message_init(&delete_groups_request_type, &deletion);
    deletion.groups_names = &group;
    deletion.groups_names_count = 1;
    ask(b, API_DELETE_GROUPS, 1, &deletion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_broker b;
    fuzz_broker_init(&b);
    write_topics(b.folder, (struct bytes){ data, size });
    for (int round = 0; round < 2; round++) {
        fuzz_broker_start(&b);
        ask_about_everything(&b);
        fuzz_broker_stop(&b);
    }
    fuzz_broker_finish(&b);
    return 0;
}
