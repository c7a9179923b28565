/*
 * Group members: see member.h.
 */
#include "coordination/member.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

static struct bytes owned_copy(struct bytes value)
{
    if (bytes_is_null(value)) {
        return value;
    }
    return (struct bytes){ (const uint8_t *)mem_text(value.data, value.len), value.len };
}

static void owned_free(struct bytes value)
{
    free((void *)(uintptr_t)value.data);
}

void group_member_set(struct bytes *field, struct bytes value)
{
    struct bytes before = *field;
    *field = owned_copy(value); /* first: `value` may be the old one */
    owned_free(before);
}

static void free_protocols(struct group_protocol *protocols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        owned_free(protocols[i].name);
        owned_free(protocols[i].metadata);
    }
    free(protocols);
}

struct group_member *group_member_create(struct bytes id, struct bytes instance_id)
{
    struct group_member *member = MEM_NEW(struct group_member);
    list_init(&member->link);
    member->id = owned_copy(id);
    member->instance_id = owned_copy(instance_id);
    return member;
}

void group_member_destroy(struct group_member *member)
{
    if (!member) {
        return;
    }
    assert(member->join_token == NULL);
    assert(member->sync_token == NULL);
    free_protocols(member->protocols, member->protocol_count);
    owned_free(member->id);
    owned_free(member->instance_id);
    owned_free(member->client_id);
    owned_free(member->client_host);
    owned_free(member->assignment);
    owned_free(member->assignment_next);
    owned_free(member->id_before);
    free(member);
}

void group_member_set_protocols(struct group_member *member,
                                const struct group_protocol *protocols,
                                size_t protocol_count)
{
    struct group_protocol *copy = mem_zalloc(protocol_count, sizeof(*copy));
    for (size_t i = 0; i < protocol_count; i++) {
        copy[i].name = owned_copy(protocols[i].name);
        copy[i].metadata = owned_copy(protocols[i].metadata);
    }
    free_protocols(member->protocols, member->protocol_count);
    member->protocols = copy;
    member->protocol_count = protocol_count;
}

struct bytes group_member_metadata(const struct group_member *member, struct bytes protocol)
{
    for (size_t i = 0; i < member->protocol_count; i++) {
        if (bytes_equal(member->protocols[i].name, protocol)) {
            return member->protocols[i].metadata;
        }
    }
    return (struct bytes){ 0 };
}

bool group_member_matches(const struct group_member *member,
                          const struct group_protocol *protocols,
                          size_t protocol_count)
{
    if (member->protocol_count != protocol_count) {
        return false;
    }
    for (size_t i = 0; i < protocol_count; i++) {
        if (!bytes_equal(member->protocols[i].name, protocols[i].name) ||
            !bytes_equal(member->protocols[i].metadata, protocols[i].metadata)) {
            return false;
        }
    }
    return true;
}
