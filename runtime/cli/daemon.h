/*
 * Going to the background, as kafka-server-start.sh -daemon does, with one difference: whoever started it gets the prompt back when
 * it serves, or the exit code of what did not start.
 *
 * Thread: before there are others.
 */
#pragma once

#include "weir/status.h"

/*
 * Returns only in the background, where standard output and error go to $LOG_DIR/kafkaServer.out (without LOG_DIR: the folder
 * "logs" beside the folder of the program) and standard input is empty. The caller writes a byte to *out_told_fd once all is well.
 */
WEIR_CHECKED enum weir_status daemon_begin(int *out_told_fd, struct weir_error *err);
