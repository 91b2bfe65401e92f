// SPDX-License-Identifier: GPL-2.0
/*
 * RDMA with memory regions on device-dax: registrations of any size and place
 * pin as many pages as they cover and release them all, a queue pair that is
 * connected to itself writes and reads the right ones, and the device can be
 * unbound after the last deregistration, but not before.
 *
 * DEVDAX is the device; any RDMA device will do, rdma_rxe on a dummy interface
 * for instance.  Everything in the device is overwritten.
 *
 * Libraries: -libverbs
 */
#include "devdax_pin.h"

#include <infiniband/verbs.h>

#define NR	2	/* spans */
/* of a span; rxe of newer kernels allocates at once what a registration needs */
#define RDMA_MAX	(256UL << 20)
#define HELD	300	/* ms in which a free device would be unbound */
#define ACCESS	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | \
		 IBV_ACCESS_REMOTE_WRITE)

FIXTURE(rdma)
{
	struct devdax dd;
	char *map;		/* of NR whole spans */
	char *p;		/* what is used of it, around the border */
	unsigned long span;	/* bytes on either side of the border */
	unsigned long len;
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
};

static struct ibv_context *open_device(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *ctx = NULL;

	if (list && list[0])
		ctx = ibv_open_device(list[0]);
	if (list)
		ibv_free_device_list(list);
	return ctx;
}

/* The last identity of the port is the one of its IPv4 address. */
static int last_gid(struct ibv_context *ctx, union ibv_gid *gid)
{
	const union ibv_gid none = { 0 };
	int i, found = -1;
	union ibv_gid g;

	for (i = 0; i < 16 && !ibv_query_gid(ctx, 1, i, &g); i++)
		if (memcmp(&g, &none, sizeof(g))) {
			*gid = g;
			found = i;
		}
	return found;
}

/* The queue pair to itself. */
static int connect_qp(struct ibv_context *ctx, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = ACCESS,
	};
	int err;

	err = ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX |
			    IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
	if (err)
		return err;
	attr.qp_state = IBV_QPS_RTR;
	attr.path_mtu = IBV_MTU_1024;
	attr.dest_qp_num = qp->qp_num;
	attr.max_dest_rd_atomic = 1;
	attr.min_rnr_timer = 12;
	attr.ah_attr.is_global = 1;
	attr.ah_attr.port_num = 1;
	attr.ah_attr.grh.hop_limit = 1;
	attr.ah_attr.grh.sgid_index = last_gid(ctx, &attr.ah_attr.grh.dgid);
	err = ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_AV |
			    IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
			    IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER);
	if (err)
		return err;
	attr.qp_state = IBV_QPS_RTS;
	attr.timeout = 14;
	attr.retry_cnt = 7;
	attr.rnr_retry = 7;
	attr.max_rd_atomic = 1;
	return ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_TIMEOUT |
			     IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			     IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
}

FIXTURE_SETUP(rdma)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 4, .max_recv_wr = 1, .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};

	devdax_setup(_metadata, &self->dd, NR);
	self->map = devdax_map(&self->dd, 0, NR * self->dd.span);
	ASSERT_NE(MAP_FAILED, self->map);
	self->span = self->dd.span < RDMA_MAX ? self->dd.span : RDMA_MAX;
	self->p = self->map + self->dd.span - self->span;
	self->len = NR * self->span;
	self->ctx = open_device();
	if (!self->ctx)
		SKIP(_exit(255), "no RDMA device");
	self->pd = ibv_alloc_pd(self->ctx);
	ASSERT_NE(NULL, self->pd);
	self->cq = ibv_create_cq(self->ctx, 4, NULL, NULL, 0);
	ASSERT_NE(NULL, self->cq);
	init.send_cq = self->cq;
	init.recv_cq = self->cq;
	self->qp = ibv_create_qp(self->pd, &init);
	ASSERT_NE(NULL, self->qp);
	ASSERT_EQ(0, connect_qp(self->ctx, self->qp));
}

/*
 * Nothing is registered: the RDMA device stays open meanwhile. The queue pair
 * does not: rxe has it refer to the last region that was read through it.
 */
FIXTURE_TEARDOWN(rdma)
{
	ibv_destroy_qp(self->qp);
	munmap(self->map, NR * self->dd.span);
	EXPECT_EQ(0, devdax_settle(&self->dd));
	ibv_destroy_cq(self->cq);
	ibv_dealloc_pd(self->pd);
	ibv_close_device(self->ctx);
}

/* 4Ks that a range of bytes touches. */
static long pages(unsigned long addr, unsigned long len)
{
	return (addr % SZ_4K + len + SZ_4K - 1) / SZ_4K;
}

TEST_F(rdma, registers_any_size_and_place)
{
	const unsigned long span = self->span;
	const struct {
		unsigned long off, len;
	} parts[] = {
		{ 0, SZ_4K }, { SZ_4K, SZ_4K }, { 100, 5000 }, { span - 1, 2 },
		{ span - 3 * SZ_4K, 7 * SZ_4K }, { span, SZ_2M },
		{ span - SZ_4K, SZ_2M + SZ_4K }, { 12345, SZ_2M - 12345 },
		{ span / 2, span }, { 0, NR * span }, { 1, NR * span - 2 },
	};
	long before = pins_held();
	struct ibv_mr *mr;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		mr = ibv_reg_mr(self->pd, self->p + parts[i].off, parts[i].len,
				ACCESS);
		ASSERT_NE(NULL, mr) {
			TH_LOG("part %u: %s", i, strerror(errno));
		}
		EXPECT_EQ(before + pages(parts[i].off, parts[i].len), pins_held());
		ASSERT_EQ(0, ibv_dereg_mr(mr));
		EXPECT_EQ(before, pins_held()) {
			TH_LOG("part %u", i);
		}
	}
}

/* The same pages many times: each registration has its own pins. */
TEST_F(rdma, registers_again_and_again)
{
	unsigned long off = self->span - SZ_4K, len = 5 * SZ_4K;
	struct ibv_mr *mr[32];
	long before = pins_held();
	int i;

	for (i = 0; i < 32; i++) {
		mr[i] = ibv_reg_mr(self->pd, self->p + off, len, ACCESS);
		ASSERT_NE(NULL, mr[i]);
	}
	EXPECT_EQ(before + 32 * 5, pins_held());
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, ibv_dereg_mr(mr[i * 5 % 32]));
	EXPECT_EQ(before, pins_held());
}

/* A region that cannot be written, or is not there at its end. */
TEST_F(rdma, refused_registration_keeps_nothing)
{
	unsigned long span = self->span;
	long before = pins_held();

	ASSERT_EQ(0, mprotect(self->p + span, self->dd.span,
			      PROT_READ));
	EXPECT_EQ(NULL, ibv_reg_mr(self->pd, self->p + span - SZ_2M / 2, SZ_2M,
				   ACCESS));
	EXPECT_EQ(before, pins_held());
	ASSERT_EQ(0, munmap(self->p + span, self->dd.span));
	EXPECT_EQ(NULL, ibv_reg_mr(self->pd, self->p + span - SZ_2M / 2, SZ_2M,
				   ACCESS));
	EXPECT_EQ(before, pins_held());
}

/* The status of a transfer inside the region, -1 if it does not end. */
static int transfer(struct ibv_qp *qp, struct ibv_cq *cq, struct ibv_mr *mr,
		    enum ibv_wr_opcode op, char *local, char *remote,
		    unsigned long len)
{
	struct ibv_sge sge = { (unsigned long)local, len, mr->lkey };
	struct ibv_send_wr *bad, wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = op,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = { (unsigned long)remote, mr->rkey },
	};
	struct ibv_wc wc;
	int i;

	if (ibv_post_send(qp, &wr, &bad))
		return -1;
	for (i = 0; i < 2000; i++) {
		if (ibv_poll_cq(cq, 1, &wc) == 1)
			return wc.status;
		usleep(5000);
	}
	return -1;
}

/* From head to tail, from tail to head, and across the border of the spans. */
TEST_F(rdma, writes_and_reads)
{
	const unsigned long span = self->span, len = 20 * SZ_4K + 8;
	const struct {
		enum ibv_wr_opcode op;
		unsigned long from, to;
	} moves[] = {
		{ IBV_WR_RDMA_WRITE, 0, span + 3 * SZ_4K },
		{ IBV_WR_RDMA_WRITE, span + SZ_4K, span / 2 + 40 },
		{ IBV_WR_RDMA_WRITE, span + span / 2, span - 9 * SZ_4K - 16 },
		{ IBV_WR_RDMA_READ, span - 8 * SZ_4K, 2 * span - len },
		{ IBV_WR_RDMA_READ, span / 2 + 5 * SZ_4K + 24, 8 },
	};
	struct ibv_mr *mr;
	unsigned int i;
	char *from, *to;

	mr = ibv_reg_mr(self->pd, self->p, self->len, ACCESS);
	ASSERT_NE(NULL, mr);
	for (i = 0; i < ARRAY_SIZE(moves); i++) {
		bool read = moves[i].op == IBV_WR_RDMA_READ;

		from = self->p + moves[i].from;
		to = self->p + moves[i].to;
		memset(to, 0x55, len);
		devdax_fill(from, moves[i].from, len, i);
		ASSERT_EQ(IBV_WC_SUCCESS,
			  transfer(self->qp, self->cq, mr, moves[i].op,
				   read ? to : from, read ? from : to, len)) {
			TH_LOG("move %u", i);
		}
		EXPECT_TRUE(devdax_check(to, moves[i].from, len, i)) {
			TH_LOG("move %u", i);
		}
	}
	EXPECT_EQ(0, ibv_dereg_mr(mr));
}

/* Memory that the network can reach must not go away; its data stays. */
TEST_F(rdma, unbind_waits_for_deregistration)
{
	const unsigned long span = self->span, off = span - 4 * SZ_4K;
	struct ibv_mr *mr, *other;
	pid_t unbind;

	mr = ibv_reg_mr(self->pd, self->p + off, 8 * SZ_4K, ACCESS);
	ASSERT_NE(NULL, mr);
	other = ibv_reg_mr(self->pd, self->p + span + SZ_4K, 100, ACCESS);
	ASSERT_NE(NULL, other);
	devdax_fill(self->p + off, 0, SZ_4K, 7);
	munmap(self->map, NR * self->dd.span);
	close(self->dd.fd);
	unbind = devdax_start(&self->dd, "unbind");
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, HELD));

	/* Nobody has it mapped, the region works. */
	EXPECT_EQ(IBV_WC_SUCCESS,
		  transfer(self->qp, self->cq, mr, IBV_WR_RDMA_WRITE,
			   self->p + off, self->p + off + 5 * SZ_4K, SZ_4K));
	EXPECT_EQ(0, ibv_dereg_mr(mr));
	EXPECT_EQ(-ETIMEDOUT, devdax_wait(unbind, HELD));
	EXPECT_EQ(0, ibv_dereg_mr(other));
	EXPECT_EQ(0, devdax_wait(unbind, DEVDAX_DEADLINE * 1000));

	ASSERT_EQ(0, devdax_bind(&self->dd));
	self->map = devdax_map(&self->dd, 0, NR * self->dd.span);
	ASSERT_NE(MAP_FAILED, self->map);
	self->p = self->map + self->dd.span - span;
	EXPECT_TRUE(devdax_check(self->p + off + 5 * SZ_4K, 0, SZ_4K, 7));
}

TEST_HARNESS_MAIN
