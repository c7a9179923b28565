/*
 * Fuzz target: whatever a server.properties says, reading it ends, and what is accepted can be completed or is refused
 * with one line.
 */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "broker/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct broker_config config;
    struct weir_error err = { 0 };
    broker_config_init(&config);
    enum weir_status rc =
        broker_config_read(&config, (struct bytes){ data, size }, "server.properties", &err);
    if (rc == WEIR_OK) {
        rc = broker_config_complete(&config, &err);
    }
    if (rc == WEIR_OK) {
        assert(config.listen_port >= 0 && config.listen_port <= 65535);
        assert(config.network_threads >= 1);
        assert(config.num_partitions >= 1);
    } else {
        assert(err.message[0] != '\0');
    }
    broker_config_finish(&config);
    return 0;
}
