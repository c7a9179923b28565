/*
 * Frames out of a stream: see inbound.h.
 */
#include "net/inbound.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base/mem.h"

enum {
    LENGTH_SIZE = 4,
    SCRATCH_SIZE = 64 << 10,
    /* A missing piece of this size is read by itself: another system call costs less than copying what comes behind. */
    ALONE_MIN = 16 << 10,
    /* Room that a mere announcement gets. It becomes memory only as bytes arrive; most requests fit. */
    ROOM_FIRST = (1 << 20) + (64 << 10),
};

void inbound_init(struct inbound *in, size_t frame_max)
{
    *in = (struct inbound){ .frame_max = frame_max };
}

void inbound_finish(struct inbound *in)
{
    free(in->data);
    free(in->rest);
    inbound_init(in, in->frame_max);
}

/* The length that stands at `p`; an INBOUND_ code when it is not all there, or none. */
static int64_t length_at(const struct inbound *in, const uint8_t *p, size_t len)
{
    if (len < LENGTH_SIZE) {
        return INBOUND_INCOMPLETE;
    }
    int32_t length =
        (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
    return length < 0 || (size_t)length > in->frame_max ? INBOUND_NO_LENGTH : length;
}

/* Of the frame at the front, with its length; 0 while that is not known. */
static size_t whole_size(const struct inbound *in, const uint8_t *p, size_t len)
{
    int64_t length = length_at(in, p, len);
    return length < 0 ? 0 : LENGTH_SIZE + (size_t)length;
}

/* --- reading --- */

/* New memory for the frame at the front, which begins there. */
static void move_front(struct inbound *in, size_t capacity)
{
    size_t len = in->len - in->at;
    uint8_t *data = mem_resize(NULL, capacity, 1);
    memcpy(data, in->data + in->at, len);
    free(in->data);
    in->data = data;
    in->at = 0;
    in->len = len;
    in->capacity = capacity;
}

/* Where the rest of the frame at the front goes: how many bytes of it fit now; 0 while its length is not known. */
static size_t make_room(struct inbound *in)
{
    size_t have = in->len - in->at;
    size_t whole = have > 0 ? whole_size(in, in->data + in->at, have) : 0;
    if (whole == 0) {
        return 0;
    }
    if (in->len == in->capacity || in->at > 0) {
        size_t limit = have < ROOM_FIRST / 2 ? ROOM_FIRST : have * 2;
        size_t capacity = whole < limit ? whole : limit;
        move_front(in, capacity);
    }
    return in->capacity - in->len;
}

static uint8_t *copy_of(const uint8_t *data, size_t len)
{
    uint8_t *copy = mem_resize(NULL, len, 1);
    memcpy(copy, data, len);
    return copy;
}

/* Bytes that did not go to their place at once: behind a frame that is whole now, or the beginning of something. */
static void keep(struct inbound *in, const uint8_t *data, size_t len)
{
    size_t have = in->len - in->at;
    size_t whole = have > 0 ? whole_size(in, in->data + in->at, have) : 0;
    if (whole > 0) {
        assert(have == whole && !in->rest);
        in->rest = copy_of(data, len);
        in->rest_len = len;
        return;
    }
    uint8_t *joined = mem_resize(NULL, have + len, 1);
    if (have > 0) {
        memcpy(joined, in->data + in->at, have);
    }
    memcpy(joined + have, data, len);
    free(in->data);
    in->data = joined;
    in->at = 0;
    in->len = in->capacity = have + len;
}

ssize_t inbound_read(struct inbound *in, int fd, bool *out_more)
{
    uint8_t scratch[SCRATCH_SIZE];
    size_t room = make_room(in);
    struct iovec parts[2] = { { room > 0 ? in->data + in->len : scratch, room },
                              { scratch, sizeof(scratch) } };
    size_t whole = room > 0 ? whole_size(in, in->data, in->len) : 0;
    bool ends = in->len + room == whole; /* the room takes all that is missing */
    bool alone = room > 0 && (!ends || room >= ALONE_MIN);
    ssize_t n = readv(fd, parts, alone ? 1 : 2);
    if (n <= 0) {
        return n;
    }
    size_t direct = (size_t)n < room ? (size_t)n : room;
    in->len += direct;
    if ((size_t)n > direct) {
        keep(in, scratch, (size_t)n - direct);
    }
    *out_more = (size_t)n == room + (alone ? 0 : sizeof(scratch));
    return n;
}

/* --- taking --- */

/* The memory is used up or given away: what is left comes to the front. */
static void next_memory(struct inbound *in, uint8_t *data, size_t len)
{
    in->data = data;
    in->at = 0;
    in->len = in->capacity = len;
}

static void take_rest(struct inbound *in)
{
    next_memory(in, in->rest, in->rest_len);
    in->rest = NULL;
    in->rest_len = 0;
}

int inbound_take(struct inbound *in, struct bytes *out_frame, void **out_memory)
{
    size_t have = in->len - in->at;
    int64_t length = have > 0 ? length_at(in, in->data + in->at, have) : INBOUND_INCOMPLETE;
    if (length == INBOUND_NO_LENGTH) {
        return INBOUND_NO_LENGTH;
    }
    size_t whole = LENGTH_SIZE + (size_t)length;
    if (length == INBOUND_INCOMPLETE || have < whole) {
        return INBOUND_INCOMPLETE;
    }
    size_t behind = have - whole;
    uint8_t *frame = in->data + in->at + LENGTH_SIZE;
    if (whole < in->capacity / 2) { /* its owner shall not hold on to more than twice the frame */
        uint8_t *copy = copy_of(frame, (size_t)length);
        *out_memory = copy;
        frame = copy;
        in->at += whole;
        if (behind == 0) {
            free(in->data);
            take_rest(in);
        }
    } else {
        *out_memory = in->data;
        if (behind > 0) {
            next_memory(in, copy_of(in->data + in->at + whole, behind), behind);
        } else {
            take_rest(in);
        }
    }
    *out_frame = (struct bytes){ frame, (size_t)length };
    return 1;
}
