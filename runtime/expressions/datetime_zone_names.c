/*
 * Names of time zones for readers, as Java's English locale has them: the zones that are met most.
 */
#include "expressions/datetime_format.h"

struct zone_words {
    const char *region;
    const char *brief;        /* in winter ... */
    const char *brief_summer; /* ... and in summer */
    const char *full;
    const char *full_summer;
};

#define CENTRAL_EUROPE \
    "CET", "CEST", "Central European Standard Time", "Central European Summer Time"
#define EASTERN_EUROPE \
    "EET", "EEST", "Eastern European Standard Time", "Eastern European Summer Time"

static const struct zone_words zones[] = {
    { "UTC", "UTC", "UTC", "Coordinated Universal Time", "Coordinated Universal Time" },
    { "Z", "Z", "Z", "Z", "Z" },
    { "Etc/UTC", "UTC", "UTC", "Coordinated Universal Time", "Coordinated Universal Time" },
    { "GMT", "GMT", "GMT", "Greenwich Mean Time", "Greenwich Mean Time" },
    { "Europe/London", "GMT", "BST", "Greenwich Mean Time", "British Summer Time" },
    { "Europe/Moscow", "MSK", "MSD", "Moscow Standard Time", "Moscow Summer Time" },
    { "Europe/Rome", CENTRAL_EUROPE },
    { "Europe/Berlin", CENTRAL_EUROPE },
    { "Europe/Paris", CENTRAL_EUROPE },
    { "Europe/Madrid", CENTRAL_EUROPE },
    { "Europe/Amsterdam", CENTRAL_EUROPE },
    { "Europe/Brussels", CENTRAL_EUROPE },
    { "Europe/Vienna", CENTRAL_EUROPE },
    { "Europe/Zurich", CENTRAL_EUROPE },
    { "Europe/Prague", CENTRAL_EUROPE },
    { "Europe/Warsaw", CENTRAL_EUROPE },
    { "Europe/Stockholm", CENTRAL_EUROPE },
    { "Europe/Athens", EASTERN_EUROPE },
    { "Europe/Helsinki", EASTERN_EUROPE },
    { "Europe/Kiev", EASTERN_EUROPE },
    { "America/New_York", "EST", "EDT", "Eastern Standard Time", "Eastern Daylight Time" },
    { "America/Chicago", "CST", "CDT", "Central Standard Time", "Central Daylight Time" },
    { "America/Denver", "MST", "MDT", "Mountain Standard Time", "Mountain Daylight Time" },
    { "America/Los_Angeles", "PST", "PDT", "Pacific Standard Time", "Pacific Daylight Time" },
    { "America/Phoenix", "MST", "MST", "Mountain Standard Time", "Mountain Standard Time" },
    { "Asia/Tokyo", "JST", "JDT", "Japan Standard Time", "Japan Daylight Time" },
    { "Asia/Shanghai", "CST", "CDT", "China Standard Time", "China Daylight Time" },
    { "Asia/Kolkata", "IST", "IST", "India Standard Time", "India Standard Time" },
    { "Asia/Calcutta", "IST", "IST", "India Standard Time", "India Standard Time" },
    { "Asia/Singapore", "SGT", "SGT", "Singapore Standard Time", "Singapore Standard Time" },
    { "Asia/Seoul", "KST", "KDT", "Korean Standard Time", "Korean Daylight Time" },
    { "Australia/Sydney", "AEST", "AEDT", "Australian Eastern Standard Time",
      "Australian Eastern Daylight Time" },
};

const char *datetime_zone_name(const char *region, bool summer, bool full)
{
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        if (strcmp(zones[i].region, region) == 0) {
            const struct zone_words *z = &zones[i];
            return full ? (summer ? z->full_summer : z->full)
                        : (summer ? z->brief_summer : z->brief);
        }
    }
    return NULL;
}
