/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef __NPU_USER_H__
#define __NPU_USER_H__

#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct npu_device;
struct seq_file;

/**
 * enum npu_user_kind - what is limited
 */
enum npu_user_kind {
	/** @NPU_USER_MEMORY: Bytes of device-local memory. */
	NPU_USER_MEMORY,
	/** @NPU_USER_VMS: Address spaces. */
	NPU_USER_VMS,
	/** @NPU_USER_CTXS: Contexts. */
	NPU_USER_CTXS,
	/** @NPU_USER_NUM_KINDS: Number of these. */
	NPU_USER_NUM_KINDS,
};

/**
 * struct npu_user - what all files together have that a user has opened
 */
struct npu_user {
	/** @npu: The device. */
	struct npu_device *npu;
	/** @uid: Who opened them. */
	kuid_t uid;
	/** @link: In &npu_device.users. Protected by &npu_device.users_lock, as what follows. */
	struct list_head link;
	/** @refs: Files, and what they have made. */
	u64 refs;
	/** @used: What they have, by enum npu_user_kind. */
	u64 used[NPU_USER_NUM_KINDS];
};

int npu_user_init(struct npu_device *npu);
struct npu_user *npu_user_get(struct npu_device *npu);
void npu_user_put(struct npu_user *user);
int npu_user_charge(struct npu_user *user, enum npu_user_kind kind, u64 amount);
void npu_user_uncharge(struct npu_user *user, enum npu_user_kind kind, u64 amount);
void npu_user_show(struct npu_device *npu, struct seq_file *m);

#endif
