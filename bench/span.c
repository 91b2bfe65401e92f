// SPDX-License-Identifier: GPL-2.0
/*
 * span - a QEMU plugin that counts guest instructions from the entry of a
 * kernel function until its caller goes on.
 *
 *   -plugin span.so,entry=ADDRESS,back=START-END[,back=START-END...][,blocks=on]
 *
 * Prints a line "span COUNT" on QEMU's stdout for each call; before it, with
 * blocks, "block ADDRESS COUNT" for each piece of code that ran. The guest has
 * one processor and runs the same instructions with the plugin as without.
 *
 * What is declared here is QEMU's plugin interface, version 1: Debian has no
 * package with its header.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;

enum { CB_NO_REGS };
enum { INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
		void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
		void (*cb)(unsigned int cpu, void *data), int flags,
		void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
		int op, void *ptr, uint64_t imm);

int qemu_plugin_version = 1;

#define RANGES	4

static uint64_t entry, back[RANGES][2];
static uint64_t executed, entered;

/* A piece of code as QEMU translated it; the same may be translated again. */
struct block {
	uint64_t at, executed;
	struct block *next;
};

static int with_blocks;
static struct block *blocks;

static void on_entry(unsigned int cpu, void *data)
{
	struct block *b;

	entered = executed;
	for (b = blocks; b; b = b->next)
		b->executed = 0;
}

static void on_return(unsigned int cpu, void *data)
{
	struct block *b;

	if (!entered)
		return;
	printf("\n");
	for (b = blocks; b; b = b->next)
		if (b->executed)
			printf("block %" PRIx64 " %" PRIu64 "\n", b->at,
			       b->executed);
	printf("span %" PRIu64 "\n", executed - entered);
	fflush(stdout);
	entered = 0;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t at = qemu_plugin_tb_vaddr(tb);
	struct block *b;
	int i;

	if (at == entry)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_entry, CB_NO_REGS,
						     NULL);
	for (i = 0; i < RANGES; i++)
		if (at >= back[i][0] && at < back[i][1])
			qemu_plugin_register_vcpu_tb_exec_cb(tb, on_return,
							     CB_NO_REGS, NULL);
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &executed,
						 qemu_plugin_tb_n_insns(tb));
	if (!with_blocks)
		return;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->at = at;
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
						 &b->executed,
						 qemu_plugin_tb_n_insns(tb));
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i, n = 0;
	char *end;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "entry=", 6)) {
			entry = strtoull(argv[i] + 6, NULL, 16);
		} else if (!strncmp(argv[i], "back=", 5) && n < RANGES) {
			back[n][0] = strtoull(argv[i] + 5, &end, 16);
			back[n++][1] = strtoull(end + 1, NULL, 16);
		} else if (!strcmp(argv[i], "blocks=on")) {
			with_blocks = 1;
		} else {
			fprintf(stderr, "span: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
