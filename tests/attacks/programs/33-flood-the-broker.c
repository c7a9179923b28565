/*
 * Attack 33: records without end, until the disk of the broker is full.
 * Expected: made the broker keep more than 2 MiB and was stopped
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/admin.h>
#include <weir/producer.h>

int main(void)
{
    static char block[100000];
    const struct weir_option options[] = { { "bootstrap.servers", getenv("BOOTSTRAP") },
                                           { NULL, NULL } };
    struct weir_producer *producer = NULL;
    const struct weir_new_topic topic = { .name = "flood",
                                          .partitions = 1,
                                          .replication_factor = 1 };
    struct weir_admin *admin = NULL;
    struct weir_error err;
    /* Until there is a topic, the program's own memory would be full first. */
    if (weir_admin_create(options, &admin, &err) < 0 ||
        weir_admin_create_topic(admin, &topic, 900, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (weir_producer_create(options, &producer, &err) < 0) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    for (int sent = 1;; sent++) {
        const struct weir_slice value = { block, sizeof(block) };
        const struct weir_message message =
            weir_message("flood", (struct weir_slice){ NULL, 0 }, value);
        if (weir_producer_send(producer, &message, NULL, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        /* However slow the broker, it is its disk that fills, not the program's memory. */
        if (sent % 20 == 0 && weir_producer_flush(producer, -1, &err) < 0) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
    }
}
