/*
 * Time zones by name, read from the system's database (tzdata) once each.
 *
 * Thread: any; a lock guards what was read.
 */
#pragma once

#include "columns/zone.h"

struct zones;

struct zones *zones_new(void);
void zones_free(struct zones *z);

/* "UTC", "Europe/Rome", "+02:00", "CST"; what is found belongs to `zones`. False: there is no such zone. */
bool zones_find(void *zones, struct bytes name, const struct zone **out_zone);
