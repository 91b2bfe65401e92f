/* SPDX-License-Identifier: GPL-2.0 */
/*
 * record - print one figure, as a line of JSON: a record of out/bench.json.
 *
 * What the program does not know, the environment tells:
 *
 *   BASE KERNEL MODE   the base, the kernel that is measured, and in what
 *   MAP ALIGN GIB      the memory: mem or dev, where the memmap of a device is,
 *                      or anon, thp, hugetlb; the size of its pages; its size
 *   PREFIX             goes before the name of the metric
 *   PROCESSOR          the one that ran the program, where that matters
 *
 * Units: instructions, us, bytes, or what the catalogue (bench/metrics) says.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *context(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static inline void record(const char *metric, double value, const char *unit)
{
	printf("{\"base\":\"%s\",\"kernel\":\"%s\",\"mode\":\"%s\",",
	       context("BASE", "-"), context("KERNEL", "-"),
	       context("MODE", "wall"));
	printf("\"metric\":\"%s%s\",\"map\":\"%s\",\"align\":\"%s\",",
	       context("PREFIX", ""), metric, context("MAP", "none"),
	       context("ALIGN", "any"));
	if (*context("PROCESSOR", ""))
		printf("\"processor\":\"%s\",", context("PROCESSOR", ""));
	printf("\"size_gib\":%s,\"value\":%.15g,\"unit\":\"%s\"}\n",
	       context("GIB", "1"), value, unit);
}

/* In a guest of icount each nanosecond is one instruction. */
static inline int counts_instructions(void)
{
	return !strcmp(context("MODE", "wall"), "instructions");
}

/* How long something took. */
static inline void record_time(const char *metric, uint64_t ns)
{
	if (counts_instructions())
		record(metric, ns, "instructions");
	else
		record(metric, ns / 1000.0, "us");
}

#endif
