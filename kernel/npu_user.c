// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: What a user may have
 *
 * Device-local memory, address spaces and contexts are few, and whoever has them all keeps others
 * out. So they are counted for each user: the one who opened the file, whoever it is passed to. Who
 * has all he may have gets ENOSPC; a buffer that may live in system memory goes there instead.
 * CAP_SYS_RESOURCE lifts the limits, as it does for other resources.
 *
 * What it misses: the dmem controller of cgroups, which kernels of distributions do not have yet.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_managed.h>

#include "npu_device.h"
#include "npu_drv.h"
#include "npu_user.h"

static unsigned int npu_user_vram_percent = 100;
module_param_named(user_vram_percent, npu_user_vram_percent, uint, 0644);
MODULE_PARM_DESC(user_vram_percent, "Device-local memory a user may have, in percent (default 100)");

static unsigned int npu_user_vms = 128;
module_param_named(user_vms, npu_user_vms, uint, 0644);
MODULE_PARM_DESC(user_vms, "Address spaces a user may have (default 128)");

static unsigned int npu_user_ctxs = 2048;
module_param_named(user_ctxs, npu_user_ctxs, uint, 0644);
MODULE_PARM_DESC(user_ctxs, "Contexts a user may have (default 2048)");

int npu_user_init(struct npu_device *npu)
{
	INIT_LIST_HEAD(&npu->users);
	return drmm_mutex_init(&npu->drm, &npu->users_lock);
}

/**
 * npu_user_get() - the user that opens a file
 * @npu: the device
 *
 * Return: the user with a reference, or NULL if there is no memory.
 */
struct npu_user *npu_user_get(struct npu_device *npu)
{
	struct npu_user *new = kzalloc(sizeof(*new), GFP_KERNEL);
	struct npu_user *user;

	if (!new)
		return NULL;
	new->npu = npu;
	new->uid = current_euid();
	mutex_lock(&npu->users_lock);
	list_for_each_entry(user, &npu->users, link) {
		if (uid_eq(user->uid, new->uid))
			goto found;
	}
	user = new;
	new = NULL;
	list_add_tail(&user->link, &npu->users);
found:
	user->refs++;
	mutex_unlock(&npu->users_lock);
	kfree(new);
	return user;
}

static void npu_user_put_locked(struct npu_user *user)
{
	if (--user->refs)
		return;
	list_del(&user->link);
	kfree(user);
}

/**
 * npu_user_put() - drop a reference
 * @user: to this user
 */
void npu_user_put(struct npu_user *user)
{
	struct npu_device *npu = user->npu;

	mutex_lock(&npu->users_lock);
	npu_user_put_locked(user);
	mutex_unlock(&npu->users_lock);
}

static u64 npu_user_limit(struct npu_device *npu, enum npu_user_kind kind)
{
	switch (kind) {
	case NPU_USER_MEMORY:
		if (READ_ONCE(npu_user_vram_percent) >= 100)
			return U64_MAX;
		return npu->vram.size / 100 * READ_ONCE(npu_user_vram_percent);
	case NPU_USER_VMS:
		return READ_ONCE(npu_user_vms);
	default:
		return READ_ONCE(npu_user_ctxs);
	}
}

static bool npu_user_try(struct npu_user *user, enum npu_user_kind kind, u64 amount, u64 limit)
{
	struct npu_device *npu = user->npu;
	bool fits;

	mutex_lock(&npu->users_lock);
	fits = user->used[kind] <= limit && amount <= limit - user->used[kind];
	if (fits) {
		user->used[kind] += amount;
		user->refs++;
	}
	mutex_unlock(&npu->users_lock);
	return fits;
}

/**
 * npu_user_charge() - a user is to get something
 * @user: the user, of whom it holds a reference then
 * @kind: what
 * @amount: how much
 *
 * Return: 0, or -ENOSPC if that is more than the user may have.
 */
int npu_user_charge(struct npu_user *user, enum npu_user_kind kind, u64 amount)
{
	u64 limit = npu_user_limit(user->npu, kind);

	if (npu_user_try(user, kind, amount, limit))
		return 0;
	/* What was destroyed already may not be back yet. */
	flush_workqueue(npu_release_wq);
	if (npu_user_try(user, kind, amount, limit))
		return 0;
	if (capable(CAP_SYS_RESOURCE) && npu_user_try(user, kind, amount, U64_MAX))
		return 0;
	return -ENOSPC;
}

/**
 * npu_user_uncharge() - it is gone
 * @user: whose it was
 * @kind: what
 * @amount: how much
 */
void npu_user_uncharge(struct npu_user *user, enum npu_user_kind kind, u64 amount)
{
	struct npu_device *npu = user->npu;

	mutex_lock(&npu->users_lock);
	user->used[kind] -= amount;
	npu_user_put_locked(user);
	mutex_unlock(&npu->users_lock);
}

/**
 * npu_user_show() - who has what, for debugfs
 * @npu: the device
 * @m: where to
 */
void npu_user_show(struct npu_device *npu, struct seq_file *m)
{
	struct npu_user *user;

	mutex_lock(&npu->users_lock);
	list_for_each_entry(user, &npu->users, link)
		seq_printf(m, "user %u: device memory %llu, address spaces %llu, contexts %llu\n",
			   from_kuid_munged(seq_user_ns(m), user->uid), user->used[NPU_USER_MEMORY],
			   user->used[NPU_USER_VMS], user->used[NPU_USER_CTXS]);
	mutex_unlock(&npu->users_lock);
}
