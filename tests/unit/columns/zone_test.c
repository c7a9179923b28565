/*
 * columns/zone: offsets and local times are java.time's, and no damaged file does harm.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "columns/zone.h"
#include "columns/zone_rule.h"
#include "golden.h"

#include <cmocka.h>

enum { NAMES_MAX = 16 };

/* The bytes of a file, allocated; '/' in the name is '-' in the file's. */
static uint8_t *read_zone_file(const char *name, size_t *out_len)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "zones/%s", name);
    for (char *c = path + 6; *c; c++) {
        *c = *c == '/' ? '-' : *c;
    }
    struct golden g = golden_open(path);
    uint8_t *bytes = mem_zalloc(ZONE_FILE_MAX, 1);
    *out_len = fread(bytes, 1, ZONE_FILE_MAX, g.file);
    golden_close(&g);
    return bytes;
}

static struct zone *load(const char *name)
{
    size_t len = 0;
    uint8_t *bytes = read_zone_file(name, &len);
    struct zone *zone = NULL;
    struct weir_error err;
    assert_int_equal(zone_parse((struct bytes){ bytes, len }, &zone, &err), WEIR_OK);
    free(bytes);
    return zone;
}

static void agrees_with_java(void **state)
{
    (void)state;
    struct golden g = golden_open("java/zones.txt");
    struct zone *zone = NULL;
    char current[64] = "";
    int count = 0;
    while (getline(&g.line, &g.capacity, g.file) >= 0) {
        char name[64];
        char what[16];
        int64_t time = 0;
        int64_t expected = 0;
        if (sscanf(g.line, "%60s %10s %" SCNd64 " %" SCNd64, name, what, &time, &expected) != 4) {
            continue;
        }
        if (strcmp(name, current) != 0) {
            zone_free(zone);
            zone = load(name);
            (void)snprintf(current, sizeof(current), "%s", name);
        }
        int64_t found =
            strcmp(what, "utc") == 0 ? zone_offset(zone, time) : zone_to_utc(zone, time);
        if (found != expected) {
            print_message("%s gives %" PRId64 "\n", g.line, found);
        }
        assert_true(found == expected);
        struct zone_span span = zone_find(zone, time);
        assert_true(span.from <= time && time < span.until);
        assert_int_equal(zone_offset(zone, span.from), span.offset);
        assert_int_equal(zone_offset(zone, span.until - 1), span.offset);
        count++;
    }
    zone_free(zone);
    golden_close(&g);
    assert_int_equal(count, 1353);
}

static void micros_are_floored(void **state)
{
    (void)state;
    struct zone *zone = load("Europe/Rome");
    int64_t change = 1711846800 * INT64_C(1000000); /* 2024-03-31 01:00 UTC */
    assert_true(zone_local_micros(zone, change - 1) == change - 1 + 3600 * INT64_C(1000000));
    assert_true(zone_local_micros(zone, change) == change + 7200 * INT64_C(1000000));
    assert_true(zone_utc_micros(zone, change + 7200 * INT64_C(1000000) + 1) == change + 1);
    assert_true(zone_local_micros(NULL, -1) == -1);
    assert_true(zone_utc_micros(NULL, -1) == -1);
    zone_free(zone);
    zone = zone_fixed(-3600);
    assert_true(zone_utc_micros(zone, 0) == 3600 * INT64_C(1000000));
    zone_free(zone);
    zone_free(NULL);
}

static void names_say_offsets(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int32_t offset;
    } good[] = {
        { "Z", 0 },
        { "UTC", 0 },
        { "GMT", 0 },
        { "UT", 0 },
        { "+02:00", 7200 },
        { "-03:30", -12600 },
        { "+2", 7200 },
        { "+02", 7200 },
        { "+0230", 9000 },
        { "+02:30:15", 9015 },
        { "-023015", -9015 },
        { "GMT+1", 3600 },
        { "UTC-18:00", -64800 },
        { "UT+3", 10800 },
        { "+7:00", 25200 },
        { "EST", -18000 },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int32_t offset = -1;
        assert_true(zone_read_offset(bytes_of(good[i].name), &offset));
        assert_int_equal(offset, good[i].offset);
    }
    const char *bad[] = { "",       "+",    "+19:00", "+18:01", "Europe/Rome", "UTC+",
                          "+1:2:3", "+123", "+02:60", "utc",    "GMT0x",       "+02:00:00:00" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int32_t offset = -1;
        assert_false(zone_read_offset(bytes_of(bad[i]), &offset));
    }
}

static void names_name_regions(void **state)
{
    (void)state;
    assert_true(bytes_equal_text(zone_region_of(bytes_of("PST")), "America/Los_Angeles"));
    assert_true(bytes_equal_text(zone_region_of(bytes_of("Europe/Rome")), "Europe/Rome"));
    assert_true(zone_is_region_name(bytes_of("Etc/GMT+1")));
    const char *bad[] = { "", "/etc/passwd", "../x", "Europe/../../x", "a b", "x\n", "1a" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(zone_is_region_name(bytes_of(bad[i])));
    }
}

static void rules_of_all_forms(void **state)
{
    (void)state;
    struct zone_rule rule;
    const char *good[] = { "CET-1CEST,M3.5.0,M10.5.0/3",  "<+0330>-3:30",
                           "EST5EDT,M3.2.0,M11.1.0",      "IST-1GMT0,M10.5.0,M3.5.0/1",
                           "AAA3BBB,J60/0,J300/-1:30:15", "AAA3BBB2:30,0/167,365" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(zone_rule_parse(bytes_of(good[i]), &rule));
    }
    const char *bad[] = { "",
                          "CE-1",
                          "CET",
                          "CET-1CEST",
                          "CET-1CEST,M3.5.0",
                          "CET-1CEST,M13.5.0,M10.5.0",
                          "CET-1CEST,M3.0.0,M10.5.0",
                          "<AAA3",
                          "AAA168",
                          "CET-1CEST,M3.5.0,M10.5.0x" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(zone_rule_parse(bytes_of(bad[i]), &rule));
    }
    /* J60 is March 1st in leap years too: 2024-03-01 00:00 in a zone three hours west */
    assert_true(zone_rule_parse(bytes_of("AAA3BBB,J60/0,J300"), &rule));
    assert_int_equal(zone_rule_find(&rule, 1709262000 - 1).offset, -10800);
    assert_int_equal(zone_rule_find(&rule, 1709262000).offset, -7200);
}

/* Every prefix, and every byte changed: an error or a zone, and nothing worse. */
static void survives_damage(void **state)
{
    (void)state;
    size_t len = 0;
    uint8_t *bytes = read_zone_file("Pacific/Apia", &len);
    struct weir_error err;
    struct zone *zone = NULL;
    for (size_t i = 0; i < len; i++) {
        uint8_t *prefix =
            mem_zalloc(i, 1); /* of exactly that size, so that reading on is noticed */
        memcpy(prefix, bytes, i);
        assert_int_equal(zone_parse((struct bytes){ prefix, i }, &zone, &err), WEIR_ECORRUPT);
        free(prefix);
        bytes[i] ^= 0xff;
        if (zone_parse((struct bytes){ bytes, len }, &zone, &err) == WEIR_OK) {
            (void)zone_to_utc(zone, 1700000000);
            zone_free(zone);
        }
        bytes[i] ^= 0xff;
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_java),   cmocka_unit_test(micros_are_floored),
        cmocka_unit_test(names_say_offsets),  cmocka_unit_test(names_name_regions),
        cmocka_unit_test(rules_of_all_forms), cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
