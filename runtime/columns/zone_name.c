/*
 * Names of time zones: see zone.h. Source: java.time.ZoneId, ZoneOffset; Spark's SparkDateTimeUtils.getZoneId.
 */
#include "columns/zone.h"

enum { OFFSET_MAX = 18 * 3600 }; /* java.time.ZoneOffset */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* One or two digits from *at on. */
static bool read_digits(struct bytes b, size_t *at, size_t most, int32_t *out_value)
{
    size_t first = *at;
    int32_t value = 0;
    for (; *at < b.len && *at - first < most && is_digit(b.data[*at]); (*at)++) {
        value = value * 10 + (b.data[*at] - '0');
    }
    *out_value = value;
    return *at > first;
}

/* "+h", "+hh", "+hh:mm", "+hhmm", "+hh:mm:ss", "+hhmmss"; with colons also "+h:mm" and "+hh:m". */
static bool read_signed(struct bytes b, int32_t *out_offset)
{
    int32_t parts[3] = { 0 };
    size_t at = 1;
    bool colons = memchr(b.data, ':', b.len) != NULL;
    if (b.len < 2 || (b.data[0] != '+' && b.data[0] != '-') ||
        (!colons && b.len != 2 && b.len % 2 == 0)) {
        return false;
    }
    for (int i = 0; i < 3 && at < b.len; i++) {
        size_t before = at;
        if (i > 0 && colons && b.data[at++] != ':') {
            return false;
        }
        if (!read_digits(b, &at, 2, &parts[i]) || (i == 2 && at - before < (colons ? 3U : 2U))) {
            return false;
        }
    }
    int32_t offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (at != b.len || parts[1] > 59 || parts[2] > 59 || offset > OFFSET_MAX) {
        return false;
    }
    *out_offset = b.data[0] == '-' ? -offset : offset;
    return true;
}

bool zone_read_offset(struct bytes name, int32_t *out_offset)
{
    static const char *const PREFIXES[] = { "UTC", "GMT", "UT" };
    if (bytes_equal_text(name, "Z")) {
        *out_offset = 0;
        return true;
    }
    if (name.len > 0 && (name.data[0] == '+' || name.data[0] == '-')) {
        return read_signed(name, out_offset);
    }
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        struct bytes prefix = bytes_of(PREFIXES[i]);
        if (bytes_equal(name, prefix)) {
            *out_offset = 0;
            return true;
        }
        if (bytes_starts_with(name, prefix)) {
            struct bytes rest = { name.data + prefix.len, name.len - prefix.len };
            if (rest.data[0] == '+' || rest.data[0] == '-') {
                return read_signed(rest, out_offset);
            }
        }
    }
    static const struct {
        const char *name;
        int32_t hours;
    } FIXED[] = { { "EST", -5 }, { "MST", -7 }, { "HST", -10 } };
    for (size_t i = 0; i < sizeof(FIXED) / sizeof(FIXED[0]); i++) {
        if (bytes_equal_text(name, FIXED[i].name)) {
            *out_offset = FIXED[i].hours * 3600;
            return true;
        }
    }
    return false;
}

struct bytes zone_region_of(struct bytes name)
{
    static const struct {
        const char *name;
        const char *region;
    } SHORT[] = {
        { "ACT", "Australia/Darwin" },
        { "AET", "Australia/Sydney" },
        { "AGT", "America/Argentina/Buenos_Aires" },
        { "ART", "Africa/Cairo" },
        { "AST", "America/Anchorage" },
        { "BET", "America/Sao_Paulo" },
        { "BST", "Asia/Dhaka" },
        { "CAT", "Africa/Harare" },
        { "CNT", "America/St_Johns" },
        { "CST", "America/Chicago" },
        { "CTT", "Asia/Shanghai" },
        { "EAT", "Africa/Addis_Ababa" },
        { "ECT", "Europe/Paris" },
        { "IET", "America/Indiana/Indianapolis" },
        { "IST", "Asia/Kolkata" },
        { "JST", "Asia/Tokyo" },
        { "MIT", "Pacific/Apia" },
        { "NET", "Asia/Yerevan" },
        { "NST", "Pacific/Auckland" },
        { "PLT", "Asia/Karachi" },
        { "PNT", "America/Phoenix" },
        { "PRT", "America/Puerto_Rico" },
        { "PST", "America/Los_Angeles" },
        { "SST", "Pacific/Guadalcanal" },
        { "VST", "Asia/Ho_Chi_Minh" },
    };
    for (size_t i = 0; i < sizeof(SHORT) / sizeof(SHORT[0]); i++) {
        if (bytes_equal_text(name, SHORT[i].name)) {
            return bytes_of(SHORT[i].region);
        }
    }
    return name;
}

bool zone_is_region_name(struct bytes name)
{
    if (name.len < 2 || name.len > 100) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool other = is_digit(c) || (c != 0 && strchr("~/._+-", c) != NULL);
        bool dots = c == '.' && i > 0 && name.data[i - 1] == '.';
        if ((!letter && (i == 0 || !other)) || dots) {
            return false;
        }
    }
    return true;
}
