// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Device-local memory
 *
 * Allocations are one contiguous piece if there is one, aligned so that large pages fit, else few
 * pieces: the size that is tried is halved until something is found. They are zeroed before anybody
 * sees them, by the CPU: what is in the memory after power-up, or from the last owner, is nobody's
 * business.
 *
 * What it misses: eviction. Memory stays where it was allocated; a buffer that may live in system
 * memory as well goes there when device-local memory is full.
 */

#include <linux/io.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include <drm/drm_managed.h>
#include <drm/drm_print.h>

#include "npu_device.h"
#include "npu_gem.h"
#include "npu_vram.h"

/* The last buffer object is gone: later than the device, if files are still open. */
static void npu_vram_fini(struct drm_device *drm, void *unused)
{
	drm_mm_takedown(&to_npu_device(drm)->vram.mm);
}

/**
 * npu_vram_init() - map the memory and start with all of it free
 * @npu: the device
 * @bar: where it is
 *
 * Return: 0 or a negative errno.
 */
int npu_vram_init(struct npu_device *npu, int bar)
{
	struct pci_dev *pdev = to_pci_dev(npu->drm.dev);
	u64 size = NPU_GET(npu_read(npu, NPU_REG_MEM_SIZE), NPU_MEM_SIZE_SIZE_B);
	int ret;

	npu->vram.base = pci_resource_start(pdev, bar);
	npu->vram.size = min_t(u64, size, pci_resource_len(pdev, bar));
	if (!npu->vram.base || npu->vram.size < NPU_LARGE_PAGE_SIZE_B)
		return dev_err_probe(npu->drm.dev, -ENODEV, "BAR %d has no memory\n", bar);
	if (npu->vram.size < size)
		drm_warn(&npu->drm, "only %llu of %llu MiB of memory can be reached\n",
			 npu->vram.size >> 20, size >> 20);

	ret = pcim_request_region(pdev, bar, "npu memory");
	if (ret)
		return dev_err_probe(npu->drm.dev, ret, "the memory is taken\n");
	npu->vram.map = devm_ioremap_wc(npu->drm.dev, npu->vram.base, npu->vram.size);
	if (!npu->vram.map)
		return -ENOMEM;
	ret = drmm_mutex_init(&npu->drm, &npu->vram.lock);
	if (ret)
		return ret;
	drm_mm_init(&npu->vram.mm, 0, npu->vram.size);
	return drmm_add_action_or_reset(&npu->drm, npu_vram_fini, NULL);
}

/* One piece of at most size bytes, at least a page. */
static int npu_vram_alloc_piece(struct npu_device *npu, u64 size, struct npu_vram_piece *piece)
{
	int ret = -ENOSPC;

	while (ret == -ENOSPC && size) {
		u64 align = size >= NPU_LARGE_PAGE_SIZE_B ? NPU_LARGE_PAGE_SIZE_B : NPU_PAGE_SIZE_B;

		ret = drm_mm_insert_node_generic(&npu->vram.mm, &piece->node, size, align, 0,
						 DRM_MM_INSERT_BEST);
		if (ret == -ENOSPC)
			size = size > NPU_PAGE_SIZE_B ? round_up(size / 2, NPU_PAGE_SIZE_B) : 0;
	}
	return ret;
}

/**
 * npu_vram_alloc() - allocate memory, full of zeros
 * @npu: the device
 * @size: bytes, a multiple of the page size
 * @pieces: gets &struct npu_vram_piece in the order of the buffer
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int npu_vram_alloc(struct npu_device *npu, u64 size, struct list_head *pieces)
{
	struct npu_vram_piece *piece;
	u64 left = size;
	int ret = 0;

	mutex_lock(&npu->vram.lock);
	if (size > npu->vram.size - npu->vram.used)
		ret = -ENOSPC;
	while (!ret && left) {
		piece = kzalloc(sizeof(*piece), GFP_KERNEL);
		if (!piece) {
			ret = -ENOMEM;
			break;
		}
		ret = npu_vram_alloc_piece(npu, left, piece);
		if (ret) {
			kfree(piece);
			break;
		}
		list_add_tail(&piece->link, pieces);
		left -= piece->node.size;
		npu->vram.used += piece->node.size;
	}
	mutex_unlock(&npu->vram.lock);

	if (ret) {
		npu_vram_free(npu, pieces);
		return ret;
	}
	list_for_each_entry(piece, pieces, link)
		memset_io(npu->vram.map + piece->node.start, 0, piece->node.size);
	return 0;
}

/**
 * npu_vram_free() - free memory
 * @npu: the device
 * @pieces: what npu_vram_alloc() gave
 */
void npu_vram_free(struct npu_device *npu, struct list_head *pieces)
{
	struct npu_vram_piece *piece, *next;

	mutex_lock(&npu->vram.lock);
	list_for_each_entry_safe(piece, next, pieces, link) {
		npu->vram.used -= piece->node.size;
		drm_mm_remove_node(&piece->node);
		list_del(&piece->link);
		kfree(piece);
	}
	mutex_unlock(&npu->vram.lock);
}
